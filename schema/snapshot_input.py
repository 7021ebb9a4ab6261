"""What is booked, as a client gives it."""

from decimal import Decimal

import strawberry

from resolvers.snapshots import NewSnapshot
from schema.inputs import given


@strawberry.input(description="What is booked, to be kept as it is now.")
class SnapshotInput:
    title: str = strawberry.field(description="What it is called. Up to 500 characters.")
    brand: str | None = strawberry.field(default=strawberry.UNSET, description="Who makes it. Up to 500 characters.")
    model: str | None = strawberry.field(
        default=strawberry.UNSET, description="Which model it is. Up to 500 characters."
    )
    year: int | None = strawberry.field(default=strawberry.UNSET, description="The year it was made in.")
    price: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="What it costs now, in the store's currency."
    )
    images: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Addresses of its images: up to 100, of up to 2,000 characters each."
    )
    external_ref: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What it is called elsewhere: an address, or a number. Up to 2,000 characters.",
    )
    catalogue_key: str | None = strawberry.field(
        default=strawberry.UNSET, description="Which row of the store's catalogue it is."
    )

    def new(self) -> NewSnapshot:
        values = {
            "title": self.title,
            "brand": given(self.brand),
            "model": given(self.model),
            "year": given(self.year),
            "price": given(self.price),
            "images": given(self.images),
            "external_ref": given(self.external_ref),
        }
        return NewSnapshot(values=values, catalogue_key=given(self.catalogue_key))
