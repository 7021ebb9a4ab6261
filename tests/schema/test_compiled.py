"""The compiled path answers what graphql-core answers: data, errors, paths, places, order of keys."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.ids import encode_id
from domain.records import RecordKind
from tests.both_paths import BothPaths, both_paths
from tests.documents import Documents
from tests.loading import existing_store, indexed
from tests.servers import GIVEN, Servers

#: `make differential` asks more; on another Mongo server than the embedded one some few show as much.
EXAMPLES = int(os.environ.get("GATEWAY_TEST_DOCUMENTS", "30" if GIVEN in os.environ else "200"))
IDS = (
    *(encode_id("Customer", "north", str(key), RecordKind.CRM) for key in range(1, 10)),
    *(encode_id("Customer", "north", key, RecordKind.ACCOUNT) for key in ("A1", "A9", "A5")),
    *(encode_id("Customer", "north", key, RecordKind.DELIVERY) for key in ("D1", "D9", "D7x")),
    *(encode_id(type_, "north", str(key)) for type_ in ("Lead", "Booking") for key in range(1, 5)),
    encode_id("Customer", "south", "1", RecordKind.CRM),
    "nonsense",
)
seen: Counter[str] = Counter()


@pytest.fixture(scope="module")
async def paths(servers: Servers) -> AsyncIterator[BothPaths]:
    stored = await existing_store(servers, "grocer", "grocer_compiled")
    async with both_paths(await indexed(stored), "north") as both:
        yield both


@given(seed=st.integers(0, 1 << 40), wrong=st.none() | st.integers(0, 1 << 20))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
async def test_both_paths_answer_alike(paths: BothPaths, seed: int, wrong: int | None) -> None:
    query, variables = Documents(paths.compiled._schema, Random(seed), IDS).query()  # noqa: S311 - no secret
    compiled, plain = await paths.ask(query, variables, wrong=wrong)
    seen[compiled.path] += 1
    seen["with errors" if plain.errors else "without"] += 1
    assert plain.path != "compiled"
    assert compiled.data == plain.data, (query, variables)
    assert compiled.errors == plain.errors, (query, variables)


def test_most_were_compiled() -> None:
    print(seen)  # noqa: T201 - shown where the test fails, and with -s
    assert seen["compiled"] > EXAMPLES * 0.7
