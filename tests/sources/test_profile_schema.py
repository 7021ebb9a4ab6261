"""The JSON Schema for editors: current, right about the profiles that come with the gateway, and about wrong ones."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from gateway.__main__ import main
from sources.profile_reading import shipped_profiles
from sources.profile_schema import json_schema
from tests.flowers import SATELLITES, otherwise

REPOSITORY = Path(__file__).parents[2]
PROFILES = REPOSITORY / "sources" / "profiles"
FILE = PROFILES / "profile.schema.json"
VALIDATOR = jsonschema.Draft7Validator(json_schema())


def complaints(text: str) -> list[str]:
    """Say where the schema finds fault with the profile *text*."""
    return [".".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_the_kept_file_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "schema"]) == 0
    assert FILE.read_text(encoding="utf-8") == capsys.readouterr().out


def test_the_file_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(FILE.read_text(encoding="utf-8")))


EVERY_PROFILE = [*(PROFILES / f"{name}.toml" for name in shipped_profiles()), REPOSITORY / "docs/profile-example.toml"]


@pytest.mark.parametrize("path", EVERY_PROFILE, ids=lambda path: path.stem)
def test_every_profile_names_the_schema_and_follows_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = text.splitlines()[0].removeprefix("#:schema ")
    assert (path.parent / named).resolve() == FILE
    assert complaints(text) == []


def test_what_the_reader_accepts_the_schema_accepts() -> None:
    assert complaints(otherwise(more=SATELLITES)) == []


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ('currency = "EUR"', 'curency = "EUR"', "store"),
        ('currency = "EUR"', 'currency = "EURO"', "store.currency"),
        ('currency = "EUR"', 'currency = "EUR"\nphone_region = "dk"', "store.phone_region"),
        ('currency = "EUR"', 'currency = "EUR"\ntrust_unverified = "yes"', "store.trust_unverified"),
        ('key = "id"', "key = 5", "customer.key"),
        ('key = "id"', 'key = "a.b"', "customer.key"),
        ('name = "name"', 'name = ["a", "b..c"]', "customer.name"),
        ('name = "name"', "name = { join = [] }", "customer.name"),
        ('name = "name"', 'name = "name"\nwhere = { kind = "x" }', "customer.where.kind"),
        ('name = "name"', 'name = "name"\ninsert = { id = "@uid" }', "customer.insert.id"),
        ('name = "name"', 'name = "name"\ndates = "text"', "customer.dates"),
        ('customer = "customer_id"', 'customer = { through = "lead", by = "x" }', "lead.customer"),
        ('NEW = ["new"]', "NEW = []", "lead.status.words.NEW"),
        ('NEW = ["new"]', 'NEWLY = ["new"]', "lead.status.words"),
        ('at = "paid_at"', "", "revenue"),
        ('amount = "price"', 'minutes = "m"\nend_at = "e"', "booking"),
        ('amount = "price"', 'currency = "c"', "booking"),
        ('links = { account = "user_id", crm = "crm_id" }', "", "delivery"),
        ("[delivery]", "[segments]\nnew = 0\n[delivery]", "segments.new"),
        ('email = "email"', 'password_hash = "h"\npassword_scheme = "md5"', "account.password_scheme"),
    ],
)
def test_a_wrong_profile_is_marked_where_it_is_wrong(old: str, new: str, at: str) -> None:
    # What is wrong at the top of a section is marked at the section.
    assert set(complaints(otherwise((old, new)))) == {at}


def test_a_profile_without_any_records_is_marked() -> None:
    assert complaints('[store]\nname = "empty"\ncurrency = "EUR"\n') == [""]
