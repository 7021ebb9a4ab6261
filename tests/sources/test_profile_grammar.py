"""The grammar of store profiles agrees with the shapes, and with itself."""

from collections.abc import Iterator
from dataclasses import MISSING, fields

import pytest

from domain.status import CustomerStatus
from sources.profile import StatusMap
from sources.profile_grammar import GRAMMAR
from sources.profile_kinds import Key, Kind, Section


def sections(section: Section = GRAMMAR, at: str = "") -> Iterator[tuple[str, Section]]:
    yield at, section
    for name, inner in section.sections.items():
        yield from sections(inner, f"{at}.{name}".lstrip("."))


EVERY_SECTION = dict(sections())
EVERY_KEY = {f"{at}.{name}": key for at, section in EVERY_SECTION.items() for name, key in section.keys.items()}


@pytest.mark.parametrize("at", EVERY_SECTION)
def test_the_grammar_and_the_shapes_know_the_same_names(at: str) -> None:
    section = EVERY_SECTION[at]
    # The tenants themselves are not of a tenant.
    unreachable = {"tenant"} if at == "tenant" else set()
    names = {section.attribute(name) for name in section.names}
    assert names == {one.name for one in fields(section.shape)} - unreachable


@pytest.mark.parametrize("at", EVERY_KEY)
def test_every_key_has_what_its_kind_needs(at: str) -> None:
    key: Key = EVERY_KEY[at]
    beside = EVERY_SECTION[at.rpartition(".")[0]].keys
    assert key.description
    assert bool(key.choices) == (key.kind is Kind.CHOICE)
    assert bool(key.statuses) == (key.kind is Kind.WORDS)
    assert key.to is None or key.to in GRAMMAR.sections
    assert key.default_from is None or key.default_from in EVERY_KEY
    assert {key.needs, key.excludes} - {None} <= beside.keys()


def test_the_grammar_tells_what_is_required_and_the_defaults() -> None:
    store = GRAMMAR.sections["store"]
    assert store.requires("currency")
    assert store.default("currency") is MISSING
    assert store.default("timezone") == "UTC"
    assert GRAMMAR.sections["customer"].default("where") == {}
    assert GRAMMAR.sections["account"].requires("links")
    assert GRAMMAR.sections["delivery"].sections["status"].keys["words"].statuses is CustomerStatus
    assert GRAMMAR.sections["lead"].sections["status"].shape is StatusMap
