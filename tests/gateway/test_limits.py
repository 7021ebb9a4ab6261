"""Every limit of a request: it holds at its value, and at one more is told with a code of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import asyncpg
import graphql
import httpx
import pytest

from domain.access import Role
from gateway.admission import Admission, RateLimitedError, TooManyAtOnceError
from gateway.endpoint import subject_of
from gateway.posted import client_of
from gateway.settings import Settings
from schema import build_schema
from tests.answers import codes, refusal
from tests.running import Gateway, running, secured

GRAPHQL = {"Accept": "application/graphql-response+json"}
LIMITS: dict[str, Any] = {
    "max_tokens": 400,
    "max_depth": 6,
    "max_aliases": 5,
    "max_root_fields": 4,
    "max_directives": 3,
    "max_fragments": 6,
    "max_introspection": 1,
    "max_list": 5,
    "max_cost": 500,
    "max_body": 5_000,
}


@pytest.fixture(scope="module")
async def limited(demo_settings: Settings) -> AsyncIterator[Gateway]:
    async with running(replace(demo_settings, **LIMITS)) as gateway:
        yield gateway


def nested(depth: int) -> str:
    """Be a document in which fields stand *depth* deep."""
    names = ["leads", "nodes", "customer"] * depth
    fields = [*names[: depth - 1], "__typename"]
    return "{ " + " { ".join(fields).replace("leads", "leads(first: 1)") + " }" * depth


def in_fragments(depth: int) -> str:
    """Be the same, each level in a fragment of its own."""
    return (
        "{ leads(first: 1) { nodes { ...A } } } fragment A on Lead { customer { ...B } } fragment B on Customer { "
        + ("leads(first: 1) { nodes { id } }" if depth == 5 else "leads(first: 1) { nodes { customer { id } } }")
        + " }"
    )


def described(depth: int) -> str:
    return "{ __schema { types " + "{ fields { type " * depth + "{ name }" + " } }" * depth + " } }"


def at(count: int, item: str, before: str = "{ ", after: str = " }") -> str:
    return before + " ".join(item.replace("#", str(number)) for number in range(count)) + after


#: For each limit: a document with so many, and the code of what is too many.
DOCUMENTS: dict[str, tuple[Callable[[int], str], int, str]] = {
    "depth": (nested, 6, "TOO_DEEP"),
    "depth in fragments": (in_fragments, 5, "TOO_DEEP"),
    "aliases": (lambda n: at(n, "a#: id", "{ leads(first: 1) { nodes { ", " } } }"), 5, "TOO_MANY_ALIASES"),
    "aliases of __typename": (lambda n: at(n, "a#: __typename", "{ viewer { ", " } }"), 5, "TOO_MANY_ALIASES"),
    "a field again": (lambda n: at(n + 1, "subject", "{ viewer { ", " } }"), 5, "TOO_MANY_ALIASES"),
    "root fields": (lambda n: at(n, "a#: __typename"), 4, "TOO_MANY_ROOT_FIELDS"),
    "root fields in fragments": (
        lambda n: at(n, "a#: __typename", "{ ...A ... { ...A } } fragment A on Query { "),
        4,
        "TOO_MANY_ROOT_FIELDS",
    ),
    "directives": (lambda n: at(n, "@include(if: true)", "{ viewer { subject ", " } }"), 3, "TOO_MANY_DIRECTIVES"),
    "spreads": (lambda n: at(n, "... { subject }", "{ viewer { ", " } }"), 6, "TOO_MANY_FRAGMENTS"),
    "fragments": (
        lambda n: "{ viewer { ...F0 } } " + at(n, "fragment F# on Viewer { subject }", "", ""),
        6,
        "TOO_MANY_FRAGMENTS",
    ),
    "introspection": (described, 1, "INTROSPECTION_TOO_DEEP"),
    "lists": (lambda n: at(n, '"x"', "{ nodes(ids: [", "]) { id } }"), 5, "LIST_TOO_LONG"),
    "lists in filters": (
        lambda n: at(n, "NEW", "{ leads(filter: {status: [", "]}) { totalCount } }"),
        5,
        "LIST_TOO_LONG",
    ),
    "lists in defaults": (
        lambda n: at(n, '"x"', "query ($ids: [ID!]! = [", "]) { nodes(ids: $ids) { id } }"),
        5,
        "LIST_TOO_LONG",
    ),
}


async def found(gateway: Gateway, query: str, variables: dict[str, Any] | None = None) -> set[str]:
    return set(codes((await gateway.post(query, variables)).json()))


@pytest.mark.parametrize(("document", "most", "code"), DOCUMENTS.values(), ids=DOCUMENTS)
async def test_a_document_may_have_so_many_and_not_one_more(
    limited: Gateway, document: Callable[[int], str], most: int, code: str
) -> None:
    assert code not in await found(limited, document(most))
    answer = await limited.post(document(most + 1), headers=GRAPHQL)
    status, told = refusal(answer)
    assert (status, set(told)) == (400, {code})


async def test_a_document_may_have_so_many_words(limited: Gateway) -> None:
    assert await found(limited, at(398, "a", "{ ", " }")) == {"TOO_MANY_ROOT_FIELDS"}
    for count in (399, 5_000):
        assert refusal(await limited.post(at(count, "a", "{ ", " }")[:4_900], headers=GRAPHQL)) == (
            400,
            ["TOO_MANY_TOKENS"],
        )


@pytest.mark.parametrize("given", [lambda n: {"ids": ["x"] * n}, lambda n: {"ids": [], "unused": {"a": [[1] * n]}}])
async def test_lists_in_variables_are_bounded_alike(limited: Gateway, given: Callable[[int], dict[str, Any]]) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert "LIST_TOO_LONG" not in await found(limited, query, given(5))
    assert await found(limited, query, given(6)) == {"LIST_TOO_LONG"}


async def test_fragments_in_a_circle_are_measured_once(limited: Gateway) -> None:
    circle = "{ ...A } fragment A on Query { viewer { subject } ...B } fragment B on Query { ...A }"
    assert await found(limited, circle) == {"GRAPHQL_VALIDATION_FAILED"}


# ── what it costs ──

LEADS = "query ($first: Int) { customers(first: $first) { nodes { leads(first: 10) { nodes { id } totalCount } } } }"


async def test_a_cost_may_be_reached_and_not_exceeded(limited: Gateway) -> None:
    """A root field is 5, its page multiplies nodes (1), each with a list that is loaded (2) of ten nodes (1)."""
    body = await limited.ask(LEADS, {"first": 38})
    assert body["extensions"]["cost"] == 5 + 38 * (1 + 2 + 10) == 499
    (error,) = (await limited.ask(LEADS, {"first": 39}))["errors"]
    assert error["extensions"] == {"code": "TOO_COSTLY", "cost": 512, "maximum": 500}
    assert refusal(await limited.post(LEADS, {"first": 39}, headers=GRAPHQL)) == (400, ["TOO_COSTLY"])


async def test_a_page_costs_alike_however_its_size_is_written(limited: Gateway) -> None:
    """39 and 39.0 are one number of GraphQL's; also where the document is known, and was asked with another before."""
    for size in (38, 39.0, 38.0, 39, 39.0):
        answer = await limited.ask(LEADS, {"first": size})
        assert codes(answer) == (["TOO_COSTLY"] if size == 39 else [])


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ __typename }", {}, 0),
        ("{ __schema { types { name } } }", {}, 0),
        ("{ viewer { subject } }", {}, 5),
        ("{ a: viewer { subject } b: viewer { subject } viewer { subject } viewer { tenant } }", {}, 15),
        ("{ leads { totalCount } }", {}, 5),
        ("{ leads { nodes { id } } }", {}, 25),
        ("{ leads { edges { node { id } } } }", {}, 45),
        ("{ leads(last: 3) { nodes { customer { totalLeads } } } }", {}, 5 + 3 * (1 + 2 + 2)),
        ("{ leads(first: 0) { nodes { id } } }", {}, 5),
        ("{ leads(first: -7) { nodes { id } } }", {}, 5),
        ("{ leads(first: 1000000) { nodes { id } } }", {}, 105),
        ("query ($n: Int = 7) { leads(first: $n) { nodes { id } } }", {}, 12),
        ("query ($n: Int = 7) { leads(first: $n) { nodes { id } } }", {"n": 9}, 14),
        ("query ($n: Int = 7) { leads(first: $n) { nodes { id } } }", {"n": 9.0}, 14),
        ("query ($n: Int = 7) { leads(first: $n) { nodes { id } } }", {"n": 1e2}, 105),
        ("query ($n: Int = 7) { leads(first: $n) { nodes { id } } }", {"n": None}, 25),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["x", "y"]}, 10),
        ("query ($b: Boolean!) { leads(first: 4) @skip(if: $b) { nodes { id } } }", {"b": True}, 0),
        ("query ($b: Boolean!) { leads(first: 4) @include(if: $b) { nodes { id } } }", {"b": True}, 9),
        ("{ ...A ...A ... on Query { ...A } } fragment A on Query { leads(first: 4) { nodes { id } } }", {}, 9),
        ("query A { viewer { subject } }", {}, 5),
    ],
)
async def test_what_an_operation_costs_is_reported(
    limited: Gateway, query: str, variables: dict[str, Any], cost: int
) -> None:
    assert (await limited.ask(query, variables))["extensions"]["cost"] == cost


