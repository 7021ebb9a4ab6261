"""Ids that clients hold: opaque, over type, kind of record, tenant and key."""

import base64
import binascii
import json
import json.encoder
from binascii import b2a_base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from domain.errors import BadIdError
from domain.records import Key, RecordKind, RecordRef

#: The kinds of things that have an id, by the name of their GraphQL type.
CUSTOMER, LEAD, BOOKING, LINK_EVENT, OPERATION = "Customer", "Lead", "Booking", "LinkEvent", "Operation"
NOTE = "Note"
#: What has an id and is no node: it is found by what it is made of.
LINK_SUGGESTION = "LinkSuggestion"
_WITHOUT_KIND = frozenset({LEAD, BOOKING, LINK_EVENT, OPERATION, NOTE, LINK_SUGGESTION})
_KINDS = {kind.value: kind for kind in RecordKind}
#: Write a text as JSON, and escape no more than has to be.
_text: Callable[[Any], str] = json.encoder.encode_basestring
_IN_URLS = bytes.maketrans(b"+/", b"-_")
#: What is put behind an id to make whole threes of bytes of it, by how many are left over, and how that is written.
_MARKS = (("\xff\xff\xff", "____"), ("\x0f\xff", "__"), ("?", "_"))
#: Longer than any id that is handed out for a key of a sane length.
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class GlobalId:
    """Be what an id says: a *type*, the *kind* of record for customers, the *tenant* and the *key* within it."""

    type: str
    tenant: str | None
    key: Key
    kind: RecordKind | None = None

    @property
    def record(self) -> RecordRef:
        """The record of a customer's id."""
        assert self.kind is not None
        return RecordRef(self.kind, self.key)


def encode_id(type_: str, tenant: str | None, key: Key, kind: RecordKind | None = None) -> str:
    # As `pack` would write it; what many ids have in common is written once.
    return _opaque(f"{_beginning(type_, kind, tenant)}{_text(key)}]")


def encode_ids(type_: str, tenant: str | None, keys: Sequence[Key], kind: RecordKind | None = None) -> list[str]:
    """Write the ids of many *keys*, as `encode_id` does each."""
    beginning = _beginning(type_, kind, tenant)
    # Three bytes are four characters, the last of which is "_" only where the last byte is of one of these.
    joined = "".join(keys).replace("-", "")
    if not (joined.isascii() and joined.isalnum() and beginning.isascii()) or "?" in beginning or "\x7f" in beginning:
        return [_opaque(f"{beginning}{_text(key)}]") for key in keys]
    # So all are written in one go, with marks between them.
    begun, lengths = f'{beginning}"', set(map(len, keys))
    marks = {length: _MARKS[(len(begun) + length + len('"]')) % 3] for length in lengths}
    if len(set(marks.values())) == 1:
        mark, shown = marks[lengths.pop()]
        return _opaque_bytes((begun + f'"]{mark}{begun}'.join(keys) + '"]').encode("latin-1")).split(shown)
    ends = {length: f'"]{mark}' for length, (mark, _) in marks.items()}
    text = "".join([f"{begun}{key}{ends[len(key)]}" for key in keys])
    return [one for one in _opaque_bytes(text.encode("latin-1")).split("_") if one]


def begun_id(type_: str, tenant: str | None, kind: RecordKind | None = None) -> tuple[str, str]:
    """Write how ids begin: as much of it as is the same for all keys, and what is to be written with the key.

    The key of letters and digits, and what closes it (`"]`), follow that. Raises ValueError where that is no ASCII.
    """
    begun = f'{_beginning(type_, kind, tenant)}"'.encode()
    whole = len(begun) // 3 * 3
    return _opaque_bytes(begun[:whole]), begun[whole:].decode("ascii")


@lru_cache(maxsize=1_000)
def _beginning(type_: str, kind: RecordKind | None, tenant: str | None) -> str:
    return f"[{_json(type_)},{_json(kind.value if kind else None)},{_json(tenant)},"


def decode_id(text: str, expected: str | None = None) -> GlobalId:
    """Read the id *text*, of the type *expected* where one is given.

    Raises BadIdError for whatever this gateway would not have handed out.
    """
    found: GlobalId | None = None
    match unpack(text):
        case [str(type_), str(kind), str() | None as tenant, str(key)] if type_ == CUSTOMER and kind in _KINDS:
            found = GlobalId(type_, tenant, key, _KINDS[kind])
        case [str(type_), None, str() | None as tenant, str(key)] if type_ in _WITHOUT_KIND:
            found = GlobalId(type_, tenant, key)
    if found is None or (expected is not None and found.type != expected):
        raise BadIdError(text, expected)
    return found


def pack(parts: list[object]) -> str:
    """Write *parts* as one opaque word of URL-safe characters."""
    return _opaque(f"[{','.join(map(_json, parts))}]")


def _json(part: object) -> str:
    """Write *part* as JSON: texts, whole numbers and nothing at a glance."""
    if part is None:
        return "null"
    if part.__class__ is str:
        return _text(part)
    return str(part) if part.__class__ is int else json.dumps(part, ensure_ascii=False, separators=(",", ":"))


def _opaque(text: str) -> str:
    return _opaque_bytes(text.encode())


def _opaque_bytes(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).translate(_IN_URLS).rstrip(b"=").decode()


def unpack(text: str) -> object:
    """Read what `pack` wrote; None for anything else, also for another spelling of the same."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = orjson.loads(raw)
        return parts if isinstance(parts, list) and pack(parts) == text else None
    except (binascii.Error, ValueError):
        return None
