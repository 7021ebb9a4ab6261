"""The customers of all stores as one list, each once: a merge by keyset over streams that are read in rounds.

CRM rows are always heads: one statement a page. Accounts and delivery records come in chunks, each with the
neighbourhood that decides which of them head a customer; the others fall out. So do CRM rows where a filter asks for
what their other records say: what a statement can say of rows narrows the chunk, and the whole customer decides. The
merge stops at the earliest position up to which every open stream was read, so a page can end before it is full; its
cursor is then that position.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, NamedTuple

from domain.along import Along
from domain.choosing import Choice
from domain.columns import Columnar, Heads, headed_by
from domain.errors import SourceError
from domain.filters import CustomerRows
from domain.keyset import reading_order
from domain.paging import Direction, Page, PageRequest, Position, page_of_rows
from domain.records import CrmRecord, Customer, Key, RecordKind, RecordRef
from domain.time import Period, instant
from resolvers.page_links import whose_links_count, with_links
from sources.mongo import Chunk
from sources.neighbourhood import Neighbourhood, around_rows
from sources.postgres_customer_pages import Known
from sources.stores import Stores

SMALLEST_CHUNK = 256
MOST_ROUNDS = 6
#: Where a position is in the order in which a list is read.
Place = tuple[int, Any, int]


class Candidate(NamedTuple):
    """Be a customer that may be on the page, and where it is."""

    place: Place
    position: Position
    customer: Customer


_PLACE = attrgetter("place")


@dataclass(slots=True)
class Stream:
    """Be how far one kind of record was read: up to *position*, and to its *ended*."""

    kind: RecordKind
    position: Position | None
    was_read: bool = False
    ended: bool = False


@dataclass(slots=True)
class Merge:
    """Merge one page of the customers of *tenant* that *choice* chooses; *only* those that these keys head, if any.

    *picks*: what is wanted of the CRM's rows, where nothing else decides what has to be read of them. *along*: what
    will be asked for of what belongs to them.
    """

    stores: Stores
    tenant: str | None
    choice: Choice
    request: PageRequest
    only: Mapping[RecordKind, frozenset[Key]] | None = None
    smallest_chunk: int = SMALLEST_CHUNK
    most_rounds: int = MOST_ROUNDS
    picks: frozenset[str] = frozenset()
    along: Sequence[Along] = ()
    #: What was found along with the page, where it could be asked for.
    known: Sequence[Known] = ()
    #: What was read around the first chunks, and who names the rows of the page where that will be asked for.
    around: Neighbourhood | None = None
    streams: list[Stream] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    seen: set[RecordRef] = field(default_factory=set)
    #: How many records were read: CRM rows, and documents of the chunks.
    looked_at: int = 0

    async def page(self) -> Page[Customer]:
        """Read rounds until the page is full, every stream has ended, or it has been enough."""
        if self.choice.is_exact_in_rows and self.choice.heads == (RecordKind.CRM,):
            return await self._page_of_rows()
        self.streams = [Stream(kind, self.request.position) for kind in self.choice.heads]
        size = max(self.smallest_chunk, min(self.request.size + 1, SMALLEST_CHUNK))
        for _ in range(self.most_rounds):
            waiting = self._waiting()
            if not waiting:
                break
            await self._round(waiting, size)
            size *= 2
        page = self._page()
        await self._link(page)
        return page

    async def _page_of_rows(self) -> Page[Customer]:
        """Read the page where the CRM's rows are the whole list: there is nothing to merge."""
        asked = CustomerRows(self.choice.chosen, keys=self._keys(RecordKind.CRM))
        try:
            rows, positions, self.known = await self.stores.crm.customers_along(
                self.tenant, asked, self.request, self.picks, self.along
            )
        except SourceError as error:
            return Page(self.request, missing_stores=(error.store,))
        self.looked_at += len(rows)
        page = page_of_rows(self.request, rows, positions)
        heads = Heads(page.items) if isinstance(page.items, Columnar) else list(map(headed_by, page.items))
        return Page(self.request, heads, page.positions, page.more)

    def _waiting(self) -> list[Stream]:
        """List the open streams that may still hold something of this page."""
        unread = [stream for stream in self.streams if not stream.ended]
        self.candidates.sort(key=_PLACE)
        if len(self.candidates) <= self.request.size:
            return unread
        last = self.candidates[self.request.size].place
        return [stream for stream in unread if not stream.was_read or self._reached(stream) < last]

    def _reached(self, stream: Stream) -> Place:
        assert stream.position is not None
        return self._place(stream.position)

    async def _round(self, streams: Sequence[Stream], size: int) -> None:
        crm = [stream for stream in streams if stream.kind is RecordKind.CRM]
        others = [stream for stream in streams if stream.kind is not RecordKind.CRM]
        # The rows take a statement, and then it is known which documents can be on this page: few of very many.
        for stream in crm:
            await self._read_rows(stream, size)
        self.candidates.sort(key=_PLACE)
        chunks = await self._chunks(others, size)
        if chunks:
            await self._take_in(others, [self._cut(chunk) for chunk in chunks])

    async def _read_rows(self, stream: Stream, size: int) -> None:
        exact = self.choice.is_exact_in_rows
        # One more than is asked for is read: a page says so whether there is more, and a chunk is as long as others.
        request = self.request if exact else replace(self.request, size=size - 1, position=stream.position)
        asked = CustomerRows(self.choice.chosen, beyond=self.choice.asks_links, keys=self._keys(RecordKind.CRM))
        # What decides a customer may be anything that its row says.
        picks = self.picks if exact else frozenset[str]()
        try:
            rows = await self.stores.crm.customers(self.tenant, asked, request, picks)
        except SourceError as error:
            self._lose(error, [stream])
            return
        self.looked_at += len(rows)
        stream.was_read, stream.ended = True, len(rows) <= request.size
        if rows:
            stream.position = rows[-1][0]
        kept = [(at, headed_by(row)) for at, row in rows] if exact else await self._decided(rows)
        self.candidates += [Candidate(self._place(at), at, customer) for at, customer in kept]

    async def _decided(self, rows: Sequence[tuple[Position, CrmRecord]]) -> list[tuple[Position, Customer]]:
        """Keep the customers of *rows* that are chosen; where their other records cannot be asked, nobody can tell."""
        answers = {row.key: self.choice.row(row) for _, row in rows}
        undecided = [key for key, answer in answers.items() if answer is None]
        around: Neighbourhood | None = None
        if undecided:
            try:
                around = await around_rows(self.stores, self.tenant, undecided)
            except SourceError as error:
                self.missing[error.store] = None
        found: list[tuple[Position, Customer]] = []
        for position, row in rows:
            answer, customer = answers[row.key], headed_by(row)
            if answer is None and around is not None:
                customer = around.customer(around.members(customer.head), row)
                answer = self.choice.customer(customer)
            if answer:
                found.append((position, customer))
        return found

    def _keys(self, kind: RecordKind) -> frozenset[Key] | None:
        return None if self.only is None else self.only.get(kind, frozenset())

    async def _chunks(self, streams: Sequence[Stream], size: int) -> Sequence[Chunk]:
        try:
            return await asyncio.gather(*(self._chunk(stream, size) for stream in streams))
        except SourceError as error:
            self._lose_documents(error)
            return ()

    def _within(self) -> Period | None:
        """Say when documents that can be on this page were created: none is behind the last of enough customers."""
        asked, request = self.choice.chosen.created_in, self.request
        # Those without a date come first where the list is read backwards.
        if request.order.field != "CREATED_AT" or request.backwards or len(self.candidates) <= request.size:
            return asked
        last = self.candidates[request.size - 1].position.value
        if not isinstance(last, int):
            return asked
        start, end = (None, None) if asked is None else (asked.start, asked.end)
        if request.reading is Direction.ASC:
            return Period(start, instant(last + 1))
        return Period(instant(last), end)

    def _cut(self, chunk: Chunk) -> Chunk:
        """Leave out what lies behind this page: whose customers those are, nobody has to find out."""
        size = self.request.size
        if len(self.candidates) <= size or not chunk.found:
            return chunk
        last = self.candidates[size].place
        if self._place(chunk.found[-1][0]) <= last:
            return chunk
        # The first one behind it stays, and is how far was read.
        kept = next(place for place, (position, _) in enumerate(chunk.found) if self._place(position) > last)
        return Chunk(chunk.found[: kept + 1], ended=False)

    async def _take_in(self, streams: Sequence[Stream], chunks: Sequence[Chunk]) -> None:
        try:
            around = Neighbourhood(self.stores, self.tenant)
            for stream, chunk in zip(streams, chunks, strict=True):
                around.add(stream.kind, (found for _, found in chunk.found))
            page = [candidate.customer for candidate in self.candidates[: self.request.size]]
            await around.hop(last=False, ahead=() if self.around else whose_links_count(page, self.along))
            self.around = self.around or around
            await around.hop(last=True)
        except SourceError as error:
            self._lose_documents(error)
            return
        if around.crm_down:
            self.missing["postgres"] = None
        self._take(streams, chunks, around)

    async def _link(self, page: Page[Customer]) -> None:
        """Find what the other stores hold of customers on *page*, where that will be asked, and most of it was read."""
        rows = whose_links_count(page.items, self.along)
        if rows and self.around is not None:
            with suppress(SourceError):  # whoever asks for it is told
                page.items = await with_links(self.stores, self.tenant, page.items, rows, self.around)

    def _take(self, streams: Sequence[Stream], chunks: Sequence[Chunk], around: Neighbourhood) -> None:
        """Keep the customers that records of *chunks* head, and that are chosen."""
        for stream, chunk in zip(streams, chunks, strict=True):
            stream.was_read, stream.ended = True, chunk.ended
            if chunk.found:
                stream.position = chunk.found[-1][0]
            self.looked_at += len(chunk.found)
            for position, found in chunk.found:
                ref = RecordRef(stream.kind, found.record.key)
                if ref in self.seen:
                    # Nothing in Mongo keeps two documents from having the same key: the first one counts.
                    continue
                self.seen.add(ref)
                members = around.members(ref)
                if members.head == ref and not (around.crm_down and around.names_a_row(members)):
                    customer = around.customer(members)
                    if self.choice.customer(customer):
                        self.candidates.append(Candidate(self._place(position), position, customer))

    async def _chunk(self, stream: Stream, size: int) -> Chunk:
        return await self.stores.documents.chunk(
            self.tenant,
            stream.kind,
            self.request,
            position=stream.position,
            size=size,
            created_in=self._within(),
            only=self._keys(stream.kind),
        )

    def _lose_documents(self, error: SourceError) -> None:
        self._lose(error, [stream for stream in self.streams if stream.kind is not RecordKind.CRM])

    def _lose(self, error: SourceError, streams: Sequence[Stream]) -> None:
        """Go on without *streams*, and say whose they are."""
        self.missing[error.store] = None
        for stream in streams:
            stream.ended = True

    def _page(self) -> Page[Customer]:
        """Take what lies before every open stream's position: nothing can come in between any more."""
        request = self.request
        self.candidates.sort(key=_PLACE)
        opened = [stream for stream in self.streams if not stream.ended]
        frontier = min((stream.position for stream in opened if stream.position), default=None, key=self._place)
        certain = self.candidates
        if frontier is not None:
            last = self._place(frontier)
            certain = [one for one in self.candidates if one.place <= last]
        full = len(certain) > request.size
        kept = certain[: request.size]
        if request.backwards:
            kept = kept[::-1]
        return Page(
            request,
            items=tuple(one.customer for one in kept),
            positions=tuple(one.position for one in kept),
            more=full or frontier is not None,
            frontier=None if full else frontier,
            missing_stores=tuple(sorted(self.missing)),
        )

    def _place(self, position: Position) -> Place:
        return reading_order(position, self.request)