async def test_a_cost_that_grows_without_end_is_told_at_once(demo: Gateway) -> None:
    """Each fragment asks twice for the next: 2 to the power of 19 answers, in twenty lines."""
    parts = [
        f"fragment F{n} on Customer {{ a: referredBy {{ ...F{n + 1} }} b: referredBy {{ ...F{n + 1} }} }}"
        for n in range(18)
    ]
    query = "{ customers { nodes { ...F0 } } } " + " ".join(parts) + " fragment F18 on Customer { id }"
    (error,) = (await demo.ask(query))["errors"]
    assert error["extensions"]["code"] in ("TOO_COSTLY", "TOO_DEEP")


def test_the_weights_stand_in_the_schema() -> None:
    sdl = build_schema().as_str()
    assert "@cost(weight: 5)" in sdl
    assert '@listSize(slicingArguments: ["first", "last"], assumedSize: 20, sizedFields: ["nodes", "edges"])' in sdl
    assert "Cost" not in graphql.build_schema(sdl).type_map


# ── how long, how often ──


async def test_a_request_that_takes_too_long_ends_with_its_statements(
    demo_settings: Settings,
) -> None:
    """A table is locked away from readers: the gateway gives up, and no statement of its own is left waiting."""
    assert demo_settings.postgres_url is not None
    settings = replace(demo_settings, request_seconds=0.5, store_timeout=60)
    locker = await asyncpg.connect(demo_settings.postgres_url.replace("+asyncpg", ""))
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    try:
        async with running(settings) as gateway:
            assert (await gateway.ask("{ leads(first: 1) { nodes { id } } }"))["data"]
            for table in await locker.fetch(
                "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
                " WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'gateway')"
            ):
                await locker.execute(
                    f"BEGIN; LOCK TABLE {table['name']} IN ACCESS EXCLUSIVE MODE"
                    if not (locker.is_in_transaction())
                    else f"LOCK TABLE {table['name']} IN ACCESS EXCLUSIVE MODE"
                )
            for query in (
                "{ leads(first: 1) { nodes { customer { totalBookings } } } }",
                "{ customers(first: 2) { nodes { totalLeads totalBookings } } bookings(first: 1) { nodes { id } } }",
            ):
                answer = await gateway.post(query)
                assert answer.status_code == 504
                assert codes(answer.json()) == ["TIMEOUT"]
            for _ in range(1200):
                if not await locker.fetchval(waiting):
                    break
                await asyncio.sleep(0.05)
            assert await locker.fetchval(waiting) == 0
            await locker.execute("ROLLBACK")
            assert (await gateway.ask("{ leads(first: 1) { nodes { id } } }"))["data"]
    finally:
        await locker.close()


