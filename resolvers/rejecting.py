"""Reject suggestions: the records are told apart, and that can be undone like any other event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from domain.mutation_errors import ErrorCode, UserError
from domain.operations import Intended, LinkEventKind, read_ref, written
from domain.records import RecordRef
from domain.suggestions import Known
from resolvers.indexing import require_index
from resolvers.linking import Linked, Linking, refused
from resolvers.matching import Matching
from sources.own import operations as log
from sources.own.idempotency import OtherInputError, Sent, keep, keep_result, kept


@dataclass(frozen=True, slots=True)
class Rejecting:
    """Reject suggestions as *linking* links: for its tenant, and on the same behalf."""

    linking: Linking

    async def reject(self, records: Sequence[RecordRef], reason: str | None, sent: Sent | None) -> Linked:
        """Tell the customers apart that *records* are of, if that is what is suggested now.

        No record is written, so there is nothing to claim: one transaction writes the event. Raises IndexMissingError.
        """
        linking, tenant = self.linking, self.linking.tenant
        own = await require_index(linking.stores, tenant)
        if sent is not None and (before := await self._before(sent)) is not None:
            return before
        matched = await Matching(linking.stores, own, tenant).around(records)
        suggestion = next((one for one in matched.suggestions if list(one.records) == list(records)), None)
        if suggestion is None:
            message = "This is not suggested any more, or not so: list the suggestions again."
            return refused(UserError(ErrorCode.SUGGESTION_OUTDATED, message, ("suggestionId",)))
        parties = [party for party in matched.parties if party[0].ref in suggestion.records]
        pairs = tuple(_pairs(parties))
        event = Intended(kind=LinkEventKind.REJECTED, records=suggestion.records, reason=reason, rejects=pairs)
        try:
            async with own.transaction() as connection:
                known = None if sent is None else await keep(connection, tenant, sent, {})
                if known is not None:
                    return _answer(known)
                id_ = await log.add_event(connection, tenant, event, linking.by, None)
                result = {"event": id_, "records": [written(ref) for ref in records]}
                if sent is not None:
                    await keep_result(connection, tenant, sent, result)
        except OtherInputError:
            return _other_input()
        return _answer(result)

    async def _before(self, sent: Sent) -> Linked | None:
        """Find what came of it if it was sent before: by then nobody suggests it any more."""
        try:
            found = await kept(self.linking.operations.own, self.linking.tenant, sent)
        except OtherInputError:
            return _other_input()
        return None if found is None else _answer(found)


def _pairs(parties: Sequence[Sequence[Known]]) -> list[tuple[RecordRef, RecordRef]]:
    """List every pair of records of different customers."""
    return [(one.ref, other.ref) for first, second in combinations(parties, 2) for one in first for other in second]


def _answer(result: Mapping[str, Any]) -> Linked:
    return Linked(records=tuple(read_ref(text) for text in result["records"]), event=result["event"])


def _other_input() -> Linked:
    message = "This idempotencyKey came with another input before."
    return refused(UserError(ErrorCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",)))
