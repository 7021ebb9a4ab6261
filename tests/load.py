"""The load of `make soak`: clients that ask all kinds of things, write some, err, and go away in the middle."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.access import Role
from tests.answers import codes
from tests.serving import Served
from tests.sockets import Connection, written

CUSTOMERS = """query ($after: String) { customers(first: 20, after: $after) { totalCount pageInfo { endCursor }
  nodes { id name email linkage totalLeads totalBookings totalRevenue { amount currency }
    leads(first: 3) { nodes { id status } } } } }"""
LEADS = """query ($after: String) { leads(first: 25, after: $after) { pageInfo { endCursor }
  nodes { id status history(first: 2) { nodes { to by } } customer { id name totalLeads } } } }"""
#: What the CRM alone answers, so that the gateway is what works.
PLAIN = (
    "{ leads(first: 50) { totalCount nodes { id key status storeStatus source createdAt allowedTransitions { to } } } }"
)
BOOKINGS = "{ bookings(first: 30) { nodes { id status startAt amount { amount } customer { name } } } }"
DASHBOARD = """{ dashboard(period: {from: "2025-01-01T00:00:00Z"}) { customers { total } leads { total }
  bookings { total } revenue { amount } series(interval: WEEK) { start leads bookings } } }"""
SEARCH = (
    "query ($text: String) { customers(first: 10, filter: {search: $text}) { nodes { id name records { store } } } }"
)
PROFILE = """query ($id: ID!) { customer(id: $id) { name email phone notes(first: 5) { nodes { text by } }
  timeline(first: 10) { nodes { __typename } } analytics { segment averageTicket { amount } } } }"""
NOTE = 'mutation ($id: ID!) { addNote(input: {customerId: $id, text: "soaked"}) { note { id } errors { code } } }'
STATUS = """mutation ($id: ID!, $to: LeadStatus!) { updateLeadStatus(input: {id: $id, to: $to}) {
  lead { status } errors { code } } }"""
RENAME = """mutation ($id: ID!, $name: String!) { updateCustomer(input: {id: $id, name: $name}) {
  customer { name } errors { code } } }"""
NAMES = ("jens", "møller", "anna", "sørensen", "nobody at all", "@example")
#: What no document of ours may be answered with, by a gateway whose stores are there.
WRONG = {"INTERNAL", "GRAPHQL_VALIDATION_FAILED", "SOURCE_UNAVAILABLE", "SOURCE_MISMATCH", "TIMEOUT"}
ERRING = (
    b"",
    b"{",
    b"[" * 5_000,
    b'{"query": 7}',
    json.dumps({"query": "{ nothing }"}).encode(),
    json.dumps({"query": "{ viewer { " + "subject " * 300 + "} }"}).encode(),
    json.dumps({"query": "{" * 3_000}).encode(),
    json.dumps({"query": '{ customer(id: "nonsense") { id } }'}).encode(),
    json.dumps({"query": '{ leads(after: "nonsense") { totalCount } }'}).encode(),
    json.dumps({"query": CUSTOMERS.replace("20", "100").replace("3", "100")}).encode(),
)
PLACES = ("/", "/account", "/healthz", "/readyz", "/schema.graphql", "/static/graphiql.js", "/nowhere", "/graphql")


@dataclass(slots=True)
class Load:
    """Be what clients have sent so far: *answered* counts by status, *broken* keeps what should not be."""

    served: Served
    tokens: Sequence[dict[str, str]]
    answered: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    left: int = 0
    broken: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(self.answered.values()) + self.left


def load_of(served: Served, subjects: int = 12) -> Load:
    """Make a load by *subjects* who may write, some who may only read, and one who may do nothing."""
    writers = [served.token(subject=f"writer {number}", seconds=86_400) for number in range(subjects)]
    readers = [served.token(subject=f"reader {number}", roles=[Role.READER], seconds=86_400) for number in range(3)]
    support = served.token(subject="support", roles=[Role.SUPPORT], seconds=86_400)
    return Load(served, [*writers, *readers, support])


async def prime(load: Load) -> None:
    """Learn whom the load may ask about, by what is to be answered before it begins."""
    customers = (await load.served.post(CUSTOMERS)).json["data"]["customers"]["nodes"]
    leads = (await load.served.post(LEADS)).json["data"]["leads"]["nodes"]
    load.customers, load.leads = [one["id"] for one in customers], [one["id"] for one in leads]


async def client(load: Load, seed: int, ended: asyncio.Event) -> None:
    """Ask one thing after another until it has *ended*."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    while not ended.is_set():
        async with load.served.connected() as connection:
            try:
                stays = True
                while stays and not ended.is_set():
                    stays = await _step(load, connection, chance)
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                load.broken.append(f"a connection broke: {error!r}")


