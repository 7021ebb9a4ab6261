"""Cursors: each stands for one position of one list, and whatever else is given is refused."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadCursorError
from domain.paging import Direction, Order, Position, decode_cursor, encode_cursor
from domain.records import RecordKind
from domain.time import FIRST_MICROS, LAST_MICROS

LEADS = Order("leads", "CREATED_AT", Direction.DESC)
CUSTOMERS = Order("customers", "CREATED_AT", Direction.DESC)
TENANT = "acme"
AT = 1_767_225_600_000_000
CURSOR = encode_cursor(LEADS, TENANT, Position(AT, "7"))


def written(*parts: object) -> str:
    """Write a cursor by hand, as `encode_cursor` would of the same parts."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


values = st.none() | st.integers(FIRST_MICROS, LAST_MICROS)
keys = st.text(max_size=100)
tenants = st.none() | st.text(max_size=20)


@given(values, keys, tenants, st.sampled_from(Direction))
def test_a_cursor_is_read_as_the_position_it_was_made_of(
    value: int | None, key: str, tenant: str | None, direction: Direction
) -> None:
    order, position = replace(LEADS, direction=direction), Position(value, key)

    assert decode_cursor(encode_cursor(order, tenant, position), order, tenant) == position


@given(values, keys, tenants, st.sampled_from(RecordKind))
def test_a_cursor_of_the_list_of_customers_keeps_the_kind_of_record(
    value: int | None, key: str, tenant: str | None, kind: RecordKind
) -> None:
    position = Position(value, key, kind)

    assert decode_cursor(encode_cursor(CUSTOMERS, tenant, position), CUSTOMERS, tenant, kinds=True) == position


@pytest.mark.parametrize(
    ("order", "tenant"),
    [
        (replace(LEADS, list="bookings"), TENANT),
        (replace(LEADS, field="NAME"), TENANT),
        (replace(LEADS, direction=Direction.ASC), TENANT),
        (LEADS, "other"),
        (LEADS, ""),
        (LEADS, None),
    ],
)
def test_a_cursor_belongs_to_one_list_order_and_tenant(order: Order, tenant: str | None) -> None:
    with pytest.raises(BadCursorError) as caught:
        decode_cursor(CURSOR, order, tenant)

    assert caught.value.extensions == {"code": "BAD_CURSOR"}


def test_a_cursor_of_a_store_without_tenants_is_none_of_a_tenants_list() -> None:
    cursor = encode_cursor(LEADS, None, Position(AT, "7"))

    assert decode_cursor(cursor, LEADS, None) == Position(AT, "7")
    with pytest.raises(BadCursorError):
        decode_cursor(cursor, LEADS, "None")


HEAD = ("leads", "CREATED_AT", "DESC", TENANT)


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        1.0,
        1e15,
        "7",
        str(AT),
        [AT],
        {"value": AT},
        FIRST_MICROS - 1,
        LAST_MICROS + 1,
        -(2**63),
        2**63,
        10**400,
        float("nan"),
        float("inf"),
    ],
)
def test_a_value_that_is_no_instant_makes_no_position(value: object) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(written(*HEAD, value, None, "7"), LEADS, TENANT)


@pytest.mark.parametrize("key", [None, 7, True, ["7"], {"key": "7"}])
def test_a_key_that_is_no_text_makes_no_position(key: object) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(written(*HEAD, AT, None, key), LEADS, TENANT)


@pytest.mark.parametrize("kind", ["CRM", "", 0, False, [], {}])
def test_a_list_of_one_kind_has_no_positions_with_a_kind(kind: object) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(written(*HEAD, AT, kind, "7"), LEADS, TENANT)


@pytest.mark.parametrize("kind", [None, "", "LEAD", "crm", 0, True, ["CRM"], {"CRM": 1}])
def test_the_list_of_customers_has_no_positions_without_a_kind_that_exists(kind: object) -> None:
    head = ("customers", "CREATED_AT", "DESC", TENANT)
    assert decode_cursor(written(*head, AT, "CRM", "7"), CUSTOMERS, TENANT, kinds=True).kind is RecordKind.CRM

    with pytest.raises(BadCursorError):
        decode_cursor(written(*head, AT, kind, "7"), CUSTOMERS, TENANT, kinds=True)


def test_a_position_keeps_what_is_stored_where_its_value_does_not_lead_back_to_it() -> None:
    position = Position(AT, "7", None, "2026-03-08T02:30:00")
    assert decode_cursor(encode_cursor(LEADS, TENANT, position), LEADS, TENANT) == position

    with pytest.raises(BadCursorError):
        decode_cursor(written(*HEAD, None, None, "7", "2026-03-08T02:30:00"), LEADS, TENANT)


@pytest.mark.parametrize(
    "parts", [(*HEAD,), (*HEAD, AT, None), (*HEAD, AT, None, "7", 8), (*HEAD, AT, None, "7", "8", "9"), ()]
)
def test_too_few_or_too_many_parts_make_no_position(parts: tuple[object, ...]) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(written(*parts), LEADS, TENANT)


def _packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


SPELT = f'["leads","CREATED_AT","DESC","{TENANT}",{AT},null,"7"]'


@pytest.mark.parametrize(
    "other",
    [
        CURSOR + "=",
        CURSOR + "==",
        CURSOR + "\n",
        " " + CURSOR,
        CURSOR[:10] + "\n" + CURSOR[10:],
        _packed(SPELT.replace(",", ", ")),
        _packed(SPELT.replace(str(AT), f"{AT}.0")),
        _packed(SPELT.replace(str(AT), f"0{AT}")),
        _packed(SPELT.replace(str(AT), "-0")),
        _packed(SPELT.replace('"7"', '"\\u0037"')),
        _packed(SPELT + " "),
        base64.urlsafe_b64encode(SPELT.encode("utf-16")).decode().rstrip("="),
        base64.urlsafe_b64encode(b"\xef\xbb\xbf" + SPELT.encode()).decode().rstrip("="),
    ],
)
def test_another_spelling_of_the_same_is_no_cursor(other: str) -> None:
    assert _packed(SPELT) == CURSOR

    with pytest.raises(BadCursorError):
        decode_cursor(other, LEADS, TENANT)


def test_the_alphabet_is_the_one_for_urls_alone() -> None:
    key = "?>~" * 3
    cursor = encode_cursor(LEADS, TENANT, Position(AT, key))
    assert {"-", "_"} & set(cursor)

    with pytest.raises(BadCursorError):
        decode_cursor(cursor.replace("-", "+").replace("_", "/"), LEADS, TENANT)


@pytest.mark.parametrize(
    "garbage",
    ["nonsense", "7", "=", "====", "\x00", "é", "\uff37" * 8, "A" * 5_000_000, "[" * 20_000, CURSOR[:-1], CURSOR + "A"],
)
def test_garbage_is_no_cursor_and_is_not_repeated_at_length(garbage: str) -> None:
    with pytest.raises(BadCursorError) as caught:
        decode_cursor(garbage, LEADS, TENANT)

    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("deep", ["[" * 900, "[" * 700 + "]" * 700, '{"a":' * 290])
def test_deep_nesting_is_no_cursor(deep: str) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(_packed(deep), LEADS, TENANT)


def test_half_a_surrogate_pair_is_no_key() -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(_packed(SPELT.replace('"7"', '"\\ud800"')), LEADS, TENANT)


@given(st.text(max_size=60))
def test_whatever_is_given_is_a_cursor_or_refused(text: str) -> None:
    with pytest.raises(BadCursorError):
        decode_cursor(text, LEADS, TENANT)
