"""Tell which indexes the gateway's look-ups and lists in MongoDB have none of."""

from collections.abc import Iterator, Sequence

import orjson

from domain.findings import Check, Finding
from sources.mongo_forms import Document
from sources.mongo_records import CourierReader, RecordReader

Reader = RecordReader | CourierReader
#: What a link that names somebody is.
_NAMES = {"$type": ["string", "number", "objectId"]}


def index_findings(name: str, reader: Reader, indexes: Sequence[Document]) -> list[Finding]:
    """Hold what is asked of *reader*'s collection, the profile's section *name*, against its *indexes*."""
    return [*_missing(name, reader, indexes), *_not_unique(name, reader, indexes)]


def _missing(name: str, reader: Reader, indexes: Sequence[Document]) -> Iterator[Finding]:
    wanted = [("key", reader.key, [reader.key])]
    if isinstance(reader, RecordReader):
        wanted += [(where, field, [field]) for where, field in _links(name, reader)]
        if reader.created_at is not None:
            wanted.append(("created_at", reader.created_at, [reader.created_at, reader.key]))
    for where, field, fields in wanted:
        whole = (index for index in indexes if "partialFilterExpression" not in index)
        if not any(_begins(index, reader.tenant, field) for index in whole):
            yield Finding(
                check=Check.MISSING_INDEX,
                where=f"{name}.{where}",
                message=f"{reader.collection} has no index that begins with {field}",
                mends=f"{_made(reader, fields)});",
            )


def _not_unique(name: str, reader: Reader, indexes: Sequence[Document]) -> Iterator[Finding]:
    if not isinstance(reader, RecordReader):
        return
    for where, field in _links(name, reader):
        if not any(index.get("unique") and _begins(index, reader.tenant, field) for index in indexes):
            # An index beside another one of the same fields needs a name of its own.
            options = _json({"name": f"one_{field}", "unique": True, "partialFilterExpression": {field: _NAMES}})
            yield Finding(
                check=Check.UNIQUE_INDEX,
                where=f"{name}.{where}",
                message=f"{reader.collection} could keep {field} one-to-one by itself, with a unique index",
                mends=f"{_made(reader, [field])}, {options});",
            )


def _links(name: str, reader: RecordReader) -> Iterator[tuple[str, str]]:
    partner = "delivery" if name == "account" else "account"
    for where, field in ((partner, reader.links.partner), ("crm", reader.links.crm)):
        if field is not None:
            yield f"links.{where}", field


def _begins(index: Document, tenant: str | None, field: str) -> bool:
    """Say whether *index* finds documents by *field*, alone or within a tenant."""
    fields = list(index["key"])[:2]
    return fields[:1] == [field] or (tenant is not None and fields == [tenant, field])


def _made(reader: Reader, fields: Sequence[str]) -> str:
    """Write, for MongoDB's shell, how an index of *fields* is made, up to its options."""
    tenant = [reader.tenant] if reader.tenant is not None else []
    return f"db.getCollection({_json(reader.collection)}).createIndex({_json(dict.fromkeys([*tenant, *fields], 1))}"


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
