"""Read what stores call things from draft_vocabulary.toml."""

import pathlib
import tomllib
from collections.abc import Mapping
from typing import Any

Words = tuple[str, ...]

_FILE: Mapping[str, Any] = tomllib.loads(pathlib.Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _split(text: str) -> Words:
    """Split *text* into its words, with those of [shared] in place of @name."""
    parts = ((part, _FILE["shared"].get(part[1:], "")) for part in text.split())
    return tuple(word for part, shared in parts for word in (shared.split() if part.startswith("@") else [part]))


def _table(table: Mapping[str, str]) -> Mapping[str, Words]:
    return {name: _split(text) for name, text in table.items()}


#: By section of a profile: the stems of what its tables and collections are called, and its columns by key.
PLACES = _table(_FILE["places"])
COLUMNS: Mapping[str, Mapping[str, Words]] = {name: _table(keys) for name, keys in _FILE["columns"].items()}
#: By kind, the surest first: the stems of what the tables of revenue are called.
REVENUE = tuple(_table(_FILE["revenue"]).values())
#: By the name of the enum and the name in it: what words of a status mean.
STATUS_WORDS: Mapping[str, Mapping[str, Words]] = {name: _table(words) for name, words in _FILE["status"].items()}

_SHARED = _table(_FILE["shared"])
STATUS, CURRENCY, PAYMENT_STATUS = (_SHARED[name] for name in ("status", "currency", "payment_status"))

_WORDS = _table(_FILE["words"])
REFERRERS = _WORDS["referrers"]
HISTORIES = _WORDS["histories"]
TENANTS = _WORDS["tenants"]
PERHAPS_TENANTS = _WORDS["perhaps_tenants"]
KEY_ENDINGS = _WORDS["key_endings"]
UNITS = _WORDS["units"]
GIVEN_NAMES = _WORDS["given_names"]
FAMILY_NAMES = _WORDS["family_names"]
CONTAINERS = _WORDS["containers"]
COURIERS = _WORDS["couriers"]
ACTIVE = _WORDS["active"]
VERIFIED = _WORDS["verified"]
DELETED = _WORDS["deleted"]
IS_REFERRER = _WORDS["is_referrer"]
ROLES = _WORDS["roles"]
CUSTOMER_ROLES = _WORDS["customer_roles"]
COURIER_ROLES = _WORDS["courier_roles"]
SETTLED = _WORDS["settled"]
