"""The customers of all stores as one list, each once: a merge by keyset over streams that are read in rounds.

CRM rows are always heads: one statement a page. Accounts and delivery records come in chunks, each with the
neighbourhood that decides which of them head a customer; the others fall out. The merge stops at the earliest position
up to which every open stream was read, so a page can end before it is full; its cursor is then that position.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.errors import SourceError
from domain.filters import CustomerFilter
from domain.keyset import reading_order
from domain.paging import Page, PageRequest, Position
from domain.records import CrmRecord, Customer, RecordKind, RecordRef
from sources.mongo import Chunk
from sources.neighbourhood import Neighbourhood
from sources.stores import Stores

SMALLEST_CHUNK = 256
MOST_ROUNDS = 6
Candidate = tuple[Position, Customer]


@dataclass(slots=True)
class Stream:
    """Be how far one kind of record was read: up to *position*, and to its *ended*."""

    kind: RecordKind
    position: Position | None
    was_read: bool = False
    ended: bool = False


@dataclass(slots=True)
class Merge:
    """Merge one page of the customers of *tenant* that *chosen* chooses."""

    stores: Stores
    tenant: str | None
    chosen: CustomerFilter
    request: PageRequest
    smallest_chunk: int = SMALLEST_CHUNK
    most_rounds: int = MOST_ROUNDS
    streams: list[Stream] = field(default_factory=list)
    candidates: list[Candidate] = field(default_factory=list)
    missing: dict[str, None] = field(default_factory=dict)
    seen: set[RecordRef] = field(default_factory=set)

    async def page(self) -> Page[Customer]:
        """Read rounds until the page is full, every stream has ended, or it has been enough."""
        self.streams = [Stream(kind, self.request.position) for kind in self._kinds()]
        size = max(self.smallest_chunk, self.request.size + 1)
        for _ in range(self.most_rounds):
            waiting = self._waiting()
            if not waiting:
                break
            await self._round(waiting, size)
            size *= 2
        return self._page()

    def _kinds(self) -> Sequence[RecordKind]:
        """Only CRM rows have a source: choosing one leaves out what cannot have it."""
        if self.chosen.source is not None:
            return [kind for kind in self.stores.kinds if kind is RecordKind.CRM]
        return self.stores.kinds

    def _waiting(self) -> list[Stream]:
        """List the open streams that may still hold something of this page."""
        unread = [stream for stream in self.streams if not stream.ended]
        self.candidates.sort(key=lambda candidate: reading_order(candidate[0], self.request))
        if len(self.candidates) <= self.request.size:
            return unread
        last = reading_order(self.candidates[self.request.size][0], self.request)
        return [stream for stream in unread if not stream.was_read or self._reached(stream) < last]

    def _reached(self, stream: Stream) -> tuple[int, int, int]:
        assert stream.position is not None
        return reading_order(stream.position, self.request)

    async def _round(self, streams: Sequence[Stream], size: int) -> None:
        crm = [stream for stream in streams if stream.kind is RecordKind.CRM]
        others = [stream for stream in streams if stream.kind is not RecordKind.CRM]
        await asyncio.gather(*(self._read_rows(stream) for stream in crm), self._read_documents(others, size))

    async def _read_rows(self, stream: Stream) -> None:
        try:
            rows = await self.stores.crm.customers(self.tenant, self.chosen, self.request)
        except SourceError as error:
            self._lose(error, [stream])
            return
        stream.was_read, stream.ended = True, len(rows) <= self.request.size
        if rows:
            stream.position = rows[-1][0]
        self.candidates += [(position, _headed_by(row)) for position, row in rows]

    async def _read_documents(self, streams: Sequence[Stream], size: int) -> None:
        if not streams:
            return
        try:
            chunks = await asyncio.gather(*(self._chunk(stream, size) for stream in streams))
            around = Neighbourhood(self.stores, self.tenant)
            for stream, chunk in zip(streams, chunks, strict=True):
                around.add(stream.kind, (found for _, found in chunk.found))
            await around.hop(last=False)
            await around.hop(last=True)
        except SourceError as error:
            self._lose(error, [stream for stream in self.streams if stream.kind is not RecordKind.CRM])
            return
        if around.crm_down:
            self.missing["postgres"] = None
        for stream, chunk in zip(streams, chunks, strict=True):
            stream.was_read, stream.ended = True, chunk.ended
            if chunk.found:
                stream.position = chunk.found[-1][0]
            for position, found in chunk.found:
                ref = RecordRef(stream.kind, found.record.key)
                if ref in self.seen:
                    # Nothing in Mongo keeps two documents from having the same key: the first one counts.
                    continue
                self.seen.add(ref)
                members = around.members(ref)
                if members.head == ref and not (around.crm_down and around.names_a_row(members)):
                    self.candidates.append((position, around.customer(members)))

    async def _chunk(self, stream: Stream, size: int) -> Chunk:
        return await self.stores.documents.chunk(
            self.tenant,
            stream.kind,
            self.request,
            position=stream.position,
            size=size,
            created_in=self.chosen.created_in,
        )

    def _lose(self, error: SourceError, streams: Sequence[Stream]) -> None:
        """Go on without *streams*, and say whose they are."""
        self.missing[error.store] = None
        for stream in streams:
            stream.ended = True

    def _page(self) -> Page[Customer]:
        """Take what lies before every open stream's position: nothing can come in between any more."""
        request = self.request
        self.candidates.sort(key=lambda candidate: reading_order(candidate[0], request))
        opened = [stream for stream in self.streams if not stream.ended]
        frontier = min((stream.position for stream in opened if stream.position), default=None, key=self._order)
        certain = self.candidates
        if frontier is not None:
            certain = [one for one in self.candidates if self._order(one[0]) <= self._order(frontier)]
        full = len(certain) > request.size
        kept = certain[: request.size]
        if request.backwards:
            kept = kept[::-1]
        return Page(
            request,
            items=tuple(customer for _, customer in kept),
            positions=tuple(position for position, _ in kept),
            more=full or frontier is not None,
            frontier=None if full else frontier,
            missing_stores=tuple(sorted(self.missing)),
        )

    def _order(self, position: Position) -> tuple[int, int, int]:
        return reading_order(position, self.request)


def _headed_by(row: CrmRecord) -> Customer:
    return Customer(head=RecordRef(RecordKind.CRM, row.key), crm=row)
