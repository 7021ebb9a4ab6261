"""Odd texts and amounts to look for, through HTTP: each finds who is so, or nobody, or is a clear error."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.answers import assert_told_nothing_of_the_inside, codes, refusal
from tests.loading import existing_store, indexed, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

#: A name in an odd script or with odd signs, and what else finds it.
NAMES = {
    "देवनागरी नाम": ("नाम", "devnagri"),
    "สมชาย ใจดี": ("ใจดี", "สมชาย"),
    "王小明": ("小明", "xiaoming"),
    "محمد علي": ("علي", "\u200fمحمد\u200f"),
    "עברית שלום": ("שלום", "\u202eשלום\u202c"),
    "தமிழ் பெயர்": ("தமிழ்",),
    "Zo\u00eb 😀 Müller": ("zoe", "ZOË MUELLER", "😀 zoe", "Zoe\u0308"),
    "100% O'Brien_\\": ("100%", "obrien_", "o’brien", "O'BRIEN\\"),
    "Ａｎｎａ ﬁsher": ("anna fisher", "ＦＩＳＨＥＲ"),
}
NOTHING = ("%", "_", "\\", "%%%", "__", "\x00", "a\x00b", "😀", "\u202e", "'; DROP TABLE customers; --", "a" * 200)
SEARCH = """query ($text: String) {
  customers(filter: {search: $text}) { totalCount nodes { name } }
  leads(filter: {search: $text}) { totalCount nodes { name } }
}"""


@pytest.fixture(scope="module")
async def bikes(without_mongo: Servers) -> AsyncIterator[Gateway]:
    settings = await existing_store(without_mongo, "bikes", "odd_searches")
    assert settings.postgres_url is not None
    for name in NAMES:
        quoted = name.replace("'", "''")
        row = f"(gen_random_uuid(), '{quoted}', now())"
        await run_sql(settings.postgres_url, f"INSERT INTO customers (id, full_name, created_at) VALUES {row}")
    async with running(await indexed(settings)) as gateway:
        yield gateway


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in NAMES.items() for text in (name, *texts)])
async def test_a_name_in_any_script_is_found(bikes: Gateway, name: str, text: str) -> None:
    found = (await bikes.data(SEARCH, {"text": text}))["customers"]
    assert [one["name"] for one in found["nodes"]] == [name]
    assert found["totalCount"] == 1


@pytest.mark.parametrize("text", NOTHING, ids=ascii)
async def test_what_no_name_has_finds_nobody(bikes: Gateway, text: str) -> None:
    answer = await bikes.post(SEARCH, {"text": text})
    assert_told_nothing_of_the_inside(answer)
    nobody = {"totalCount": 0, "nodes": []}
    assert answer.json() == {**answer.json(), "data": {"customers": nobody, "leads": nobody}}


async def test_half_a_character_is_no_text(bikes: Gateway) -> None:
    written = json.dumps({"query": SEARCH, "variables": {"text": "\ud800"}})  # in ASCII, as browsers write it
    headers = {"Content-Type": "application/json", **bikes.token()}
    answer = await bikes.http.post(f"{bikes.url}/graphql", content=written, headers=headers)
    assert refusal(answer) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize("text", ["a" * 201, "é" * 100_000])
async def test_what_is_too_long_to_be_searched_for_is_told(bikes: Gateway, text: str) -> None:
    body = await bikes.ask(SEARCH, {"text": text})
    assert body["data"] == {"customers": None, "leads": None}
    assert set(codes(body)) == {"BAD_INPUT"}
    assert f"not {len(text)}" in body["errors"][0]["message"]


@pytest.mark.parametrize("text", [None, "", " \t\n", "\u00a0"])
async def test_a_search_for_nothing_narrows_nothing(bikes: Gateway, text: str | None) -> None:
    found = await bikes.data(SEARCH, {"text": text})
    everybody = await bikes.data("{ customers { totalCount } leads { totalCount } }")
    assert {name: one["totalCount"] for name, one in found.items()} == {
        name: one["totalCount"] for name, one in everybody.items()
    }


# ── amounts ──

LEAST = "query ($least: Decimal) { customers(filter: {minRevenue: $least}) { totalCount nodes { name } } }"


@pytest.mark.parametrize(
    "wrong", ["NaN", "sNaN", "Infinity", "-Infinity", "", " ", "1,5", "twelve", "1e", "0x10", 5, 1.5, True, [], {}]
)
async def test_what_is_no_amount_is_refused(bikes: Gateway, wrong: Any) -> None:
    answer = await bikes.post(LEAST, {"least": wrong})
    assert refusal(answer) == (200, ["GRAPHQL_VALIDATION_FAILED"])
    assert "Decimal" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("least", "is_less"),
    [
        *((least, True) for least in ("0", "-0", "-0.001", "-5", "-1e999", "-1e999999999", "-" + "9" * 5_000)),
        *((least, False) for least in ("1e30", "1e999", "1e999999999", "9" * 5_000)),
    ],
    ids=lambda value: str(value)[:12],
)
async def test_an_amount_of_any_size_is_compared(bikes: Gateway, least: str, *, is_less: bool) -> None:
    found = (await bikes.data(LEAST, {"least": least}))["customers"]
    everybody = (await bikes.data("{ customers { totalCount } }"))["customers"]["totalCount"]
    assert found["totalCount"] == (everybody if is_less else 0)


@pytest.mark.parametrize("least", ["0.001", "1e-999", "1e-999999999", "0." + "0" * 5_000 + "1"], ids=lambda it: it[:12])
async def test_anything_above_nothing_is_a_cent_at_least(bikes: Gateway, least: str) -> None:
    found = await bikes.data(LEAST, {"least": least})
    assert found == await bikes.data(LEAST, {"least": "0.01"})
    assert found["customers"]["totalCount"] > 0
