"""What a value of a store profile may be, and how a wrong one is named."""

from pathlib import Path

import pytest

from tests.flowers import faults, otherwise, read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "flowers.toml"


# ── faults of one value ──


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'currency = "EUR"',
            'currency = "EURO"',
            'store.currency: is "EURO", expected a code of ISO 4217 with a minor',
        ),
        ('currency = "EUR"', 'currency = "XXX"', 'store.currency: is "XXX", expected a code of ISO 4217 with a minor'),
        ('currency = "EUR"', 'currency = "eur"', 'store.currency: is "eur", expected a code of ISO 4217 with a minor'),
        ("[store]", '[store]\ntimezone = "Europe/Copenhage"', "store.timezone: is"),
        ("[store]", '[store]\ntimezone = "nowhere"', 'store.timezone: is "nowhere", expected a time zone such as'),
        ("[store]", "[store]\ntimezone = 1", "store.timezone: is 1, expected a time zone such as"),
        ("[store]", '[store]\nphone_region = "dk"', 'store.phone_region: is "dk", expected two capital letters'),
        ("[store]", '[store]\ntrust_unverified = "yes"', 'store.trust_unverified: is "yes", expected true or false'),
        ("[store]", "[store]\ntrust_unverified = 1", "store.trust_unverified: is 1, expected true or false"),
        ('name = "flowers"', 'name = ""', 'store.name: is "", expected a text that is not empty'),
        ('"customers"', "true", "customer.table: is true, expected a text that is not empty"),
        ('key = "id"', "key = 5", "customer.key: is 5, expected a column (a text without dots)"),
        ('key = "id"', 'key = "a.b"', 'customer.key: is "a.b", expected a column'),
        ('key = "id"', 'key = "$id"', 'customer.key: is "$id", expected a column'),
        ('name = "name"', "name = []", "customer.name: is [], expected a path (column or column.key), a list of paths"),
        ('name = "name"', "name = { join = [] }", 'customer.name: is {"join": []}, expected a path'),
        ('name = "name"', 'name = { join = "a" }', 'customer.name: is {"join": "a"}, expected a path'),
        ('name = "name"', 'name = "a..b"', 'customer.name: is "a..b", expected a path'),
        ('name = "name"', 'area = ["a", 5]', 'customer.area: is ["a", 5], expected a path'),
        ('email = "email"', 'email = { join = ["a"] }', 'account.email: is {"join": ["a"]}, expected a path'),
        ('customer = "customer_id"', 'customer = ["a"]', 'lead.customer: is ["a"], expected a column'),
        (
            'customer = "customer_id"\nlead',
            'customer = { through = "order", by = "a" }\nlead',
            'booking.customer: is {"through": "order", "by": "a"}, expected a column, or { through = "lead", by = col',
        ),
        ('"customers"', '"customers"\nwhere = { a = "b" }', 'customer.where.a: is "b", expected a list of one or more'),
        ('"customers"', '"customers"\nwhere = { a = [] }', "customer.where.a: is [], expected a list of one or more"),
        ('"customers"', '"customers"\nwhere = {}', "customer.where: is {}, expected { column = [value, …] }"),
        ('"customers"', '"customers"\nwhere = { a = [nan] }', "customer.where.a: is [NaN], expected a list of one"),
        ('"customers"', '"customers"\nwhere = { "a.b" = [1] }', 'customer.where: has "a.b", expected a column'),
        ('"customers"', '"customers"\ninsert = { a = [1] }', "customer.insert.a: is [1], expected a text, a number"),
        (
            '"customers"',
            '"customers"\ninsert = { a = "@uid" }',
            'customer.insert.a: is "@uid", expected one of @uuid, ',
        ),
        (
            '"customers"',
            '"customers"\ninsert = { a = "@code" }',
            'customer.insert.a: is "@code", expected one of @uuid',
        ),
        ('"customers"', '"customers"\ndates = "text"', 'customer.dates: is "text", expected one of native, iso, iso_z'),
        (
            'amount = "price"',
            'amount = "price"\nunit = "cents"',
            'booking.unit: is "cents", expected one of major, min',
        ),
        (
            '"users"',
            '"users"\npassword_hash = "h"\npassword_scheme = "md5"',
            'account.password_scheme: is "md5", expec',
        ),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_what_was_expected(file: Path, old: str, new: str, fault: str) -> None:
    (only,) = faults(file, otherwise((old, new)))
    assert only.startswith(fault)


