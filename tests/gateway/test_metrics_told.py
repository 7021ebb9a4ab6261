"""What a gateway tells of itself: to whom, of how many workers, and nothing about anybody."""

from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from domain.access import Role
from gateway.settings import Settings
from tests.gateway.test_workers import free_port, until
from tests.loading import existing_store, indexed
from tests.operating import serving
from tests.running import Gateway, running, secured
from tests.servers import Servers

PAGE = "query Page($q: Int = 3) { customers(first: $q) { nodes { name totalLeads leads(first: 2) { nodes { id } } } } }"
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    """Sum what was counted under these labels, whatever the others."""
    return sum(count for (named, given), count in found.items() if named == name and labels.items() <= set(given))


def labels_of(found: Samples, name: str, label: str) -> set[str]:
    return {dict(labels)[label] for named, labels in found if named == name and label in dict(labels)}


async def told(gateway: Gateway, path: str = "/metrics") -> Samples:
    answer = await gateway.http.get(f"{gateway.url}{path}", headers=gateway.token(roles=[Role.PLATFORM_ADMIN]))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return samples(answer.text)


@pytest.fixture
async def renos(without_mongo: Servers) -> Settings:
    store = await existing_store(without_mongo, "renos")
    return secured(profile="renos", postgres_url=store.postgres_url)


async def test_requests_are_counted_by_operation_and_what_answered_them(demo_settings: Settings) -> None:
    async with running(demo_settings) as gateway:
        for _ in range(3):
            await gateway.data(PAGE)
        await gateway.data("{ viewer { subject } }")
        await gateway.post("{ nothing }")
        found = await told(gateway)

    assert value(found, "gateway_request_seconds_count", operation="Page") == 3
    assert value(found, "gateway_request_seconds_count", operation="unnamed") == 1
    assert value(found, "gateway_request_seconds_count", operation="refused") == 1
    assert value(found, "gateway_answers_total") == 4
    assert labels_of(found, "gateway_answers_total", "path") <= {"compiled", "graphql-core"}
    assert value(found, "gateway_errors_total", code="GRAPHQL_VALIDATION_FAILED") == 1
    assert value(found, "gateway_statements_total", store="postgres", loader="lead_stats_by_customer") == 3
    assert value(found, "gateway_batch_keys_count", loader="lead_stats_by_customer") == 3
    assert 3 <= value(found, "gateway_batch_keys_sum", loader="lead_stats_by_customer") <= 9
    assert value(found, "gateway_statement_seconds_total", store="postgres") > 0
    assert value(found, "gateway_requests_running") == 0
    assert {"postgres", "mongo", "own", "own_transactions"} == labels_of(found, "gateway_pool_size", "pool")
    assert value(found, "gateway_cache_requests_total", cache="compiled_operations", outcome="hit") == 2
    assert value(found, "process_resident_memory_bytes") > 0
    assert value(found, "gateway_workers") == 1


async def test_refusals_are_counted_by_their_codes(renos: Settings) -> None:
    async with running(renos) as gateway:
        await gateway.http.post(f"{gateway.url}/graphql", content=b"{")
        await gateway.http.post(f"{gateway.url}/graphql", json={}, headers={"Authorization": "Bearer x"})
        found = await told(gateway)
    assert value(found, "gateway_errors_total", code="BAD_REQUEST") == 1
    assert value(found, "gateway_errors_total", code="UNAUTHENTICATED") == 1
    assert value(found, "gateway_request_seconds_count", operation="refused") == 2


async def test_only_administrators_of_the_platform_read_metrics(renos: Settings) -> None:
    async with running(renos) as gateway:
        nobody = await gateway.http.get(f"{gateway.url}/metrics")
        forged = await gateway.http.get(f"{gateway.url}/metrics", headers={"Authorization": "Bearer x"})
        client = await gateway.http.get(f"{gateway.url}/metrics", headers=gateway.token(roles=[Role.CLIENT_ADMIN]))
    assert (nobody.status_code, forged.status_code, client.status_code) == (401, 401, 403)
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert not [each for each in (nobody, forged, client) if "gateway_" in each.text]


async def test_names_that_clients_make_up_stay_few_and_say_nothing(renos: Settings) -> None:
    async with running(renos) as gateway:
        for number in range(130):
            letters = "abcdefghij"[number % 10] * (number // 10 + 1)
            await gateway.data(f"query Made{letters} {{ viewer {{ subject }} }}")
        await gateway.data("query Of4915112345678 { viewer { subject } }")
        await gateway.http.post(f"{gateway.url}/graphql", json={"query": "query Nobody { __typename }"})
        found = await told(gateway)
    names = labels_of(found, "gateway_request_seconds_count", "operation")
    assert len(names) == 101
    assert names & {"other", "Of4915112345678", "Nobody"} == {"other"}
    assert value(found, "gateway_request_seconds_count", operation="other") == 32


async def test_nothing_about_anybody_is_in_a_label(demo_settings: Settings) -> None:
    async with running(demo_settings) as gateway:
        people = (await gateway.data("{ customers(first: 20) { nodes { id name email phone } } }"))["customers"][
            "nodes"
        ]
        for one in people:
            given = {"id": one["id"]}
            await gateway.data("query Profile($id: ID!) { customer(id: $id) { name email } }", given)
            await gateway.ask(
                f'query Search {{ customers(first: 2, filter: {{search: "{one["name"]}"}}) {{ nodes {{ id }} }} }}'
            )
        answer = await gateway.http.get(f"{gateway.url}/metrics")
    said = [text for one in people for text in one.values() if text]
    assert [text for text in said if text in answer.text] == []


async def test_work_in_the_background_is_told(renos: Settings) -> None:
    settings = await indexed(renos)
    async with running(settings) as gateway:
        found = await told(gateway)
    assert value(found, "gateway_index_age_seconds") > 0
    assert value(found, "gateway_operations_unfinished") == 0


async def test_every_worker_tells_of_all(demo_settings: Settings, tmp_path: Path) -> None:
    port = free_port()
    async with (
        serving(
            demo_settings, tmp_path, free_port(), "--no-auth", GATEWAY_WORKERS="2", GATEWAY_METRICS_ADDRESS=str(port)
        ) as served,
        httpx.AsyncClient(timeout=60) as http,
    ):
        asked = 0
        while True:
            await http.post(f"{served.url}/graphql", json={"query": PAGE}, headers={"Connection": "close"})
            asked += 1
            found = samples((await http.get(f"http://127.0.0.1:{port}/metrics")).text)
            if value(found, "gateway_workers") == 2:
                break
        assert value(found, "gateway_request_seconds_count", operation="Page") == asked
        assert labels_of(found, "process_resident_memory_bytes", "worker") == {"0", "1"}
        again = samples((await http.get(f"{served.url}/metrics")).text)
        assert value(again, "gateway_request_seconds_count", operation="Page") == asked

        dying = served.workers()[0]
        dying.kill()
        await until(lambda: dying not in served.workers() and len(served.workers()) == 2)
        found = {}
        while value(found, "gateway_workers") < 2:
            found = samples((await http.get(f"http://127.0.0.1:{port}/metrics")).text)
        assert labels_of(found, "process_resident_memory_bytes", "worker") == {"0", "1"}

        elsewhere = await http.get(f"http://127.0.0.1:{port}/metrics", headers={"Host": "somewhere.example"})
        assert elsewhere.status_code == 400
        assert (await http.get(f"http://127.0.0.1:{port}/graphql")).status_code == 404
