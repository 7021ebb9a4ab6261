"""What was booked, as it was when it was booked, as statements."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, Text, case, cast, func, literal, not_, null, select
from sqlalchemy.sql.util import ClauseAdapter

from domain.money import Money
from domain.records import Snapshot
from sources.postgres_mapping import MappedTable
from sources.postgres_records import clean
from sources.postgres_rows import Record
from sources.postgres_sections import Sections, roles
from sources.profile import BookingSection, Catalogue, Field, LeadSection, Rows
from sources.profile import Snapshot as SnapshotSection

_TEXTS = ("title", "brand", "model", "year", "price", "external_ref")
#: Digits of a price that anybody could mean.
_LONGEST = 30


@dataclass(frozen=True, slots=True)
class SnapshotStatements:
    """Read the snapshots in rows of *mapped*; amounts without a currency of their own are in *currency*.

    *listed* is the table of the catalogue, and what its rows are found by.
    """

    mapped: MappedTable
    columns: Sequence[ColumnElement[Any]]
    images: int
    currency: str
    listed: tuple[MappedTable, ColumnElement[Any]] | None

    def by_key(self) -> Select[Any]:
        """Read the snapshots of the rows `:keys`."""
        columns = [self.mapped["key"].label("key"), *self.columns]
        return select(*columns).where(*self.mapped.of_tenant(), self.mapped.any_of("key", "keys"))

    def make(self, row: Record) -> Snapshot | None:
        """Make a snapshot of *row*; None where all its fields are empty."""
        said = {name: clean(getattr(row, name)) for name in _TEXTS}
        lists = (getattr(row, f"images_{number}") for number in range(self.images))
        images = tuple(dict.fromkeys(image for stored in lists for image in _images(stored)))
        if not images and not any(said.values()):
            return None
        currency = (clean(row.currency) or self.currency).upper()
        price = _number(said["price"])
        return Snapshot(
            title=said["title"],
            brand=said["brand"],
            model=said["model"],
            year=_year(said["year"]),
            price=None if price is None else Money.rounded(price, currency, minor=False),
            images=images,
            external_ref=said["external_ref"],
            archived=row.archived,
        )


def snapshot_statements(
    sections: Sections, parent: str, section: LeadSection | BookingSection, snapshot: SnapshotSection
) -> SnapshotStatements:
    """Map the *snapshot* in the rows of *section*, called *parent*."""
    name = f"{parent}.snapshot"
    texts: Mapping[str, Field | None] = {field: getattr(snapshot, field) for field in _TEXTS}
    images = snapshot.images or ()
    catalogue = snapshot.catalogue
    named = roles(
        key=section.key,
        by=catalogue.by if catalogue else None,
        currency=section.currency if isinstance(section, BookingSection) else None,
    )
    mapped = sections.map(name, section, named, [*texts.values(), images])
    archived, listed = _archived(sections, name, mapped, catalogue)
    columns = [
        *mapped.first_of_each(texts),
        *(mapped.json_text(path).label(f"images_{number}") for number, path in enumerate(images)),
        mapped.text("currency").label("currency"),
        archived.label("archived"),
    ]
    return SnapshotStatements(mapped, columns, len(images), sections.profile.store.currency, listed)


def _archived(
    sections: Sections, name: str, mapped: MappedTable, catalogue: Catalogue | None
) -> tuple[ColumnElement[Any], tuple[MappedTable, ColumnElement[Any]] | None]:
    """Say whether the catalogue has no such row any more, and by what it is found there.

    NULL where the row names none, or there is no catalogue.
    """
    if catalogue is None:
        return cast(null(), Text), None
    listed = sections.map(name, Rows(name_of=catalogue.table), roles(key=catalogue.key))
    by, key = mapped["by"], listed["key"]
    if mapped.info("by").type != listed.info("key").type:
        by, key = mapped.text("by"), listed.text("key")
    # By a name of its own: the catalogue may be the very table of the rows.
    entries = listed.table.alias("catalogue")
    found = ClauseAdapter(entries).traverse(key) == by
    there = select(literal(1)).select_from(entries).where(found).correlate(mapped.table).exists()
    return case((func.btrim(mapped.text("by")) != "", not_(there))), (listed, key)


def _images(stored: str | None) -> Iterator[str]:
    """Go through the addresses in *stored*: a list as JSON, or a single one."""
    if stored is None or not stored.strip():
        return
    try:
        read = orjson.loads(stored)
    except orjson.JSONDecodeError:
        read = stored
    for image in read if isinstance(read, list) else [read]:
        if isinstance(image, str) and image.strip():
            yield image.strip()


def _number(text: str | None) -> Decimal | None:
    if text is None or len(text) > _LONGEST:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < _LONGEST else None


def _year(text: str | None) -> int | None:
    """Read a whole number that a GraphQL Int can say."""
    number = _number(text)
    if number is None or number != number.to_integral_value() or abs(number) >= 1 << 31:
        return None
    return int(number)
