"""Where store profiles come from, and what a right one becomes."""

from pathlib import Path

import pytest

from domain.errors import StartError
from domain.status import BookingStatus, LeadStatus
from sources import profile
from sources.profile import Join, Links, Ref, Segments
from sources.profile_reading import read_profile, shipped_profiles
from tests.flowers import SATELLITES, STORE, faults, otherwise, read, untenanted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "flowers.toml"


# ── where profiles come from ──


def test_grocer_is_read_by_its_name() -> None:
    grocer = read_profile("grocer")

    assert grocer.store.currency == "EUR"
    assert grocer.store.trust_unverified is True
    assert grocer.store.timezone == "UTC"
    assert grocer.has_tenants
    assert grocer.customer is not None
    assert grocer.customer.name_of == "customers"
    assert grocer.customer.insert == {"id": "@next", "created_at": "@now"}
    assert grocer.customer.name == (profile.Path("name"),)
    assert grocer.lead is not None
    assert grocer.lead.status.words[LeadStatus.WON] == ("won",)
    assert grocer.lead.unattached == "orphaned"
    assert grocer.booking is not None
    assert grocer.booking.status.words[BookingStatus.COMPLETED] == ("done",)
    assert grocer.booking.customer == Ref("customer_id")
    assert grocer.revenue is not None
    assert grocer.revenue.where == {"status": ("accepted",)}
    assert grocer.account is not None
    assert grocer.account.active == {"is_active": (True,)}
    assert grocer.account.links == Links(partner="customer_v2_id", crm="crm_customer_id")
    assert grocer.delivery is not None
    assert grocer.delivery.dates == "iso"
    assert grocer.delivery.links == Links(partner="user_id", crm="crm_customer_id")
    assert grocer.tenant is None
    assert grocer.courier is None
    assert grocer.segments == Segments(new=30, active=90, at_risk=180)


@pytest.mark.parametrize("name", shipped_profiles())
def test_every_shipped_profile_is_right(name: str) -> None:
    assert read_profile(name).store.name == name


def test_an_unknown_name_is_answered_with_the_shipped_ones() -> None:
    with pytest.raises(StartError) as caught:
        read_profile("grocerr")
    assert caught.value.heading == "There is no store profile 'grocerr':"
    assert caught.value.faults[0] == "did you mean grocer?"
    assert caught.value.faults[1].startswith("expected the path of a file, or one of ")
    assert "grocer" in caught.value.faults[1]


@pytest.mark.parametrize("path", ["nowhere/grocer", "nowhere.toml"])
def test_a_path_without_file_is_no_name_of_a_shipped_profile(path: str) -> None:
    with pytest.raises(StartError, match="There is no store profile") as caught:
        read_profile(path)
    assert "grocer" in str(caught.value)


def test_a_file_that_is_named_as_if_it_were_shipped_is_answered_with_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flowers").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StartError, match=r"(?s)There is no store profile 'flowers':.*give its path: \./flowers"):
        read_profile("flowers")


