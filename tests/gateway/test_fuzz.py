"""Ten thousand requests and more that are made to break something: each is answered, soon, and tells nothing."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.access import Role
from domain.ids import encode_id
from domain.records import RecordKind
from tests.answers import INSIDE, told_of
from tests.asgi import Inside, inside
from tests.fuzzing import Sent, requests
from tests.loading import existing_store, indexed
from tests.running import secured
from tests.servers import GIVEN, Servers
from tests.tokens import mint

#: Requests of an example, sent all at once.
AT_ONCE = 20
#: `make fuzz` asks more; another Mongo server than the embedded one takes fewer.
EXAMPLES = int(os.environ.get("GATEWAY_TEST_FUZZ", "40" if GIVEN in os.environ else "170"))
IDS = tuple(
    encode_id(kind, tenant, key, *more)
    for tenant in ("north", "south")
    for kind, key, more in (
        ("Customer", "1", (RecordKind.CRM,)),
        ("Customer", "A1", (RecordKind.ACCOUNT,)),
        ("Customer", "D1", (RecordKind.DELIVERY,)),
        ("Lead", "1", ()),
        ("Booking", "1", ()),
        ("Lead", "9" * 30, ()),
        ("Operation", "00000000-0000-4000-8000-000000000001", ()),
        ("LinkEvent", "1", ()),
        ("Customer", "\0", (RecordKind.CRM,)),
    )
)
TOKENS = tuple(
    f"Bearer {mint(secured(), roles=[role], tenant='north', seconds=86_400)}".encode()
    for role in (Role.CLIENT_ADMIN, *Role, Role.CLIENT_ADMIN)
) * 6 + (b"", b"Bearer x", b"\xff\x00", b"Basic x")
#: The other tenant's, which nobody of these may see but a platform admin that names it.
SOUTHERN = ("Cuenta", "7.77")

asked_so_far: Counter[str] = Counter()


@pytest.fixture(scope="module")
async def store(servers: Servers) -> AsyncIterator[Inside]:
    stored = await existing_store(servers, "grocer", "grocer_fuzz")
    # Sixty at once on a server that is slow: how long each may take has tests of its own.
    settings = replace(stored, store_timeout=120.0, count_seconds=120.0, request_seconds=300.0)
    async with inside(await indexed(settings)) as gateway:
        yield gateway


async def ask(store: Inside, sent: Sent) -> None:
    answer = await store.ask(sent.body, sent.headers)
    asked_so_far["all"] += 1
    assert answer.status < 500, (sent, answer)
    body = orjson.loads(answer.body)
    assert body.keys() <= {"data", "errors", "extensions"}
    codes = [error["extensions"]["code"] for error in body.get("errors", ())]
    asked_so_far.update(codes or ["answered"])
    # Both stores are there, so whatever says otherwise is a statement of ours that a server refused.
    assert not {"INTERNAL", "SOURCE_UNAVAILABLE", "SOURCE_MISMATCH", "TIMEOUT"} & set(codes), (sent, answer)
    assert [word for word in INSIDE if word.encode() in answer.body] == [], (sent, answer)
    if (b"x-tenant", b"south") not in sent.headers:
        assert told_of(SOUTHERN, answer.body.decode()) == [], (sent, answer)


def told_thrice(sent: Sent, number: int) -> Iterator[Sent]:
    """Send it as it was made, by another one, and with a wrong byte: making requests takes longer than sending them."""
    yield sent
    by_other = [(name, TOKENS[number] if name == b"authorization" else value) for name, value in sent.headers]
    yield Sent(sent.body, tuple(by_other))
    at = (number * 7919) % (len(sent.body) + 1)
    yield Sent(sent.body[:at] + bytes([number * 13 % 256]) + sent.body[at + 1 :], sent.headers)


@given(st.lists(requests(IDS, TOKENS), min_size=AT_ONCE, max_size=AT_ONCE))
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
async def test_nothing_that_is_sent_breaks_anything(store: Inside, many: list[Sent]) -> None:
    await asyncio.gather(*(ask(store, each) for number, sent in enumerate(many) for each in told_thrice(sent, number)))


def test_so_many_were_asked_and_some_were_answered() -> None:
    """The requests are no good where all are refused at the door."""
    if not asked_so_far:
        pytest.skip("the requests were not sent in this run")
    print(asked_so_far)  # noqa: T201 - shown where the test fails, and with -s
    assert asked_so_far["all"] >= EXAMPLES * AT_ONCE * 3
    assert asked_so_far["answered"] > asked_so_far["all"] / 50
    assert len(asked_so_far) > 10
