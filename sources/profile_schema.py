"""Make a JSON Schema of the grammar of store profiles, for editors that check and complete TOML."""

import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import iso4217

from sources.profile_grammar import GRAMMAR
from sources.profile_kinds import Key, Kind, Section

#: Where the schema is kept, beside the profiles that name it.
SCHEMA = pathlib.Path(__file__).parent / "profiles" / "profile.schema.json"
#: The newest draft that all of the editors' TOML plugins read.
_DRAFT = "http://json-schema.org/draft-07/schema#"
#: Patterns without look-ahead: not every plugin's engine has it.
_COLUMN = r"^[^$.\s\u0000]([^.\u0000]*[^.\s\u0000])?$"
_PATH = r"^[^$.\s\u0000]([^.\u0000]*[^.\s\u0000])?([.][^$.\s\u0000]([^.\u0000]*[^.\s\u0000])?)*$"
_INSERT = r"^([^@].*|@uuid|@next|@now|@token|@code:.*[{].*[}].*)?$"
_ADDRESS = r"^([^@{}\s]|[{](name|phone|key)[}])+@[^@{}\s]+$"

Schema = dict[str, Any]


def json_schema() -> Schema:
    """Describe a whole profile."""
    return {"$schema": _DRAFT, "title": "A store profile of the customer gateway", **_section(GRAMMAR)}


def _section(section: Section) -> Schema:
    schema: Schema = {
        "type": "object",
        "description": section.description,
        "properties": {
            **{name: _key(section, name, key) for name, key in section.keys.items()},
            **{name: _section(inner) for name, inner in section.sections.items()},
        },
        "additionalProperties": False,
    }
    if required := [name for name in section.names if section.requires(name)]:
        schema["required"] = required
    if needs := {name: [key.needs] for name, key in section.keys.items() if key.needs}:
        schema["dependencies"] = needs
    if all_of := list(_between(section)):
        schema["allOf"] = all_of
    return schema


def _between(section: Section) -> Iterator[Schema]:
    """Say which names of *section* want or exclude each other."""
    if section.one_of:
        yield {"anyOf": [{"required": [name]} for name in section.one_of]}
    for name, key in section.keys.items():
        if key.excludes:
            yield {"not": {"required": [name, key.excludes]}}


def _key(section: Section, name: str, key: Key) -> Schema:
    default = section.default(name)
    known = {"default": default} if isinstance(default, str | bool | int) else {}
    return {"description": f"{key.description}: {key.expected}", **_VALUES[key.kind](key), **known}


def _text(**more: Any) -> Schema:
    return {"type": "string", **more}


def _list(items: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least}


def _table_of(values: Schema, names: Schema | None = None, least: int = 1) -> Schema:
    named = {} if names is None else {"propertyNames": names}
    return {"type": "object", "additionalProperties": values, "minProperties": least, **named}


_A_COLUMN = _text(pattern=_COLUMN)
_A_PATH = _text(pattern=_PATH)
_WORD = _text(minLength=1)
_PLAIN: Schema = {"type": ["string", "number", "boolean"]}
_A_FIELD = [_A_PATH, _list(_A_PATH)]


def _only(**properties: Schema) -> Schema:
    """Be a table of just these *properties*."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _ref(key: Key) -> Schema:
    if key.via is None:
        return _A_COLUMN
    return {"anyOf": [_A_COLUMN, _only(through={"const": key.via}, by=_A_COLUMN)]}


def _words(key: Key) -> Schema:
    names = [status.name for status in key.statuses or () if status.name != "UNKNOWN"]
    words = {name: _list(_WORD) for name in names}
    return {"type": "object", "properties": words, "additionalProperties": False, "minProperties": 1}


#: What a value of each kind looks like; what only the reader can tell (a word in two statuses) it does not say.
_VALUES: Mapping[Kind, Callable[[Key], Schema]] = {
    Kind.TEXT: lambda _: _text(pattern=r"\S"),
    Kind.COLUMN: lambda _: _A_COLUMN,
    Kind.FLAG: lambda _: {"type": "boolean"},
    Kind.DAYS: lambda _: {"type": "integer", "minimum": 1},
    Kind.CHOICE: lambda key: {"enum": list(key.choices)},
    Kind.FIELD: lambda _: {"anyOf": _A_FIELD},
    Kind.NAME: lambda _: {"anyOf": [*_A_FIELD, _only(join=_list(_A_PATH))]},
    Kind.REF: _ref,
    Kind.CONDITION: lambda _: _table_of(_list(_PLAIN), _A_COLUMN),
    Kind.INSERT: lambda _: _table_of({"anyOf": [_text(pattern=_INSERT), {"type": ["number", "boolean"]}]}, _A_COLUMN),
    Kind.WORDS: _words,
    Kind.TRANSITIONS: lambda _: _table_of(_list(_WORD, 0), least=0),
    Kind.CURRENCY: lambda _: {"enum": sorted({one.code for one in iso4217.Currency if one.exponent is not None})},
    Kind.TIMEZONE: lambda _: _text(pattern=r"\S"),
    Kind.REGION: lambda _: _text(pattern="^[A-Z]{2}$"),
    Kind.ADDRESS: lambda _: _text(pattern=_ADDRESS),
}