async def _step(load: Load, connection: Connection, chance: random.Random) -> bool:
    """Do one thing, by its weight. Answer whether the connection is still good."""
    step = chance.choices(STEPS, WEIGHTS)[0]
    return await step(load, connection, chance)


async def _query(load: Load, connection: Connection, chance: random.Random) -> bool:
    queries: tuple[tuple[int, str, dict[str, Any]], ...] = (
        (100, PLAIN, {}),
        (10, LEADS, {}),
        (10, BOOKINGS, {}),
        (10, PROFILE, {"id": chance.choice(load.customers)}),
        # No two of these are alike: whatever is kept of documents has to forget them.
        (20, f"{{ a{chance.getrandbits(40)}: viewer {{ subject }} }}", {}),
        # The embedded Mongo server answers few of these a second.
        (1, CUSTOMERS, {}),
        (1, DASHBOARD, {}),
        (1, SEARCH, {"text": chance.choice(NAMES)}),
    )
    _, query, variables = chance.choices(queries, [weight for weight, *_ in queries])[0]
    return await _ask(load, connection, chance, query, variables)


async def _write(load: Load, connection: Connection, chance: random.Random) -> bool:
    customer, lead = chance.choice(load.customers), chance.choice(load.leads)
    query, variables = chance.choice(
        (
            (NOTE, {"id": customer}),
            (STATUS, {"id": lead, "to": chance.choice(("LOST", "CONTACTED", "QUOTED", "WON"))}),
            (RENAME, {"id": customer, "name": f"Renamed {chance.randrange(100)}"}),
        )
    )
    return await _ask(load, connection, chance, query, variables)


async def _err(load: Load, connection: Connection, chance: random.Random) -> bool:
    headers = chance.choice((chance.choice(load.tokens), {}, {"Authorization": "Bearer x"}, {"Content_Type": "x/y"}))
    body = chance.choice(ERRING)
    await connection.send(written("POST", "/graphql", body, **headers))
    return await _count(load, connection)


async def _look(load: Load, connection: Connection, chance: random.Random) -> bool:
    await connection.send(written("GET", chance.choice(PLACES), Accept="text/html"))
    return await _count(load, connection)


async def _leave(load: Load, connection: Connection, chance: random.Random) -> bool:
    """Go away in the middle: of the head, of the body, or of the answer."""
    body = json.dumps({"query": CUSTOMERS}).encode()
    whole = written("POST", "/graphql", body, **chance.choice(load.tokens))
    await connection.send(whole[: chance.choice((20, len(whole) - 10, len(whole)))])
    if chance.random() < 0.5:
        await asyncio.sleep(0.005)
    connection.vanish()
    load.left += 1
    return False


Step = Callable[[Load, Connection, random.Random], Awaitable[bool]]
STEPS: tuple[Step, ...] = (_query, _write, _err, _look, _leave)
WEIGHTS = (70, 10, 10, 5, 5)


async def _ask(
    load: Load, connection: Connection, chance: random.Random, query: str, variables: dict[str, Any]
) -> bool:
    body = json.dumps({"query": query, "variables": variables}).encode()
    await connection.send(written("POST", "/graphql", body, **chance.choice(load.tokens)))
    reply = await connection.reply()
    load.answered[reply.status] += 1
    found = codes(reply.json)
    load.codes.update(found or ["answered"])
    if reply.status != 200 or WRONG & set(found):
        load.broken.append(f"{reply.status} {found} for {query[:60]} {variables}")
    return reply.headers.get("connection") != "close"


async def _count(load: Load, connection: Connection) -> bool:
    reply = await connection.reply()
    load.answered[reply.status] += 1
    if reply.status >= 500:
        load.broken.append(f"{reply.status} {reply.body[:200]!r}")
    return reply.headers.get("connection") != "close"
