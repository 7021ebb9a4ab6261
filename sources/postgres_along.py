"""Send along with a statement that finds customers those that find what belongs to them: one trip instead of two."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable
from sqlalchemy.exc import DBAPIError

from domain.errors import SourceMismatchError
from sources.postgres_apart import Apart
from sources.postgres_joints import OWNER, OWNERS, Joint, Statement, joint_of, written_of
from sources.postgres_json import is_doubtful
from sources.postgres_owned import Answer
from sources.postgres_packing import Columns
from sources.postgres_sending import Statements
from sources.postgres_together import MOST_KEPT, PATIENCE, Fetch, TooLongTogetherError

log = logging.getLogger("gateway")
#: More than one doubtful answer in so many, and as many of them as that at once, are too often.
_IN_VAIN, _TOO_OFTEN = 10, 50


class AlongWith:
    """Compose such statements, and keep them; those that take long are sent apart for a while."""

    def __init__(self, statements: Statements, fetch: Fetch) -> None:
        self._statements = statements
        self._fetch = fetch
        self._joint: dict[tuple[Any, ...], Joint] = {}
        self._written: dict[tuple[Any, ...], tuple[Answer, Joint]] = {}
        self._apart = Apart()
        #: How often answers were doubtful lately, and so were asked for in vain.
        self._in_vain: dict[Joint, int] = {}

    async def columns(
        self,
        query: Executable,
        values: Mapping[str, Any],
        key: str,
        size: int,
        along: Sequence[tuple[Executable, Mapping[str, Any]]],
    ) -> tuple[Columns | None, Sequence[Columns]]:
        """Answer what *query* finds, held as columns, and with it what those *along* find of their `:owners`.

        These are the values of the column *key* in the first *size* of the rows. None where they could
        not be answered together.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        stated = self._all_stated(query, values, along)
        joint = stated and self._joint_of(stated[0], key, size, stated[1:])
        if not stated or not joint:
            return None, ()
        arguments = [one.arguments[place] for one, taken in zip(stated, joint.places, strict=True) for place in taken]
        row = await self._row(joint, arguments, stated)
        if row is None:
            return None, ()
        try:
            first, *others = self._answers(joint, row, stated)
        except SourceMismatchError:
            self._apart.add(joint)
            return None, ()
        return first, others

    async def written(
        self,
        query: Executable,
        values: Mapping[str, Any],
        size: int,
        *,
        answer: Answer,
        asked: Sequence[tuple[Executable, Mapping[str, Any]]],
        others: Sequence[tuple[Executable, Mapping[str, Any]]],
        ids: Mapping[str, Sequence[str]],
    ) -> Sequence[Any] | None:
        """Have *answer* written of the first *size* rows of *query*, with what is *asked* for them, see `written_of`.

        *others* find the rows that would follow. *ids*: what ids of things begin with, by their types. None where that
        could not be, or is in doubt.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        stated = self._all_stated(query, values, (*asked, *others))
        joint = stated and self._written_of(stated[0], size, answer, stated[1:])
        if not stated or not joint:
            return None
        own, *given = (
            [one.arguments[place] for place in taken] for one, taken in zip(stated, joint.places, strict=True)
        )
        begun = (text for type_ in answer.ids for text in ids[type_])
        row = await self._row(joint, [*own, *begun, *(one for part in given for one in part)], stated)
        return row if row is not None and self._is_certain(joint, row) else None

    async def _row(self, joint: Joint, arguments: Sequence[Any], stated: Sequence[Statement]) -> Sequence[Any] | None:
        """Send *joint*, of the statements *stated*; None where that fails, or takes long, for what one of them asks."""
        planned = not all(one.sent.is_kept for one in stated)
        try:
            return await self._fetch(joint.sql, arguments, planned=planned, seconds=PATIENCE)
        except (SourceMismatchError, DBAPIError, TooLongTogetherError) as error:
            self._failed(joint, error)
            return None

    def _all_stated(
        self, query: Executable, values: Mapping[str, Any], along: Sequence[tuple[Executable, Mapping[str, Any]]]
    ) -> list[Statement]:
        """Say how *query* is sent, and those *along* of it; nothing where one cannot be answered in one row."""
        asked = ((query, values), *((one, {**own, OWNERS: (), OWNER: None}) for one, own in along))
        stated = [self._stated(*one) for one in asked]
        found = [one for one in stated if one is not None]
        return found if len(found) == len(stated) else []

    def _stated(self, query: Executable, values: Mapping[str, Any]) -> Statement | None:
        """Say how *query* is sent with *values*; None where it cannot be answered in one row."""
        sent = self._statements.sent(query, values)
        packing = self._statements.packing(query, sent)
        return None if packing is None else Statement(sent, sent.arguments(values), packing)

    def _joint_of(self, first: Statement, key: str, size: int, along: Sequence[Statement]) -> Joint | None:
        """Be *first* and those *along*, which belong to the first *size* of what it finds, by their column *key*.

        None where they are to be sent apart.
        """
        known = (first.sent.sql, key, size, *(one.sent.sql for one in along))
        joint = self._joint.get(known)
        if joint is None:
            self._make_room()
            joint = self._joint[known] = joint_of(first, key, size, along)
        return None if self._apart.has(joint) else joint

    def _written_of(self, first: Statement, size: int, answer: Answer, asked: Sequence[Statement]) -> Joint | None:
        """Be how *answer* is written of the first *size* rows of *first*; None where they are to be sent apart."""
        known = (first.sent.sql, size, id(answer), *(one.sent.sql for one in asked[len(answer.asked) :]))
        kept = self._written.get(known)
        if kept is None:
            self._make_room()
            kept = self._written[known] = answer, written_of(first, size, answer, asked)
        return None if self._apart.has(kept[1]) else kept[1]

    def _make_room(self) -> None:
        if len(self._joint) + len(self._written) >= MOST_KEPT:
            self._joint.clear()
            self._written.clear()
            self._apart.clear()
            self._in_vain.clear()

    def _failed(self, joint: Joint, error: Exception) -> None:
        """Ask apart for a while: whoever asks alone tells what is wrong, if anything is."""
        log.info("What was asked of postgres together failed (%s): it is asked apart now", type(error).__name__)
        self._apart.add(joint)

    def _is_certain(self, joint: Joint, row: Sequence[Any]) -> bool:
        """Say whether the answer that *joint* has written in *row* is one; where it often is none, ask it no more."""
        self._apart.took(joint, row[-1])
        objects, _, in_doubt, _ = row
        if not in_doubt and (objects is None or not is_doubtful(objects)):
            if joint in self._in_vain:
                self._in_vain[joint] = max(0, self._in_vain[joint] - 1)
            return True
        self._in_vain[joint] = self._in_vain.get(joint, 0) + _IN_VAIN
        if self._in_vain[joint] > _TOO_OFTEN:
            del self._in_vain[joint]
            self._apart.add(joint)
        return False

    def _answers(self, joint: Joint, row: Sequence[Any], statements: Sequence[Statement]) -> list[Columns]:
        """Read what each of *statements* has found."""
        self._apart.took(joint, row[-1])
        found, begin = [], 0
        for one in statements:
            end = begin + len(one.packing.names)
            found.append(one.packing.columns(row[begin:end]))
            begin = end
        return found