@pytest.mark.parametrize("ending", ["", ".toml"])
def test_a_folder_is_refused_as_one(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / f"flowers{ending}"
    folder.mkdir()
    with pytest.raises(StartError, match=rf"{folder} cannot be read:\s+- Is a directory"):
        read_profile(str(folder))


def test_a_name_that_no_file_can_have_is_refused() -> None:
    with pytest.raises(StartError, match="cannot be read"):
        read_profile("x" * 300)


def test_what_is_no_toml_is_refused_with_file_and_line(file: Path) -> None:
    assert faults(file, '[store]\nname = "flowers"\ncurrency = EUR\n') == (f"{file}:3: Invalid value",)


def test_toml_that_ends_too_early_is_refused_at_its_last_line(file: Path) -> None:
    (fault,) = faults(file, '[store]\nname = """flowers')
    assert fault.startswith(f"{file}:2: ")


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(file: Path) -> None:
    file.write_bytes(b'[store]\nname = "bl\xe5"\n')
    with pytest.raises(StartError) as caught:
        read_profile(str(file))
    assert caught.value.faults == (f"{file}:2: is not UTF-8, as TOML is",)


# ── what a right one becomes ──


def test_the_store_of_these_tests_is_right(file: Path) -> None:
    assert read(file, STORE).has_tenants
    assert not read(file, untenanted()).has_tenants


def test_fields_are_paths_and_lists_of_paths(file: Path) -> None:
    text = otherwise(('name = "name"', 'name = "name"\nemail = ["email", "extra.mail.work"]'))
    customer = read(file, text).customer
    assert customer is not None
    assert customer.email == (profile.Path("email"), profile.Path("extra", ("mail", "work")))


def test_a_customers_name_may_be_joined(file: Path) -> None:
    customer = read(file, otherwise(('name = "name"', 'name = { join = ["given", "family"] }'))).customer
    assert customer is not None
    assert customer.name == Join((profile.Path("given"), profile.Path("family")))


def test_a_booking_may_find_its_customer_through_its_lead(file: Path) -> None:
    text = otherwise(('customer = "customer_id"\nlead', 'customer = { through = "lead", by = "lead_id" }\nlead'))
    booking = read(file, text).booking
    assert booking is not None
    assert booking.customer == Ref("lead_id", through="lead")


def test_the_first_word_of_a_status_stays_the_first(file: Path) -> None:
    booking = read(file, STORE).booking
    assert booking is not None
    assert booking.status.words[BookingStatus.CONFIRMED] == ("sure", "moved")
    assert booking.status.transitions is None


def test_transitions_are_read_by_the_stores_words(file: Path) -> None:
    words = 'words = { REQUESTED = ["asked"], CONFIRMED = ["sure", "moved"] }'
    text = otherwise((words, words + '\ntransitions = { asked = ["sure"], sure = ["moved"], moved = [] }'))
    booking = read(file, text).booking
    assert booking is not None
    assert booking.status.transitions == {"asked": ("sure",), "sure": ("moved",), "moved": ()}


def test_satellites_and_revenue_have_their_parents_tenant_unless_they_name_one(file: Path) -> None:
    read_one = read(file, otherwise(more=SATELLITES))

    assert read_one.customer is not None
    assert read_one.lead is not None
    assert read_one.booking is not None
    assert read_one.revenue is not None
    assert read_one.customer.external is not None
    assert read_one.customer.external.tenant == "org"
    assert read_one.customer.referrer is not None
    assert read_one.customer.referrer.tenant == "org"
    assert read_one.customer.stored_totals is not None
    assert read_one.customer.stored_totals.tenant == "org"
    assert read_one.lead.history is not None
    assert read_one.lead.history.tenant == "org"
    assert read_one.booking.shipments is not None
    assert read_one.booking.shipments.tenant == "shop"
    assert read_one.revenue.tenant == "org"


def test_a_history_names_its_owner_and_the_word_before(file: Path) -> None:
    lead = read(file, otherwise(more=SATELLITES)).lead
    assert lead is not None
    assert lead.history is not None
    assert (lead.history.owner, lead.history.from_, lead.history.to) == ("lead_id", "old", "new")


def test_totals_in_a_table_of_their_own_name_the_customer_as_its_key_does(file: Path) -> None:
    customer = read(file, otherwise(more=SATELLITES)).customer
    assert customer is not None
    assert customer.stored_totals is not None
    assert customer.stored_totals.customer == "id"


def test_totals_in_the_customers_row_need_neither_tenant_nor_customer(file: Path) -> None:
    customer = read(file, otherwise(more='[customer.stored_totals]\nleads = "leads"\n')).customer
    assert customer is not None
    assert customer.stored_totals == profile.StoredTotals(leads="leads")


def test_one_kind_of_record_is_enough(file: Path) -> None:
    text = '[store]\nname = "one"\ncurrency = "EUR"\n[account]\ncollection = "users"\nkey = "id"\nlinks = {}\n'
    account = read(file, text).account
    assert account is not None
    assert account.links == Links()
