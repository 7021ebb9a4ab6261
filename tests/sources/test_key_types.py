"""Keys of rows: many are parsed as one by one, and only what is written as a column would write it is one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.postgres_types import KEY_TYPES

written = (
    st.integers(-(1 << 65), 1 << 65).map(str)
    | st.integers(-200, 200).map(str)
    | st.text(max_size=5)
    | st.from_regex(r"[-+ _0-9٣]{1,6}", fullmatch=True)
    | st.uuids().map(str)
)


@pytest.mark.parametrize("name", KEY_TYPES)
@given(st.lists(written, max_size=6))
def test_many_keys_are_parsed_as_one_by_one(name: str, texts: list[str]) -> None:
    type_ = KEY_TYPES[name]
    assert list(type_.parse_all(texts)) == [type_.parse(text) for text in texts]


@pytest.mark.parametrize("name", ["int2", "int4", "int8"])
@given(st.lists(st.integers(-(1 << 64), 1 << 64)))
def test_whole_numbers_are_keys_as_far_as_the_column_goes(name: str, numbers: list[int]) -> None:
    bits = {"int2": 16, "int4": 32, "int8": 64}[name]
    held = [number if -(1 << (bits - 1)) <= number < 1 << (bits - 1) else None for number in numbers]
    assert list(KEY_TYPES[name].parse_all(list(map(str, numbers)))) == held
