"""Turn statements into what the driver takes, SQL and the values of its parameters: once, wherever that can be kept."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

from sources.postgres_packing import Packing, packing

#: What statements are written for.
DIALECT: Any = asyncpg.dialect()  # type: ignore[no-untyped-call]
#: As many texts are kept of statements that are composed anew for each request.
_MOST_KEPT = 500


class Given(NamedTuple):
    """Be a parameter that whoever runs the statement names: where it stands, and what makes of it what is sent."""

    place: int
    name: str
    process: Any


class Sent(NamedTuple):
    """Be a statement as *sql*, whose parameters are *constants* but for those *given*.

    *is_kept*: it is asked again and again, with nothing new but keys, so that one plan does for all.
    """

    sql: str
    constants: Sequence[Any]
    given: Sequence[Given]
    is_kept: bool = False

    def arguments(self, values: Mapping[str, Any]) -> Sequence[Any]:
        """Put *values* where they belong. Raises KeyError where one is missing."""
        arguments = list(self.constants)
        for place, name, process in self.given:
            value = values[name]
            arguments[place] = value if process is None else process(value)
        return arguments


class Statements:
    """Compile statements: one that is kept once, others once for all that differ in values alone."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Executable, Sent] = WeakKeyDictionary()
        self._compiled: dict[Hashable, SQLCompiler] = {}
        self._packings: WeakKeyDictionary[Executable, Packing | None] = WeakKeyDictionary()

    def packing(self, query: Executable, sent: Sent) -> Packing | None:
        """Say how *sent*, which *query* is sent as, is sent to be answered in one row; None where it cannot be."""
        if not sent.is_kept:
            return packing(query, sent.sql)
        # Kept with the statement: another of the same text may be of other types, once the tables are.
        if query not in self._packings:
            self._packings[query] = packing(query, sent.sql)
        return self._packings[query]

    def sent(self, query: Executable, values: Mapping[str, Any]) -> Sent:
        """Answer how *query* is sent, which is run with *values*."""
        sent = self._kept.get(query)
        if sent is None:
            sent = self._bound(query, values)
            # What a write writes is decided by what it is given.
            if not isinstance(query, UpdateBase):
                self._kept[query] = sent._replace(is_kept=True)
        return sent

    def _bound(self, query: Any, values: Mapping[str, Any]) -> Sent:
        key = query._generate_cache_key()  # noqa: SLF001 - what the library itself keeps texts by
        columns = sorted(values) if isinstance(query, UpdateBase) else None
        if key is None:
            return _expanded(self._compile(query, columns, None), values)
        known = (key.key, None if columns is None else tuple(columns))
        compiled = self._compiled.get(known)
        if compiled is None:
            if len(self._compiled) >= _MOST_KEPT:
                self._compiled.clear()
            compiled = self._compiled[known] = self._compile(query, columns, key)
        return _expanded(compiled, values, key)

    @staticmethod
    def _compile(query: Any, columns: list[str] | None, key: Any) -> SQLCompiler:
        compiled = query.compile(dialect=DIALECT, column_keys=columns, cache_key=key)
        assert isinstance(compiled, SQLCompiler)
        return compiled


def _expanded(compiled: SQLCompiler, values: Mapping[str, Any], key: Any = None) -> Sent:
    """Write the lists of IN out, and find the places of what is given by name.

    Where *compiled* was kept, *key* has the values that this statement has in the places of those it was compiled from.
    """
    given = {bind.key for bind in compiled.binds.values() if not bind.unique and bind.key in values}
    own = None if key is None else key.bindparams
    known = {**values} if key is None else {**(key.params or {}), **values}
    bound = compiled.construct_params(known, extracted_parameters=own, escape_names=False)
    state = compiled.construct_expanded_state(bound, escape_names=False)
    places: list[Given] = []
    constants: list[Any] = []
    for place, name in enumerate(state.positiontup or ()):
        bind = compiled.binds.get(name)
        process = state.processors.get(name) if bind is None else _processor(bind)
        value = state.parameters[name]
        if bind is not None and bind.key in given:
            places.append(Given(place, bind.key, process))
            value = None
        elif process is not None:
            value = process(value)
        constants.append(value)
    return Sent(state.statement, tuple(constants), tuple(places))


def _processor(bind: Any) -> Any:
    return bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
