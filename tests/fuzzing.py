"""Requests that nobody sends by mistake: broken, nested, too long, of other types, with what other languages obey."""

import json
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLField, print_type
from hypothesis import strategies as st

from tests.asking import BUILT, MUTATIONS, QUERIES, asked, selection

#: What is harmless to whoever binds values, and obeyed by whoever pastes them together; none of it may be obeyed.
HOSTILE = (
    "",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "'",
    "';--",
    "' OR ''='",
    "1; DROP TABLE customers",
    "$1",
    ":key",
    "%s%s%n",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    '{"$gt": ""}',
    "$where",
    "a.b.$c",
    "\u202eabc",
    "ﷺ" * 20,
    "x" * 3_000,
    "9" * 400,
    "-1",
    "1e999",
    "NaN",
    "true",
    "null",
    "2025-13-45T99:99:99Z",
    "+49 30 123456",
    "not@an.address",
    "\r\nX-Evil: 1",
)
NUMBERS = (0, -1, 1, 2**31 - 1, 2**31, -(2**31), 2**63, 2**64, 10**400, 1.5, 1e308, -0.0)

texts = st.sampled_from(HOSTILE) | st.text(max_size=30)
leaves = st.none() | st.booleans() | st.sampled_from(NUMBERS) | texts
operators = st.sampled_from(("$gt", "$ne", "$where", "$regex", "__proto__", "id", "key")).flatmap(
    lambda name: leaves.map(lambda value: {name: value})
)
values = st.recursive(
    leaves | operators,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
media_types = st.sampled_from(
    (b"application/json",) * 40 + (b"text/plain", b"", b"application/json; charset=utf-16", b"\xff")
)
accepts = st.sampled_from((b"*/*", b"application/graphql-response+json", b"text/html", b"", b"\xff\xfe"))


@dataclass(frozen=True, slots=True)
class Sent:
    """Be a request: its *body* and *headers*, and who asks."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())


def as_json(content: Any) -> bytes:
    """Write *content* with its lone surrogates escaped, as they come over the wire."""
    return json.dumps(content).encode()


def documents(ids: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Ask for every root field: its arguments are variables of the right types, with values of any."""
    fields = [*QUERIES.items(), *MUTATIONS.items()]
    return st.sampled_from(fields).flatmap(lambda one: _asking(*one, ids))


def _asking(name: str, one: GraphQLField, ids: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    declared = ", ".join(f"${argument}: {given.type}" for argument, given in one.args.items())
    passed = ", ".join(f"{argument}: ${argument}" for argument in one.args)
    operation = "mutation" if name in MUTATIONS else "query"
    head = f"{operation} {f'({declared})' if declared else ''}"
    query = f"{head} {{ {name}{f'({passed})' if passed else ''}{selection(one.type, 2)} }}"
    fitting = st.fixed_dictionaries(
        {}, optional={argument: _value(given.type, ids) for argument, given in one.args.items()}
    )
    anything = st.fixed_dictionaries({}, optional=dict.fromkeys(one.args, values))
    return (fitting | fitting | anything).map(lambda variables: {"query": query, "variables": variables})


def _value(type_: Any, ids: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Make values that fit *type_*, so that they get past the schema."""
    inner = getattr(type_, "of_type", None)
    if inner is not None:
        of_inner = _value(inner, ids)
        return st.lists(of_inner, max_size=3) if str(type_).startswith("[") else of_inner
    if hasattr(type_, "values"):
        return st.sampled_from(sorted(type_.values))
    if hasattr(type_, "fields"):
        given = {name: _later(one.type, ids) for name, one in type_.fields.items()}
        needed = {name: given[name] for name, one in type_.fields.items() if str(one.type).endswith("!")}
        return st.fixed_dictionaries(
            needed, optional={name: each for name, each in given.items() if name not in needed}
        ) | st.sampled_from(sorted(given)).flatmap(lambda name: given[name].map(lambda value: {name: value}))
    return {
        "ID": st.sampled_from(ids) | texts,
        "Int": st.integers(-1, 30) | st.sampled_from(NUMBERS[:6]),
        "Boolean": st.booleans(),
        "Float": st.floats(),
        "DateTime": st.datetimes().map(lambda at: at.isoformat() + "Z"),
        "Date": st.dates().map(str),
    }.get(type_.name, texts | st.sampled_from(ids))


def _later(type_: Any, ids: tuple[str, ...]) -> st.SearchStrategy[Any]:
    """Make values of *type_* only where they are wanted: inputs may hold each other."""
    return st.deferred(lambda: _value(type_, ids))


#: What is cut, doubled and stirred: documents that are right.
RIGHT = (
    *(asked(name, one, depth=2) for name, one in QUERIES.items()),
    'query A($x: ID! = "a") @skip(if: true) { node(id: $x) { ... on Customer { id } ...F } } fragment F on Lead { id }',
    "{ __schema { types { name fields { name type { name ofType { name } } } } } }",
    "{ a: __typename b: __typename }",
    print_type(BUILT.type_map["Money"]),
)


@st.composite
def stirred(draw: st.DrawFn) -> dict[str, Any]:
    """Take a right document and cut, double or replace a part of it."""
    text = draw(st.sampled_from(RIGHT))
    at = draw(st.integers(0, len(text)))
    end = draw(st.integers(at, min(len(text), at + 40)))
    put = draw(
        st.sampled_from(
            ("", "{", "}", "(", "[", "...", "@", "$", '"""', "\\u{110000}", "#", "fragment F on F { ...F }")
        )
        | st.just(text[at:end] * draw(st.integers(0, 30)))
        | texts
    )
    return {"query": text[:at] + put + text[end:]}


nested = st.tuples(st.sampled_from(("[", '{"a":', "{", '"', "\\", "[[],")), st.integers(1, 30_000)).map(
    lambda pair: (pair[0] * pair[1]).encode()
)
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "query": values,
        "variables": values,
        "operationName": values,
        "extensions": values,
        "documentId": values,
    },
)


def bodies(ids: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    whole = (documents(ids) | documents(ids) | stirred()).map(as_json)
    cut = whole.flatmap(lambda body: st.integers(0, len(body)).map(lambda end: body[:end]))
    return whole | whole | whole | envelopes.map(as_json) | values.map(as_json) | cut | nested | st.binary(max_size=60)


def requests(ids: tuple[str, ...], tokens: tuple[bytes, ...]) -> st.SearchStrategy[Sent]:
    """Make requests of whoever has one of *tokens*, or something like one."""
    authorizations = st.sampled_from(tokens)
    tenants = st.sampled_from((None, None, None, b"south", b"", b"\xff", b"' OR ''='", b"north"))
    return st.builds(_sent, bodies(ids), media_types, accepts, authorizations, tenants, st.booleans())


def _sent(  # noqa: PLR0917 - what hypothesis draws, in its order
    body: bytes, media: bytes, accept: bytes, authorization: bytes, tenant: bytes | None, explain: bool
) -> Sent:
    headers = [(b"content-type", media), (b"accept", accept), (b"authorization", authorization)]
    if tenant is not None:
        headers.append((b"x-tenant", tenant))
    if explain:
        headers.append((b"x-gateway-explain", b"1"))
    return Sent(body, tuple(headers))
