"""What was booked, as it was when it was booked."""

import strawberry

from schema.fields import plain
from schema.money import Money


@strawberry.type(description="What was booked, as it was when it was booked. What nothing says is null.")
class BookingSnapshot:
    title: str | None = plain("What it is called.")
    brand: str | None = plain("Who makes it.")
    model: str | None = plain("Which model it is.")
    year: int | None = plain("The year it was made in.")
    price: Money | None = plain("What it cost then.")
    images: list[str] = plain("Copies kept by us first, then the addresses of the time.")
    primary_image: str | None = plain("The first of its images.")
    external_ref: str | None = plain("What it is called elsewhere: an address, or a number.")
    archived: bool | None = plain("True when the catalogue no longer has it; null where nothing says.")
