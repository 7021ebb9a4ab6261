"""How a store profile's faults of keys, sections and what lies between them are named, all at once."""

from pathlib import Path

import pytest

from domain.errors import StartError
from tests.flowers import SATELLITES, faults, otherwise, read, untenanted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "flowers.toml"


# ── faults of keys and sections ──


def test_an_unknown_key_is_answered_with_what_was_meant_and_not_missed_as_well(file: Path) -> None:
    assert faults(file, otherwise(("currency", "curency"))) == ("store.curency: unknown key, did you mean currency?",)


def test_an_unknown_key_that_is_like_none_is_answered_with_all(file: Path) -> None:
    (fault,) = faults(file, otherwise(more='[courier]\nxyz = 1\ncollection="c"\nkey="k"\nname="n"\ntenant="org"\n'))
    assert (
        fault == "courier.xyz: unknown key, expected one of collection, where, insert, dates, key, tenant, name, phone"
    )


def test_an_unknown_section_is_named(file: Path) -> None:
    assert faults(file, otherwise(more="[segmnets]\nnew = 1\n")) == (
        "segmnets: unknown section, did you mean segments?",
    )


def test_accounts_have_a_collection_and_customers_a_table(file: Path) -> None:
    text = otherwise(("collection", "table"), ('table = "customers"', 'collection = "customers"'))
    assert faults(file, text) == (
        "customer.collection: unknown key, did you mean table?",
        "account.table: unknown key, did you mean collection?",
    )


def test_satellites_have_no_key(file: Path) -> None:
    (fault,) = faults(file, otherwise(more='[customer.referrer]\ntable = "r"\ncustomer = "c"\nkey = "id"\n'))
    assert fault.startswith(
        "customer.referrer.key: unknown key, expected one of table, where, insert, dates, tenant, c"
    )


def test_a_missing_key_is_named_with_what_it_would_be(file: Path) -> None:
    assert faults(file, otherwise(('at = "paid_at"\n', ""))) == (
        "revenue.at: missing, expected a column (a text without dots)",
    )


def test_a_missing_section_is_named_with_its_keys(file: Path) -> None:
    text = otherwise(('[lead.status]\ncolumn = "status"\nwords = { NEW = ["new"], WON = ["won"] }', ""))
    assert faults(file, text) == ("lead.status: missing, expected a section with column, words, transitions",)
    text = otherwise(('links = { account = "user_id", crm = "crm_id" }', ""))
    assert faults(file, text) == ("delivery.links: missing, expected a section with account, crm",)


def test_a_value_where_a_section_belongs_is_named(file: Path) -> None:
    text = otherwise(('links = { account = "user_id", crm = "crm_id" }', 'links = "user_id"'))
    assert faults(file, text) == ("delivery.links: is no section, expected a section with account, crm",)


def test_one_kind_of_record_has_to_be_mapped(file: Path) -> None:
    assert faults(file, '[store]\nname = "empty"\ncurrency = "EUR"\n') == (
        "has none of customer, account, delivery, expected at least one",
    )


