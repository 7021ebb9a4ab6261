"""List what should be linked: a lot of the identifier index at a time, in the same memory for a million records."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple

from domain.errors import BadCursorError, CountTooCostlyError
from domain.identifiers import IdentifierKind
from domain.ids import LINK_SUGGESTION, encode_id
from domain.operations import read_ref, written
from domain.paging import Page, PageRequest, Position
from domain.records import Customer, RecordRef
from domain.suggestions import Evidence, LinkCertainty, Suggestion
from resolvers.connections import Connection, begun
from resolvers.context import Context, Limits
from resolvers.customers import CustomerRecord, customer_by_record
from resolvers.indexing import require_index
from resolvers.link_events import record_of
from resolvers.loading import PageOf
from resolvers.matching import Matching
from resolvers.selection import Wanted
from sources.own.identifiers import Shared, records_with, shared

#: Identifiers that are looked at together; and how many of such lots a page looks through before it stays short.
_LOT, _MOST_LOTS = 200, 10
Certainties = frozenset[LinkCertainty]


class Place(NamedTuple):
    """Be where a suggestion stands: at the first of its identifiers, then by its first record.

    Without a *record* it is the end of all that stands at the identifier.
    """

    evidence: Evidence
    record: RecordRef | None = None

    @property
    def order(self) -> tuple[int, str, int, str]:
        record = self.record
        rest = (-1, "") if record is None else (record.kind.rank, record.key)
        return (*self.evidence.place, *rest)

    @property
    def position(self) -> Position:
        record = None if self.record is None else written(self.record)
        return Position(None, json.dumps([self.evidence.rule.value, self.evidence.value, record]))

    @classmethod
    def of(cls, position: Position) -> "Place":
        """Read a cursor's position. Raises BadCursorError."""
        try:
            rule, value, record = json.loads(position.key)
            evidence = Evidence(IdentifierKind(rule), value)
            place = cls(evidence, None if record is None else read_ref(record))
        except (ValueError, TypeError, AttributeError):
            raise BadCursorError(position.key) from None
        if not isinstance(value, str) or place.position != position:
            raise BadCursorError(position.key)
        return place


async def find_suggestions(
    context: Context, asked: PageOf, wanted: Wanted, certainties: Certainties
) -> Connection[Suggestion]:
    """List the suggestions of *certainties*. Raises IndexMissingError."""
    tenant = context.tenant
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
    after = None if request.position is None else Place.of(request.position)
    own = await require_index(context.stores, tenant)
    matching = Matching(context.stores, own, tenant)
    count = begun(count_suggestions(matching, certainties, context.limits)) if wanted.count else None
    page = await _page(matching, request, after, certainties) if wanted.page else None
    return Connection(tenant, page, count)


async def _page(
    matching: Matching, request: PageRequest, after: Place | None, certainties: Certainties
) -> Page[Suggestion]:
    found: list[tuple[Place, Suggestion]] = []
    lots, reached = 0, None
    async for lot in walk(matching, after):
        found += [(place, one) for place, one in lot.found if one.certainty in certainties]
        lots, reached = lots + 1, lot.reached
        if len(found) > request.size or lots == _MOST_LOTS:
            break
    else:
        reached = None
    kept = found[: request.size]
    is_full = len(found) > request.size
    return Page(
        request,
        items=tuple(one for _, one in kept),
        positions=tuple(place.position for place, _ in kept),
        more=is_full or reached is not None,
        frontier=None if is_full or reached is None else reached.position,
    )


async def count_suggestions(matching: Matching, certainties: Certainties, limits: Limits) -> int:
    """Count the suggestions of *certainties*. Raises CountTooCostlyError."""
    counted = await counts_of(matching, limits)
    return sum(counted[certainty][0] for certainty in certainties)


async def counts_of(matching: Matching, limits: Limits) -> dict[LinkCertainty, tuple[int, int]]:
    """Count the suggestions by certainty, and the pairs that they would link. Raises CountTooCostlyError."""
    counted = dict.fromkeys(LinkCertainty, (0, 0))
    try:
        async with asyncio.timeout(limits.count_seconds):
            async for lot in walk(matching, None):
                for _, one in lot.found:
                    number, pairs = counted[one.certainty]
                    counted[one.certainty] = number + 1, pairs + one.links
    except TimeoutError as error:
        message = f"Counting suggestions took longer than {limits.count_seconds:g} seconds."
        raise CountTooCostlyError(message) from error
    return counted


class Walked(NamedTuple):
    """Be the suggestions of some identifiers, in order, and up to where that is all."""

    found: Sequence[tuple[Place, Suggestion]]
    reached: Place


async def walk(matching: Matching, after: Place | None, *, size: int = _LOT) -> AsyncIterator[Walked]:
    """Go through all suggestions behind *after*, each at the first of the identifiers that bring it together.

    By lots of *size* identifiers.
    """
    rules = list(IdentifierKind)
    begins = 0 if after is None else rules.index(after.evidence.rule)
    for rule in rules[begins:]:
        value = after.evidence.value if after is not None and rule is after.evidence.rule else None
        # Others may stand at the very identifier where the page before this one ended.
        again = await _again(matching, after) if value is not None and after is not None else []
        while seeds := [*again, *await shared(matching.own, matching.tenant, rule, after=value, size=size)]:
            places = {Evidence(rule, one.value) for one in seeds}
            matched = await matching.around({ref.record for one in seeds for ref in one.records})
            found = [
                (Place(seed, one.records[0]), one)
                for one in matched.suggestions
                if (seed := matched.seed_of(one)) in places and seed is not None
            ]
            behind = [(place, one) for place, one in found if after is None or place.order > after.order]
            value = seeds[-1].value
            yield Walked(sorted(behind, key=lambda one: one[0].order), Place(Evidence(rule, value)))
            if len(seeds) - len(again) < size:
                break
            again = []


async def _again(matching: Matching, after: Place) -> list[Shared]:
    if after.record is None:
        return []
    evidence = after.evidence
    held = await records_with(matching.own, matching.tenant, evidence.rule, [evidence.value])
    return [Shared(evidence.value, tuple(held[evidence.value]))] if evidence.value in held else []


# ── what is said of one ──


def suggestion_id(context: Context, one: Suggestion) -> str:
    """Name the suggestion by its records: whatever changes them makes it another."""
    return encode_id(LINK_SUGGESTION, context.tenant, json.dumps([written(ref) for ref in one.records]))


def suggested_records(text: str) -> list[RecordRef] | None:
    """Read the records in the key of a suggestion's id; None where it is none."""
    try:
        return [read_ref(one) for one in json.loads(text)]
    except (ValueError, TypeError, AttributeError):
        return None


async def records_of(context: Context, one: Suggestion) -> list[CustomerRecord]:
    return await asyncio.gather(*(record_of(context, ref) for ref in one.records))


async def customers_of(context: Context, one: Suggestion) -> list[Customer]:
    found = await asyncio.gather(*(customer_by_record(context, ref) for ref in one.heads))
    return list({customer.head: customer for customer in found if customer is not None}.values())


def chosen(given: Collection[LinkCertainty] | None) -> Certainties:
    return frozenset(LinkCertainty) if given is None else frozenset(given)
