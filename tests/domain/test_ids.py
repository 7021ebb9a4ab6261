"""Ids that clients hold: whatever was handed out is read again, and nothing else is."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadIdError
from domain.ids import BOOKING, CUSTOMER, LEAD, GlobalId, decode_id, encode_id, encode_ids, pack
from domain.records import RecordKind, RecordRef

ID = encode_id(CUSTOMER, "acme", "7", RecordKind.CRM)


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def written(*parts: object) -> str:
    return packed(json.dumps(parts, ensure_ascii=False, separators=(",", ":")))


def is_refused(text: str, expected: str | None = None) -> bool:
    try:
        decode_id(text, expected)
    except BadIdError:
        return True
    return False


texts = st.text(max_size=100)


@given(texts, st.none() | texts, st.sampled_from(RecordKind))
def test_a_customers_id_is_read_as_the_record_it_was_made_of(key: str, tenant: str | None, kind: RecordKind) -> None:
    text = encode_id(CUSTOMER, tenant, key, kind)

    found = decode_id(text, CUSTOMER)

    assert found == GlobalId(CUSTOMER, tenant, key, kind)
    assert found.record == RecordRef(kind, key)
    assert decode_id(text) == found


@given(st.sampled_from([CUSTOMER, LEAD]), st.none() | texts, texts, st.none() | st.sampled_from(RecordKind))
def test_an_id_is_json_in_base64(type_: str, tenant: str | None, key: str, kind: RecordKind | None) -> None:
    assert encode_id(type_, tenant, key, kind) == written(type_, kind and kind.value, tenant, key)


@given(st.none() | texts, st.lists(texts), st.none() | st.sampled_from(RecordKind))
def test_many_ids_are_written_as_each_is(tenant: str | None, keys: list[str], kind: RecordKind | None) -> None:
    assert encode_ids(LEAD, tenant, keys, kind) == [encode_id(LEAD, tenant, key, kind) for key in keys]


@given(st.lists(st.none() | st.booleans() | texts | st.integers() | st.floats(allow_nan=False) | st.lists(texts)))
def test_what_is_packed_is_json_in_base64(parts: list[object]) -> None:
    assert pack(parts) == written(*parts)


@given(texts, st.none() | texts, st.sampled_from([LEAD, BOOKING]))
def test_the_id_of_a_lead_or_booking_has_no_kind_of_record(key: str, tenant: str | None, type_: str) -> None:
    assert decode_id(encode_id(type_, tenant, key), type_) == GlobalId(type_, tenant, key)


@given(texts, texts, st.sampled_from(RecordKind), st.sampled_from(RecordKind))
def test_different_records_have_different_ids(one: str, other: str, kind: RecordKind, another: RecordKind) -> None:
    same = (one, kind) == (other, another)

    assert (encode_id(CUSTOMER, None, one, kind) == encode_id(CUSTOMER, None, other, another)) is same


def test_an_id_is_of_characters_that_need_no_escape_in_an_address() -> None:
    text = encode_id(CUSTOMER, "?>~é", "ÿ~?>" * 9, RecordKind.DELIVERY)

    assert text.replace("-", "").replace("_", "").isalnum()
    assert text.isascii()


@pytest.mark.parametrize("key", ["\x00", "a\x00b", "\n", '"', "\\", "\u2028", "😀", "7 ", "", "٣"])
def test_any_text_can_be_a_key(key: str) -> None:
    assert decode_id(encode_id(LEAD, None, key)).key == key


def test_half_a_surrogate_pair_is_no_key_that_an_id_could_name() -> None:
    """No store can hold one either, so no id is ever made of it."""
    with pytest.raises(UnicodeEncodeError):
        encode_id(LEAD, None, "\ud800")
    assert is_refused(packed('["Lead",null,null,"\\ud800"]'))
    assert is_refused("\ud800")


@pytest.mark.parametrize(("type_", "kind"), [(CUSTOMER, RecordKind.CRM), (LEAD, None), (BOOKING, None)])
@pytest.mark.parametrize("expected", [CUSTOMER, LEAD, BOOKING])
def test_the_id_of_another_type_is_refused(type_: str, kind: RecordKind | None, expected: str) -> None:
    text = encode_id(type_, "acme", "7", kind)

    assert is_refused(text, expected) is (type_ != expected)


def test_the_refusal_says_what_was_given_and_expected() -> None:
    with pytest.raises(BadIdError, match=r"^'nonsense' is not an id of a Customer\.$") as caught:
        decode_id("nonsense", CUSTOMER)

    assert caught.value.extensions == {"code": "BAD_ID"}


@pytest.mark.parametrize("given_text", ["x" * 5_000_000, "\x00\n\x1b[31m", "\ud800", "\u202e"])
def test_the_refusal_repeats_nothing_at_length_and_nothing_that_does_not_print(given_text: str) -> None:
    with pytest.raises(BadIdError) as caught:
        decode_id(given_text)

    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "parts",
    [
        (),
        ("Customer",),
        ("Customer", "CRM", None),
        ("Customer", "CRM", None, "7", "8"),
        ("Customer", None, None, "7"),
        ("Customer", "crm", None, "7"),
        ("Customer", "LEAD", None, "7"),
        ("Customer", ["CRM"], None, "7"),
        ("Customer", {"CRM": 1}, None, "7"),
        ("Customer", True, None, "7"),
        ("Lead", "CRM", None, "7"),
        ("Lead", "", None, "7"),
        ("Lead", False, None, "7"),
        ("Lead", None, None, 7),
        ("Lead", None, None, None),
        ("Lead", None, None, ["7"]),
        ("Lead", None, 7, "7"),
        ("Lead", None, False, "7"),
        ("Lead", None, ["acme"], "7"),
        ("lead", None, None, "7"),
        ("User", None, None, "7"),
        (["Lead"], None, None, "7"),
        ({"Lead": 1}, None, None, "7"),
        (None, None, None, "7"),
        (7, None, None, "7"),
    ],
)
def test_parts_that_are_not_those_of_an_id_are_refused(parts: tuple[object, ...]) -> None:
    assert is_refused(written(*parts))


@pytest.mark.parametrize(
    "document", ['{"0":"Lead","1":null,"2":null,"3":"7"}', '"Lead"', "7", "null", "NaN", "", "[" * 900, "1" * 1400]
)
def test_what_is_no_list_is_refused(document: str) -> None:
    assert is_refused(packed(document))


@pytest.mark.parametrize(
    "other",
    [
        ID + "=",
        ID + "==",
        ID + "====",
        " " + ID,
        ID + "\n",
        ID[:8] + "\n" + ID[8:],
        ID.swapcase(),
        ID[:-1],
        ID + "A",
        packed('["Customer", "CRM", "acme", "7"]'),
        packed('["Customer","CRM","acme","\\u0037"]'),
        packed('["Customer","CRM","acme","7"]\n'),
        base64.urlsafe_b64encode('["Customer","CRM","acme","7"]'.encode("utf-16")).decode().rstrip("="),
    ],
)
def test_another_spelling_of_the_same_is_refused(other: str) -> None:
    """Otherwise one customer would have several ids, and a client's cache several customers."""
    assert packed('["Customer","CRM","acme","7"]') == ID

    assert is_refused(other)


@pytest.mark.parametrize("length", range(1, 9))
def test_the_spare_bits_of_the_last_character_have_one_spelling(length: int) -> None:
    text = encode_id(LEAD, None, "x" * length)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    others = [text[:-1] + character for character in alphabet if character != text[-1]]

    assert all(is_refused(other) for other in others)


@pytest.mark.parametrize(
    "garbage", ["", "7", "=", "\x00", "é", "\uff37" * 8, "x" * 5_000_000, "Customer:7", "Q3VzdG9tZXI6Nw"]
)
def test_garbage_is_refused(garbage: str) -> None:
    assert is_refused(garbage)


@given(st.text(max_size=60))
def test_whatever_is_given_is_refused_unless_it_was_handed_out(text: str) -> None:
    assert is_refused(text)


@given(st.integers(0, len(ID) - 1), st.characters(codec="ascii"))
def test_an_id_with_one_character_changed_is_refused_or_another_id(at: int, character: str) -> None:
    changed = ID[:at] + character + ID[at + 1 :]

    try:
        found = decode_id(changed)
    except BadIdError:
        return
    assert encode_id(found.type, found.tenant, found.key, found.kind) == changed
