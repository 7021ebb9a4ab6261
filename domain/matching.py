"""Identifiers as they compare: e-mails without letter case, phone numbers however they are written."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat


def normal_email(text: str) -> str | None:
    """Fold the case of the address *text*; None where nothing is written."""
    return text.strip().casefold() or None


def normal_phone(text: str, region: str | None) -> str | None:
    """Write the phone number *text* as E.164, a number without + being one of *region*; None where it is none.

    Without a region only numbers with + can be told.
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
