"""Names of tables and columns are read as words, in whatever style and language they are written."""

import pytest

from sources.draft_names import is_one_of, likeness, without_leading, words_of
from sources.draft_vocabulary import COLUMNS, PLACES, STATUS_WORDS
from sources.profile_grammar import GRAMMAR
from sources.profile_keys import section_at


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("created_at", ["created", "at"]),
        ("createdAt", ["created", "at"]),
        ("CreatedAt", ["created", "at"]),
        ("customerID", ["customer", "id"]),
        ("EMail", ["e", "mail"]),
        ("customers_v2", ["customers", "v", "2"]),
        ("crm.Customer", ["crm", "customer"]),
        ("Straße Ørsted", ["strasse", "orsted"]),
        ("клиенты", ["клиенты"]),
        ("", []),
    ],
)
def test_a_name_is_its_words(name: str, words: list[str]) -> None:
    assert list(words_of(name)) == words


@pytest.mark.parametrize(
    ("place", "section", "like"),
    [
        ("customers", "customer", 3),
        ("crm.Customer", "customer", 3),
        ("customers_v2", "customer", 3),
        ("square_customers", "customer", 2),
        ("Stammkunden", "customer", 1),
        ("customer_analytics", "customer", 0),
        ("Termine", "booking", 3),
        ("solicitudes", "lead", 3),
        ("leads", "customer", 0),
    ],
)
def test_a_table_is_what_its_last_noun_says(place: str, section: str, like: int) -> None:
    assert likeness(place, PLACES[section]) == like


def test_plurals_are_their_singulars() -> None:
    assert is_one_of("inquiries", ["inquir"])
    assert is_one_of("kunder", ["kund"])
    assert not is_one_of("leadership", ["lead"])


def test_the_own_noun_of_a_place_says_nothing_of_its_columns() -> None:
    assert without_leading(("customer", "name"), PLACES["customer"]) == ("name",)
    assert without_leading(("customer",), PLACES["customer"]) == ("customer",)


def test_every_word_of_a_status_stands_for_one_of_it() -> None:
    for statuses, words in STATUS_WORDS.items():
        listed = [word for names in words.values() for word in names]
        assert len(listed) == len(set(listed)), statuses


def test_the_vocabulary_speaks_of_keys_that_profiles_have() -> None:
    for at, keys in COLUMNS.items():
        for section in {"history": ("lead.history",), "snapshot": ("lead.snapshot",)}.get(at, (at,)):
            assert keys.keys() <= section_at(section).keys.keys()
    assert GRAMMAR.sections.keys() >= PLACES.keys() - {"shipments"}
