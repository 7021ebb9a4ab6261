"""Records held as columns: what is asked of all at once is what each of them says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.columns import Heads, Part, RecordColumns, column_of, headed_by, joined
from domain.records import CrmRecord, Customer

NAMES = ["Ada", None, "Grace"]
COLUMNS: dict[str, list[Any]] = {
    "key": ["1", "2", "3"],
    "name": NAMES,
    "created_at": [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)],
}
RECORDS = [
    CrmRecord(key=key, name=name, created_at=at)
    for key, name, at in zip(COLUMNS["key"], NAMES, COLUMNS["created_at"], strict=True)
]


@pytest.fixture
def rows() -> RecordColumns[CrmRecord]:
    return RecordColumns(CrmRecord, COLUMNS, 3)


def test_each_record_is_made_of_its_place_in_the_columns(rows: RecordColumns[CrmRecord]) -> None:
    assert list(rows) == RECORDS
    assert (rows[0], rows[-1], len(rows)) == (RECORDS[0], RECORDS[2], 3)
    assert rows == RECORDS
    assert rows != RECORDS[:2]
    with pytest.raises(IndexError):
        rows[3]


@pytest.mark.parametrize("part", [slice(2), slice(1, None), slice(None, None, -1), slice(0), slice(5, 9)])
def test_a_part_of_them_is_cut_from_all_columns(rows: RecordColumns[CrmRecord], part: slice) -> None:
    assert list(rows[part]) == RECORDS[part]
    assert rows[part].column("name") == NAMES[part]
    assert list(Heads(rows)[part]) == [headed_by(record) for record in RECORDS[part]]


def test_what_was_not_read_is_as_it_is_by_default(rows: RecordColumns[CrmRecord]) -> None:
    assert rows.column("email") == [None, None, None]
    with pytest.raises(AttributeError):
        rows.column("no such")


def test_customers_are_what_their_rows_say(rows: RecordColumns[CrmRecord]) -> None:
    heads = Heads(rows)
    assert heads == [headed_by(record) for record in RECORDS]
    assert all(isinstance(one, Customer) for one in heads)
    assert heads.column("crm_key") == [one.crm_key for one in heads]
    assert heads.column("name") == NAMES


def test_parts_are_what_they_are_parts_of(rows: RecordColumns[CrmRecord]) -> None:
    part = Part(rows, 1, 3)
    assert list(part) == RECORDS[1:]
    assert (part[0], part[-1], list(part[:1])) == (RECORDS[1], RECORDS[2], RECORDS[1:2])
    assert part.column("name") == column_of(RECORDS[1:], "name") == column_of(part, "name")
    with pytest.raises(IndexError):
        part[2]


def test_all_parts_of_a_whole_are_joined_to_it(rows: RecordColumns[CrmRecord]) -> None:
    parts = [Part(rows, 0, 1), Part(rows, 1, 1), Part(rows, 1, 3)]
    assert joined(parts) is rows
    assert joined(parts[1:]) == RECORDS[1:]
    assert joined([parts[2], parts[0]]) == [*RECORDS[1:], RECORDS[0]]
    assert joined([parts[0], RECORDS[1:]]) == RECORDS
    assert joined([parts[0], Part(RecordColumns(CrmRecord, COLUMNS, 3), 1, 3)]) == RECORDS
    assert joined([RECORDS[:1], RECORDS[1:]]) == RECORDS
    assert joined([]) == []


def test_there_may_be_none_of_them() -> None:
    none: RecordColumns[CrmRecord] = RecordColumns(CrmRecord, {"key": []}, 0)
    assert not none
    assert not Heads(none)
    assert Heads(none).column("crm_key") == []
    assert none.column("name") == []