def test_stored_totals_and_snapshots_name_something(file: Path) -> None:
    text = otherwise(more='[customer.stored_totals]\n[lead.snapshot]\ncatalogue = { table="t", key="k", by="b" }\n')
    assert [fault.split(":")[0] for fault in faults(file, text)] == ["customer.stored_totals", "lead.snapshot"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            'amount = "price"',
            'end_at = "e"\nminutes = "m"',
            "booking.minutes: contradicts end_at, expected one of the two",
        ),
        (
            'amount = "price"',
            'currency = "c"',
            "booking.currency: means nothing without amount, expected amount beside it",
        ),
        (
            "[revenue]",
            '[customer.stored_totals]\nleads="l"\ncustomer="c"\n[revenue]',
            "customer.stored_totals.customer: m",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_named(file: Path, old: str, new: str, fault: str) -> None:
    (only,) = faults(file, otherwise((old, new)))
    assert only.startswith(fault)


# ── faults between sections ──


def test_links_name_kinds_that_are_mapped(file: Path) -> None:
    text = '[store]\nname = "one"\ncurrency = "EUR"\n[account]\ncollection = "users"\nkey = "id"\n'
    assert faults(file, text + 'links = { delivery = "d", crm = "c" }\n') == (
        "account.links.delivery: names a row of [delivery], expected this section in the profile",
        "account.links.crm: names a row of [customer], expected this section in the profile",
    )


def test_a_courier_needs_couriers(file: Path) -> None:
    assert faults(file, otherwise(('"rounds"', '"rounds"\ncourier = "driver_id"'))) == (
        "delivery.courier: names a row of [courier], expected this section in the profile",
    )


def without_leads(text: str) -> str:
    before, rest = text.split("[lead]")
    return before + "[booking]" + rest.split("[booking]")[1]


def test_what_goes_through_leads_needs_leads(file: Path) -> None:
    text = without_leads(otherwise()).replace(
        'customer = "customer_id"', 'customer = { through = "lead", by = "lead_id" }'
    )
    assert faults(file, text) == (
        "booking.customer: goes through [lead], expected this section in the profile",
        "booking.lead: names a row of [lead], expected this section in the profile",
        "revenue.customer: goes through [lead], expected this section in the profile",
    )


def test_what_goes_through_leads_needs_leads_of_customers(file: Path) -> None:
    through = 'customer = { through = "lead", by = "lead_id" }'
    text = otherwise(('customer = "customer_id"\n', ""), ('customer = "customer_id"', through))
    assert faults(file, text) == (
        "booking.customer: goes through [lead], which names no customer, expected lead.customer",
    )


def test_a_lead_does_not_go_through_leads(file: Path) -> None:
    text = otherwise(('customer = "customer_id"', 'customer = { through = "lead", by = "lead_id" }'))
    assert faults(file, text) == ('lead.customer: is {"through": "lead", "by": "lead_id"}, expected a column',)


COURIER = '[courier]\ncollection = "users"\nkey = "id"\nname = "name"\n'


def test_every_section_with_a_key_names_a_tenant_if_one_does(file: Path) -> None:
    text = untenanted(('"customers"', '"customers"\ntenant = "shop"'), more=COURIER)
    assert faults(file, text) == tuple(
        f"{name}.tenant: missing, expected a column that names a row's tenant, as [customer] has tenants"
        for name in ("lead", "booking", "account", "delivery", "courier")
    )


def test_a_section_of_tenants_wants_a_tenant_everywhere_and_has_none_itself(file: Path) -> None:
    tenants = '[tenant]\ntable = "tenants"\nkey = "id"\n'
    found = faults(file, untenanted(more=tenants))
    assert len(found) == 5
    assert found[0].endswith("a column that names a row's tenant, as there is a section [tenant]")
    (fault,) = faults(file, otherwise(more=f'{tenants}tenant = "org"\n'))
    assert fault.startswith("tenant.tenant: unknown key")


def test_a_satellites_tenant_is_one_too(file: Path) -> None:
    found = faults(file, untenanted(more=SATELLITES))
    assert found[0] == "customer.tenant: missing, expected a column that names a row's tenant, as [booking] has tenants"


def test_a_condition_on_a_column_called_tenant_makes_no_tenants(file: Path) -> None:
    assert not read(file, untenanted(('"customers"', '"customers"\nwhere = { tenant = ["a"] }'))).has_tenants


def test_revenue_without_customers_names_its_own_tenant(file: Path) -> None:
    text = (
        '[store]\nname = "one"\ncurrency = "EUR"\n'
        '[account]\ncollection = "users"\nkey = "id"\ntenant = "org"\nlinks = {}\n'
        '[revenue]\ntable = "payments"\namount = "amount"\nat = "paid_at"\n'
    )
    (fault,) = faults(file, text)
    assert fault == "revenue.tenant: missing, expected a column that names a row's tenant, as [account] has tenants"
    assert read(file, text + 'tenant = "org"\n').has_tenants


# ── all at once ──


def test_all_faults_of_a_file_come_in_one_message(file: Path) -> None:
    text = otherwise(
        ('"EUR"', '"EURO"'),
        ('key = "id"', "key = 5"),
        ('tenant = "org"\nkey = "id"\ncustomer', 'key = "id"\nnmae = "n"\ncustomer'),
        ('"sure", "moved"', '"sure", "asked"'),
        ('at = "paid_at"', ""),
        more="[segments]\nactive = 180\n",
    )
    with pytest.raises(StartError) as caught:
        read(file, text)
    assert str(caught.value).splitlines() == [
        f"The store profile {file} is refused:",
        '  - store.currency: is "EURO", expected a code of ISO 4217 with a minor unit, such as EUR',
        "  - customer.key: is 5, expected a column (a text without dots)",
        "  - lead.nmae: unknown key, did you mean name?",
        '  - booking.status.words.CONFIRMED: the word "asked" stands in REQUESTED already, expected each word once',
        "  - revenue.at: missing, expected a column (a text without dots)",
        "  - lead.tenant: missing, expected a column that names a row's tenant, as [customer] has tenants",
        "  - segments.at_risk: is 180, expected more days than segments.active, 180",
    ]
