"""What a record is found by."""

import pytest

from domain.identifiers import (
    IdentifierKind,
    Identifiers,
    IndexedKind,
    IndexedRef,
    comparable,
    identifiers_of,
)
from domain.records import AccountRecord, CrmRecord, Lead, RecordKind, RecordRef
from domain.status import LeadStatus


def test_a_record_is_found_by_its_normalised_email_and_phone_and_by_its_name() -> None:
    crm = CrmRecord(key="1", name="Åse Weiß", email=" Ase@X.Example ", phone="20 00 00 01")
    lead = Lead(
        key="1", name="Åse Weiß", email="ASE@x.example", phone="+45 20000001", status=LeadStatus.NEW, store_status=""
    )

    found = Identifiers("ase@x.example", "+4520000001", " aase ase weiss ase@x.example 4520000001 20000001 ")
    assert identifiers_of(crm, "DK") == found
    assert identifiers_of(lead, "DK").email == found.email
    assert identifiers_of(lead, None).phone == found.phone
    assert identifiers_of(crm, None).phone is None


def test_a_placeholder_address_is_nobodys_and_yet_found_by_a_search() -> None:
    account = AccountRecord(
        key="1", email="9876@delivery.local", is_active=True, can_log_in=False, email_is_placeholder=True
    )

    assert identifiers_of(account, "IN") == Identifiers(None, None, " 9876@delivery.local ")


@pytest.mark.parametrize("text", ["", "  ", "a" * 321, "a\x00@x.example", "\ud800@x.example"])
def test_what_is_no_address_is_not_compared(text: str) -> None:
    assert comparable(IdentifierKind.EMAIL, text, None) is None


def test_nothing_finds_a_record_without_anything() -> None:
    assert identifiers_of(CrmRecord(key="1"), "DK") == Identifiers(None, None, " ")
    assert identifiers_of(CrmRecord(key="1", name="!", phone="call me"), "DK") == Identifiers(None, None, " ")


def test_a_record_in_the_index_is_the_record_of_a_customer() -> None:
    assert IndexedRef(IndexedKind.of(RecordKind.CRM), "1").record == RecordRef(RecordKind.CRM, "1")
