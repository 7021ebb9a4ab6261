"""The statements that look for odd rows: how many there are, and the first of them."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    cast,
    column,
    func,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from sources.postgres_mapping import MappedTable, Reflected, quoted
from sources.postgres_sections import is_empty
from sources.postgres_types import NUMBERS

#: Text that a finding shows of what a row holds.
_SHOWN = 40
_WHOLE = frozenset({"int2", "int4", "int8"})


def row_key(mapped: MappedTable, reflected: Reflected) -> ColumnElement[Any]:
    """Be what tells a row of *mapped* apart: its key, else its primary key, else whose it is."""
    if "key" in mapped:
        return mapped.ordered_key()
    table = mapped.table
    primary = [cast(column(name), Text) for name, info in reflected[quoted(table.fullname)].items() if info.primary]
    if primary:
        return func.concat_ws(" ", *primary).collate("C")
    owner = next((role for role in ("owner", "customer") if role in mapped), "")
    return func.coalesce(cast(mapped.raw(owner), Text), "").collate("C")


def rows_of(
    mapped: MappedTable, key: ColumnElement[Any], *conditions: ColumnElement[bool], shown: ColumnElement[Any] | None
) -> Select[Any]:
    """Select the rows of *mapped* for which *conditions* hold: `key`, and what is *shown* of them as `detail`."""
    detail = cast(null(), Text) if shown is None else func.left(cast(shown, Text), _SHOWN)
    return (
        select(key.label("key"), detail.label("detail"))
        .select_from(mapped.table)
        .where(*mapped.of_tenant(), *conditions)
    )


def counted(rows: Select[Any], examples: int) -> Select[Any]:
    """Answer the first *examples* of *rows* by `key`, each with the `count` of all of them."""
    found = rows.subquery("found")
    count = func.count().over().label("count")
    return select(cast(found.c.key, Text).label("key"), found.c.detail, count).order_by(found.c.key).limit(examples)


def by_word(mapped: MappedTable, word: ColumnElement[Any], condition: ColumnElement[bool], most: int) -> Select[Any]:
    """Count the rows for which *condition* holds by *word*: the *most* frequent ones, and how many `words` there are.

    `others` is how many rows have none of those that are answered.
    """
    count = func.count().label("count")
    counts = (
        select(word.label("word"), count)
        .select_from(mapped.table)
        .where(*mapped.of_tenant(), condition)
        .group_by(word)
        .subquery("counts")
    )
    words, rows = func.count().over().label("words"), cast(func.sum(counts.c.count).over(), BigInteger).label("rows")
    return (
        select(counts.c.word, counts.c.count, words, rows)
        .order_by(counts.c.count.desc(), counts.c.word.collate("C"))
        .limit(most)
    )


def first_of_each_word(
    mapped: MappedTable, word: ColumnElement[Any], condition: ColumnElement[bool], examples: int
) -> Select[Any]:
    """Answer the first *examples* rows of each of the words `:words`, by key."""
    key = mapped.ordered_key()
    number = func.row_number().over(partition_by=word, order_by=key).label("number")
    asked = or_(word.is_(None), word == func.any(bindparam("words", type_=ARRAY(Text))))
    found = (
        select(cast(key, Text).label("key"), word.label("word"), number)
        .select_from(mapped.table)
        .where(*mapped.of_tenant(), condition, asked)
        .subquery("found")
    )
    return select(found.c.key, found.c.word).where(found.c.number <= examples).order_by(found.c.word, found.c.number)


def names_nobody(
    mapped: MappedTable, role: str, others: MappedTable, key: ColumnElement[Any], tenant: str = "tenant"
) -> Select[Any]:
    """Select the rows of *mapped* that name in *role* a row of *others* which is not there, or does not count.

    *tenant* is the parameter that says whose rows are looked at.
    """
    named, theirs = mapped[role], others["key"]
    kinds = {mapped.info(role).type, others.info("key").type}
    if len(kinds) > 1 and not kinds <= _WHOLE:
        named, theirs = cast(named, Text), cast(theirs, Text)
    living, same = _living(mapped, others, theirs, tenant)
    return (
        select(key.label("key"), func.left(cast(mapped[role], Text), _SHOWN).label("detail"))
        .select_from(mapped.table.outerjoin(living, and_(living.c.key == named, *same)))
        .where(*mapped.of_tenant(tenant), ~is_empty(mapped, role), living.c.key.is_(None))
    )


def _living(
    mapped: MappedTable, others: MappedTable, key: ColumnElement[Any], parameter: str
) -> tuple[Subquery, list[ColumnElement[bool]]]:
    """Select the `key` of every row of *others* that counts, and say when one is of the same tenant as *mapped*'s."""
    rows = select(key.label("key")).select_from(others.table)
    if not (mapped.has_tenant and others.has_tenant):
        return rows.where(*others.own_conditions).subquery("living"), []
    if mapped.info("tenant").type == others.info("tenant").type:
        return rows.where(*others.of_tenant(parameter)).subquery("living"), []
    tenant = cast(others["tenant"], Text).label("tenant")
    living = rows.add_columns(tenant).where(*others.own_conditions).subquery("living")
    return living, [living.c.tenant == cast(mapped["tenant"], Text)]


def is_no_number(mapped: MappedTable, role: str) -> ColumnElement[bool] | None:
    """Say which rows hold something in *role* that is no number; None where the column can hold nothing else."""
    kind = mapped.info(role).type
    if kind in _WHOLE:
        return None
    there = ~is_empty(mapped, role) if kind not in NUMBERS else mapped[role].is_not(None)
    return there & mapped.number(role).is_(None)


def twice(mapped: MappedTable) -> Select[Any]:
    """Select the keys that several rows of *mapped* have, and how many."""
    key = mapped.ordered_key()
    return (
        select(key.label("key"), cast(func.count(), Text).label("detail"))
        .select_from(mapped.table)
        .where(*mapped.of_tenant())
        .group_by(key)
        .having(func.count() > 1)
    )
