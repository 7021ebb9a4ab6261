"""What is booked, as it is given: checked, and written beside the booking so that it stays what it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import minor_digits
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.records import Snapshot
from resolvers.mutating import text_faults
from sources.postgres_mapping import quoted
from sources.profile import BookingSection, LeadSection
from sources.storable import is_storable

_LONGEST, _LONGEST_ADDRESS, _MOST_IMAGES = 500, 2_000, 100
_YEARS = range(1, 10_000)
_TOO_MUCH = Decimal(10) ** 18
#: Decimals of a price whose digits a JSON number keeps.
_DIGITS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSnapshot:
    """Be what is booked: *values* by the names that a snapshot has for them."""

    values: Mapping[str, Any]
    catalogue_key: str | None = None

    @property
    def said(self) -> list[Any]:
        """Be all of it, as something that JSON can hold."""
        return [sorted((name, str(value)) for name, value in self.values.items()), self.catalogue_key]


def of_snapshot(known: Snapshot | None) -> NewSnapshot | None:
    """Take over what a lead was about."""
    if known is None:
        return None
    values = {
        "title": known.title,
        "brand": known.brand,
        "model": known.model,
        "year": known.year,
        "price": None if known.price is None else known.price.amount,
        "images": list(known.images) or None,
        "external_ref": known.external_ref,
    }
    return NewSnapshot(values={name: value for name, value in values.items() if value is not None})


def snapshot_faults(given: NewSnapshot | None) -> list[UserError]:
    """Say what is wrong with a snapshot, whatever the store keeps of it."""
    if given is None:
        return []
    values = given.values
    texts = {
        "title": (values.get("title"), _LONGEST),
        "brand": (values.get("brand"), _LONGEST),
        "model": (values.get("model"), _LONGEST),
        "externalRef": (values.get("external_ref"), _LONGEST_ADDRESS),
        "catalogueKey": (given.catalogue_key, _LONGEST),
    }
    faults = [UserError(fault.code, fault.message, ("snapshot", *fault.path)) for fault in text_faults(texts)]
    if not (values.get("title") or "").strip():
        faults.append(UserError(ErrorCode.REQUIRED, "What is booked has a title.", ("snapshot", "title")))
    year, images = values.get("year"), values.get("images") or []
    if year is not None and year not in _YEARS:
        faults.append(UserError(ErrorCode.INVALID, "There is no such year.", ("snapshot", "year")))
    if len(images) > _MOST_IMAGES:
        message = f"A snapshot may have {_MOST_IMAGES} images."
        faults.append(UserError(ErrorCode.TOO_LONG, message, ("snapshot", "images")))
    for place, image in enumerate(images):
        where = ("snapshot", "images", str(place))
        if not is_storable(image) or not image.strip():
            faults.append(UserError(ErrorCode.INVALID, "This is no address of an image.", where))
        elif len(image) > _LONGEST_ADDRESS:
            faults.append(UserError(ErrorCode.TOO_LONG, f"It may have {_LONGEST_ADDRESS} characters.", where))
    return [*faults, *money_faults(values.get("price"), None, ("snapshot", "price"))]


def money_faults(amount: Decimal | None, currency: str | None, where: tuple[str, ...]) -> list[UserError]:
    """Say what is wrong with an *amount*: more decimals than its *currency* has, less than nothing, no number."""
    if amount is None:
        return []
    if not amount.is_finite() or amount < 0:
        return [UserError(ErrorCode.INVALID, "An amount is nothing, or more.", where)]
    if amount >= _TOO_MUCH:
        return [UserError(ErrorCode.INVALID, "This is more than anything costs.", where)]
    if currency is not None and amount != amount.quantize(Decimal(1).scaleb(-minor_digits(currency))):
        message = f"{currency} has {minor_digits(currency)} decimals."
        return [UserError(ErrorCode.INVALID, message, where)]
    return []


def snapshot_values(given: NewSnapshot | None) -> dict[str, Any]:
    """Name what is to be written of a snapshot."""
    if given is None:
        return {}
    values = {f"snapshot.{name}": value for name, value in given.values.items() if value is not None}
    price = values.get("snapshot.price")
    if isinstance(price, Decimal):
        few = len(price.as_tuple().digits) <= _DIGITS
        values["snapshot.price"] = (int(price) if price == int(price) else float(price)) if few else str(price)
    if given.catalogue_key is not None:
        values["snapshot.catalogue_key"] = given.catalogue_key
    return values


async def check_snapshot(
    connection: AsyncConnection, section: LeadSection | BookingSection | None, given: NewSnapshot | None
) -> None:
    """Refuse a key that the catalogue does not have."""
    if given is None or given.catalogue_key is None or section is None or section.snapshot is None:
        return
    catalogue = section.snapshot.catalogue
    if catalogue is None:
        return
    key = '"' + catalogue.key.replace('"', '""').replace(":", "\\:") + '"'
    listed = text(f"SELECT 1 FROM {quoted(catalogue.table)} WHERE {key}::text = :key LIMIT 1")
    if (await connection.execute(listed, {"key": given.catalogue_key})).first() is None:
        fault = UserError(ErrorCode.NOT_FOUND, "The catalogue has no such thing.", ("snapshot", "catalogueKey"))
        raise RefusedError(fault)
