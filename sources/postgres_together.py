"""Send in one statement what one operation asks at once: each trip to the server costs more than most answers to it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy.exc import DBAPIError

from domain.errors import SourceMismatchError
from sources.meter import count, metering, statement
from sources.postgres_apart import Apart
from sources.postgres_packing import Columns, Packing

#: What is quoted, and parameters by their numbers.
PARAMETERS = re.compile(r"""[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<![\w$])\$([0-9]+)""", re.DOTALL)
#: As many statements are kept that were made of several.
MOST_KEPT = 200
#: How long the server took.
TOOK = "extract(epoch FROM clock_timestamp() - statement_timestamp())::float8"
#: So many seconds, or half of all that there are, are waited for what is asked together: time is left to ask apart.
PATIENCE = 1.0
#: Runs SQL with its arguments, *planned* for these where so asked, and answers the one row that it finds; given a time
#: in *seconds*, it raises TooLongTogetherError behind that.
Fetch = Callable[..., Awaitable[Sequence[Any]]]


class TooLongTogetherError(Exception):
    """Say that what was asked together took too long."""


class _Asked(NamedTuple):
    packing: Packing
    arguments: Sequence[Any]
    #: Comes to its part of the row; to None where it has to be asked alone.
    answer: asyncio.Future[Sequence[Any] | None]


class Together:
    """Ask by *fetch*: what the same request asks in one go of the event loop, in one statement.

    The first that asks waits for the others, asks for all of them, and hands out the answers. Where that fails for
    what one of them asks, each asks alone, so that it fails for that one alone.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        #: Those who join in what a request is about to ask, by its meter.
        self._joining: dict[int, list[_Asked]] = {}
        self._made: dict[tuple[str, ...], str] = {}
        self._apart = Apart()

    async def columns(self, packing: Packing, arguments: Sequence[Any]) -> Columns:
        """Answer what *packing*'s statement finds with *arguments*. Raises what fetching raises."""
        row = await self._row(packing, arguments)
        return packing.columns(row if row is not None else await self._fetch(packing.sql, arguments))

    async def _row(self, packing: Packing, arguments: Sequence[Any]) -> Sequence[Any] | None:
        meter = metering()
        if meter is None:
            return None
        joining = self._joining.get(id(meter))
        if joining is not None:
            asked = _Asked(packing, arguments, asyncio.get_running_loop().create_future())
            joining.append(asked)
            with statement("postgres", shared=True):
                answer = await asked.answer
            if answer is not None:
                count("postgres")
            return answer
        others = self._joining[id(meter)] = []
        try:
            try:
                await asyncio.sleep(0)
            finally:
                del self._joining[id(meter)]
            return await self._of_all(packing, arguments, others) if others else None
        except (SourceMismatchError, DBAPIError, TooLongTogetherError):
            return None
        except Exception as error:
            for one in others:
                if not one.answer.done():
                    one.answer.set_exception(error)
            raise
        finally:
            for one in others:
                if not one.answer.done():
                    one.answer.set_result(None)

    async def _of_all(
        self, packing: Packing, arguments: Sequence[Any], others: Sequence[_Asked]
    ) -> Sequence[Any] | None:
        """Ask for *packing*'s statement and for *others*, and tell these; None where each is to be asked alone."""
        texts = (packing.sql, *(one.packing.sql for one in others))
        if self._apart.has(texts):
            return None
        given = [*arguments, *(value for one in others for value in one.arguments)]
        try:
            row = await self._fetch(self._together(texts), given, seconds=PATIENCE)
        except Exception:
            self._apart.add(texts)
            raise
        self._apart.took(texts, row[-1])
        begin = len(packing.names)
        for one in others:
            end = begin + len(one.packing.names)
            if not one.answer.done():
                one.answer.set_result(row[begin:end])
            begin = end
        return row[: len(packing.names)]

    def _together(self, texts: tuple[str, ...]) -> str:
        made = self._made.get(texts)
        if made is None:
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
                self._apart.clear()
            made = self._made[texts] = together(texts)
        return made


def together(texts: Sequence[str]) -> str:
    """Make of statements that answer one row each one that answers these side by side, and the seconds it took.

    Its parameters are those of the first, then those of the second, and so on.
    """
    parts, known = [], 0
    for place, text in enumerate(texts):
        numbers = [int(one[1]) for one in PARAMETERS.finditer(text) if one[1]]
        parts.append(f"({renumbered(text, {one: f'${one + known}' for one in numbers})}) AS part{place}")
        known += max(numbers, default=0)
    return f"SELECT *, {TOOK} FROM {', '.join(parts)}"


def renumbered(sql: str, written: Mapping[int, str]) -> str:
    """Write for each parameter of *sql*, by its number, what is *written* for it."""
    return PARAMETERS.sub(lambda one: written[int(one[1])] if one[1] else one[0], sql)