def test_a_misspelt_timezone_is_answered_with_the_nearest(file: Path) -> None:
    (fault,) = faults(file, otherwise(("[store]", '[store]\ntimezone = "europe/copenhage"')))
    assert fault == 'store.timezone: is "europe/copenhage", did you mean Europe/Copenhagen?'


@pytest.mark.parametrize("pattern", ["B-", "{", "{:04}-{:04}", "{:zz}", "{name}", "{1}", "{0!r}", "{:{}}", "{:s}"])
def test_a_code_must_be_a_format_of_one_number(file: Path, pattern: str) -> None:
    (fault,) = faults(file, otherwise(('"customers"', f'"customers"\ninsert = {{ a = "@code:{pattern}" }}')))
    assert fault.startswith(f'customer.insert.a: is "@code:{pattern}", expected a Python format of one number after ')


@pytest.mark.parametrize("pattern", ["B-{:04}", "{}", "{0:x}", "{{{:d}}}"])
def test_any_format_of_one_number_makes_codes(file: Path, pattern: str) -> None:
    customer = read(file, otherwise(('"customers"', f'"customers"\ninsert = {{ a = "@code:{pattern}" }}'))).customer
    assert customer is not None
    assert customer.insert == {"a": f"@code:{pattern}"}


@pytest.mark.parametrize("address", ["{phone}", "{mobile}@a.example", "{phone@a.example", "x@{name}", "{phone}@@a", ""])
def test_a_placeholder_is_an_address_with_known_fields_in_braces(file: Path, address: str) -> None:
    (fault,) = faults(file, otherwise(('"users"', f'"users"\nplaceholder_email = "{address}"')))
    assert fault.startswith(f'account.placeholder_email: is "{address}", expected an address such as {{phone}}@store')


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "true", '"30"'])
def test_segments_are_whole_days(file: Path, days: str) -> None:
    (fault,) = faults(file, otherwise(more=f"[segments]\nnew = {days}\n"))
    assert fault == f"segments.new: is {days}, expected a whole number of days, 1 or more"


def test_a_customer_is_at_risk_after_being_active(file: Path) -> None:
    (fault,) = faults(file, otherwise(more="[segments]\nactive = 200\n"))
    assert fault == "segments.at_risk: is 180, expected more days than segments.active, 200"


# ── faults of statuses ──


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ('{ NEW = ["new"], WON = ["new"] }', '.WON: the word "new" stands in NEW already, expected each word once'),
        ('{ NEW = ["new", "new"] }', '.NEW: the word "new" stands in NEW already, expected each word once'),
        ('{ NWE = ["new"] }', ".NWE: unknown status, did you mean NEW?"),
        (
            '{ COMPLETED = ["done"] }',
            ".COMPLETED: unknown status, expected one of NEW, CONTACTED, QUALIFIED, QUOTED, WON",
        ),
        ('{ UNKNOWN = ["odd"] }', ".UNKNOWN: unknown status, expected one of NEW, CONTACTED, QUALIFIED, QUOTED, WON"),
        ('{ NEW = "new" }', '.NEW: is "new", expected a list of one or more words'),
        ("{ NEW = [] }", ".NEW: is [], expected a list of one or more words"),
        ("{ NEW = [1] }", ".NEW: is [1], expected a list of one or more words"),
        ("{}", ": is {}, expected { STATUS = [word, …] }"),
        ('["new"]', ': is ["new"], expected { STATUS = [word, …] }'),
    ],
)
def test_words_belong_to_one_known_status_each(file: Path, words: str, fault: str) -> None:
    (only,) = faults(file, otherwise(('{ NEW = ["new"], WON = ["won"] }', words)))
    assert only.startswith(f"lead.status.words{fault}")


@pytest.mark.parametrize(
    ("transitions", "fault"),
    [
        ('{ new = ["lost"] }', '.new: no status has the word "lost", expected one of new, won'),
        ('{ lost = ["won"] }', '.lost: no status has the word "lost", expected one of new, won'),
        ('{ new = ["new"] }', ".new: leads to itself, expected other words"),
        ('{ new = "won" }', '.new: is "won", expected a list of words'),
        ("true", ": is true, expected { word = [word, …] }"),
    ],
)
def test_transitions_lead_from_word_to_word(file: Path, transitions: str, fault: str) -> None:
    words = '{ NEW = ["new"], WON = ["won"] }'
    (only,) = faults(file, otherwise((words, f"{words}\ntransitions = {transitions}")))
    assert only == f"lead.status.transitions{fault}"