async def test_a_body_that_does_not_arrive_is_not_waited_for(demo_settings: Settings) -> None:
    async with running(replace(demo_settings, request_seconds=0.3)) as gateway:
        url = httpx.URL(gateway.url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        head = (
            "POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
        )
        writer.write(head.encode() + b'{"query"')
        assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 408 ")
        writer.close()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_holds_and_fills_up_again() -> None:
    clock = Clock()
    admission = Admission(0, 60, clock)
    for _ in range(60):
        with admission.admitted("ada"):
            pass
    with pytest.raises(RateLimitedError) as caught, admission.admitted("ada"):
        pass
    assert caught.value.retry_after == 1
    with admission.admitted("bob"):
        pass
    clock.now = 1.0
    with admission.admitted("ada"):
        pass
    with pytest.raises(RateLimitedError), admission.admitted("ada"):
        pass
    clock.now = 3_600
    for _ in range(60):
        with admission.admitted("ada"):
            pass
    with pytest.raises(RateLimitedError), admission.admitted("ada"):
        pass


def test_so_many_of_a_subject_run_at_once() -> None:
    admission = Admission(2, 0)
    with admission.admitted("ada"), admission.admitted("ada"):
        with admission.admitted("bob"):
            pass
        with pytest.raises(TooManyAtOnceError), admission.admitted("ada"):
            pass
    with admission.admitted("ada"):
        pass


def test_subjects_that_come_once_are_forgotten() -> None:
    admission = Admission(1, 1)
    with admission.admitted("busy"):
        for number in range(10_100):
            with admission.admitted(str(number)):
                pass
        assert len(admission._subjects) <= 10_001
        with pytest.raises(TooManyAtOnceError), admission.admitted("busy"):
            pass


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("", "", True),
    ],
)
def test_without_a_token_a_household_counts_as_one(one: str, other: str, *, together: bool) -> None:
    """Whoever has a network of IPv6 has more addresses in it than anybody could count."""

    def subject(host: str) -> str:
        return subject_of(None, client_of((host, 1)))

    assert (subject(one) == subject(other)) is together


async def test_who_asks_too_often_is_told_when_to_come_back(demo_settings: Settings) -> None:
    stores = {"postgres_url": demo_settings.postgres_url, "mongo_url": demo_settings.mongo_url}
    async with running(secured(profile="demo", rate=3, **stores)) as gateway:
        query = "{ viewer { subject } }"
        assert [(await gateway.post(query, roles=[Role.READER])).status_code for _ in range(3)] == [200] * 3
        answer = await gateway.post(query)
        assert refusal(answer) == (429, ["RATE_LIMITED"])
        assert 1 <= int(answer.headers["retry-after"]) <= 20
        assert (await gateway.post(query, tenant="other")).status_code == 200
        bare = [await gateway.http.post(f"{gateway.url}/graphql", json={"query": query}) for _ in range(4)]
        assert [each.status_code for each in bare] == [200, 200, 200, 429]
