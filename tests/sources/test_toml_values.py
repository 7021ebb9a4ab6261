"""What is written as TOML is read as the same."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from sources.draft import Draft, Part
from sources.toml_values import key_of, written

TEXTS = st.text()
PLAIN = st.one_of(TEXTS, st.integers(-(1 << 63), (1 << 63) - 1), st.booleans())
VALUES = st.one_of(PLAIN, st.lists(PLAIN), st.dictionaries(TEXTS, st.lists(PLAIN)))


@given(TEXTS, VALUES)
def test_any_value_comes_back(key: str, value: object) -> None:
    assert tomllib.loads(f"{key_of(key)} = {written(value)}\n") == {key: value}


def test_half_a_surrogate_pair_does_not_make_a_file_that_cannot_be_written() -> None:
    assert written("\ud800") == '"?"'


@given(TEXTS, TEXTS, TEXTS)
def test_no_comment_of_a_draft_breaks_it(value: str, reason: str, note: str) -> None:
    part = Part("customer")
    part.sure("name", value, reason)
    part.unsure("email", value, reason)
    part.note(note)
    doubtful = Part("revenue", doubt=f"doubt {reason}")
    doubtful.sure("table", value, reason)
    doubtful.note(note)
    text = Draft(parts=[part, doubtful], notes=[note]).text()

    assert tomllib.loads(text) == {"customer": {"name": value}}
