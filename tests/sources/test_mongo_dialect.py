"""Each form of query that the gateway sends, pinned on the server it runs against: forms that servers read alike."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorClient

from domain.keyset import Beyond, Nulls, Ties
from domain.paging import Direction, Order, PageRequest, Position
from domain.records import RecordKind
from domain.stored_time import Form, StoredTime
from domain.time import Period
from sources.mongo import Chunk, MongoSource
from sources.mongo_forms import KeyForm, Query, TimeField, after_key, all_of, one_of, spellings
from sources.profile import AccountSection, Links, Profile, StoreSection
from tests.loading import fill_mongo, mongo_url
from tests.servers import Servers

NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


def millis(count: int) -> datetime:
    return NEW_YEAR + timedelta(milliseconds=count)


#: Dates of every form, in one field: real ones to the millisecond, texts of the profile's shape, and odd ones.
DOCUMENTS: list[dict[str, Any]] = [
    {"id": "a", "at": millis(123), "iso": "2025-01-01T00:00:00", "link": "1", "role": "customer"},
    {"id": "b", "at": millis(456), "iso": "2025-01-01T00:00:00.123456", "link": 1, "role": "customer"},
    {"id": "c", "at": millis(456), "iso": "2025-01-01T00:00:00", "link": True, "role": "staff"},
    {"id": "d", "at": "2025-01-01T00:00:00", "iso": "yesterday", "link": None, "role": "customer"},
    {"id": "e", "at": None, "iso": None, "link": 1.5},
    {"id": "f", "at": 5, "iso": 5, "link": "65f000000000000000000001"},
    {"id": "g", "link": ObjectId("65f000000000000000000001"), "role": "customer"},
    {"id": "h", "at": millis(2000), "iso": "2025-02-30T00:00:00", "link": {"id": "1"}},
    {"id": "Щ", "at": millis(1000), "iso": "2025-03-01T12:30:00", "link": ["1"]},
    {"id": "3", "at": millis(3000), "iso": "2025-03-02T00:00:00.500000", "link": ""},
]
NATIVE, ISO = TimeField("at", StoredTime(Form.MILLIS)), TimeField("iso", StoredTime(Form.ISO))
WITH_DATE = {"at": ["a", "b", "c", "Щ", "h", "3"], "iso": ["a", "c", "b", "Щ", "3"]}


@pytest.fixture(scope="module")
async def collection(servers: Servers) -> AsyncIterator[Any]:
    url = mongo_url(servers, "dialect")
    fill_mongo(url, {"documents": DOCUMENTS})
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(url, tz_aware=True)
    yield client.get_default_database().documents
    client.close()


async def ids(collection: Any, query: Query, *sort: tuple[str, int], limit: int = 0) -> list[str]:
    cursor = collection.find(query, {"_id": 0, "id": 1})
    if sort:
        cursor = cursor.sort(list(sort))
    return [document["id"] for document in await cursor.limit(limit).to_list(None)]


@pytest.mark.parametrize("field", [NATIVE, ISO], ids=["native", "iso"])
@pytest.mark.parametrize("ascending", [True, False], ids=["ascending", "descending"])
async def test_all_dates_of_the_form_come_in_order(collection: Any, field: TimeField, *, ascending: bool) -> None:
    direction = 1 if ascending else -1
    query = field.beyond(Beyond(), ascending=ascending)
    found = await ids(collection, query, (field.field, direction), ("id", direction))
    assert found == WITH_DATE[field.field][::direction]


@pytest.mark.parametrize("field", [NATIVE, ISO], ids=["native", "iso"])
async def test_dates_of_no_or_another_form_come_by_key(collection: Any, field: TimeField) -> None:
    found = await ids(collection, field.without(), ("id", 1))
    assert found == sorted({document["id"] for document in DOCUMENTS} - set(WITH_DATE[field.field]))
    after = after_key("id", Nulls("e"), KeyForm.TEXT, ascending=True)
    assert await ids(collection, all_of([field.without(), *after]), ("id", 1)) == [id_ for id_ in found if id_ > "e"]


async def test_a_date_is_compared_to_the_millisecond(collection: Any) -> None:
    sort = ("at", 1), ("id", 1)
    assert await ids(collection, NATIVE.beyond(Beyond(millis(456)), ascending=True), *sort) == ["Щ", "h", "3"]
    assert await ids(collection, NATIVE.beyond(Beyond(millis(456), inclusive=True), ascending=True), *sort) == [
        "b", "c", "Щ", "h", "3",
    ]  # fmt: skip
    assert await ids(collection, NATIVE.beyond(Beyond(millis(456)), ascending=False), *sort) == ["a"]
    between = millis(455) + timedelta(microseconds=500)
    assert await ids(collection, NATIVE.beyond(Beyond(between), ascending=False), *sort) == ["a"]
    assert await ids(collection, NATIVE.beyond(Beyond(between), ascending=True), *sort, limit=1) == ["b"]


async def test_ties_are_just_this_date_and_the_keys_behind(collection: Any) -> None:
    ties = NATIVE.ties(Ties(millis(456), "b"))
    after = after_key("id", Ties(millis(456), "b"), KeyForm.TEXT, ascending=True)
    assert ties is not None
    assert await ids(collection, all_of([ties, *after]), ("id", 1)) == ["c"]
    assert NATIVE.ties(Ties(millis(456) + timedelta(microseconds=1), "b")) is None


async def test_ties_of_text_dates_are_just_this_text(collection: Any) -> None:
    ties = ISO.ties(Ties(NEW_YEAR, "a"))
    after = after_key("id", Ties(NEW_YEAR, "a"), KeyForm.TEXT, ascending=True)
    assert ties is not None
    assert await ids(collection, all_of([ties, *after]), ("id", 1)) == ["c"]


async def test_a_text_date_is_compared_as_text(collection: Any) -> None:
    found = await ids(collection, ISO.beyond(Beyond(NEW_YEAR), ascending=True), ("iso", 1), ("id", 1))
    assert found == ["b", "Щ", "3"]


@pytest.mark.parametrize(("field", "found"), [(NATIVE, ["a", "b", "c"]), (ISO, ["a", "b", "c"])], ids=["native", "iso"])
async def test_a_period_holds_its_start_and_not_its_end(collection: Any, field: TimeField, found: list[str]) -> None:
    end = millis(1000) if field is NATIVE else datetime(2025, 3, 1, 12, 30, tzinfo=UTC)
    (within,) = field.within(Period(NEW_YEAR, end))
    both = all_of([field.beyond(Beyond(), ascending=True), within])
    assert await ids(collection, both, ("id", 1)) == found


async def test_keys_are_found_one_and_many_also_where_they_look_like_numbers(collection: Any) -> None:
    assert await ids(collection, one_of("id", ["3"])) == ["3"]
    assert sorted(await ids(collection, one_of("id", ["3", "a", "Щ", "none"]))) == ["3", "a", "Щ"]


async def test_links_are_found_as_text_number_and_object_id(collection: Any) -> None:
    """Servers may find more beside odd values (true, objects): the source looks at what it reads once more."""
    found = await ids(collection, one_of("link", spellings(["1"])), ("id", 1))
    assert {"a", "b"} <= set(found)
    oid = await ids(collection, one_of("link", spellings(["65f000000000000000000001"])), ("id", 1))
    assert oid == ["f", "g"]


async def test_a_condition_holds_to_its_words(collection: Any) -> None:
    assert await ids(collection, all_of([one_of("role", ["customer"])]), ("id", 1)) == ["a", "b", "d", "g"]


async def test_a_missing_field_and_a_null_are_the_same_to_a_link(collection: Any) -> None:
    assert await ids(collection, one_of("link", spellings(["none"]))) == []


async def test_the_source_keeps_only_what_really_names_the_key(servers: Servers) -> None:
    url = mongo_url(servers, "dialect_links")
    fill_mongo(url, {"users": DOCUMENTS})
    links = Links(partner=None, crm="link")
    account = AccountSection(name_of="users", key="id", links=links, created_at="at")
    source = MongoSource(Profile(store=StoreSection(name="dialect", currency="EUR"), account=account), url, seconds=5)
    try:
        found = await source.by_crm(None, RecordKind.ACCOUNT, {"1"})
        assert {one.record.key for one in found} == {"a", "b"}
        found = await source.by_key(None, RecordKind.ACCOUNT, {"3", "none", "Щ", "\x00"})
        assert {one.record.key for one in found} == {"3", "Щ"}
    finally:
        source.close()


async def test_documents_without_a_usable_key_stand_in_nobodys_way(servers: Servers) -> None:
    """Given keys that are texts, save for a run of other ones in the middle of the list."""
    url = mongo_url(servers, "dialect_keys")
    odd: list[Any] = [None, 7, 1.5, True, {"a": 1}, *[None] * 50]
    rows = [{"id": key, "at": millis(100 + number)} for number, key in enumerate(odd)]
    fill_mongo(url, {"users": [{"id": "a", "at": millis(0)}, *rows, {"id": "", "at": millis(500)}, {"id": "z"}]})
    account = AccountSection(name_of="users", key="id", links=Links(), created_at="at")
    source = MongoSource(Profile(store=StoreSection(name="dialect", currency="EUR"), account=account), url, seconds=5)
    try:
        request = PageRequest(Order("customers", "CREATED_AT", Direction.ASC), 10)
        position, keys = None, []
        for _ in range(3):
            chunk = await source.chunk(None, RecordKind.ACCOUNT, request, position=position, size=1, created_in=None)
            keys += [found.record.key for _, found in chunk.found]
            assert not chunk.ended
            position = chunk.found[-1][0]
        assert keys == ["a", "", "z"]
        last = await source.chunk(None, RecordKind.ACCOUNT, request, position=position, size=1, created_in=None)
        assert last == Chunk()
    finally:
        source.close()


#: What servers find in a list as if it stood there alone, and what some take for 1.
LISTS: list[dict[str, Any]] = [
    {"id": "plain", "at": millis(1), "iso": "2025-01-01T00:00:00", "shop": 1, "role": "customer"},
    {
        "id": "list",
        "at": {"on": [millis(0)]},
        "iso": ["2025-01-01T00:00:00"],
        "shop": "1",
        "role": ["staff", "customer"],
    },
    {"id": "empty", "at": [], "iso": [], "shop": 1, "role": "customer"},
    {"id": "later", "at": millis(2), "iso": "2025-01-02T00:00:00", "shop": 1, "role": "customer"},
    {"id": "shared", "at": millis(0), "iso": "2025-01-01T00:00:00", "shop": ["1", "2"], "role": "customer"},
    {"id": "true", "at": millis(0), "iso": "2025-01-01T00:00:00", "shop": True, "role": "customer"},
    {"id": "staff", "at": millis(0), "iso": "2025-01-01T00:00:00", "shop": 1, "role": ["staff"]},
]


@pytest.mark.parametrize(("field", "dates"), [("at", "native"), ("iso", "iso")])
@pytest.mark.parametrize("reading", list(Direction))
async def test_a_list_is_no_date_and_no_tenant(
    servers: Servers, field: str, dates: Literal["native", "iso"], reading: Direction
) -> None:
    url = mongo_url(servers, "dialect_lists")
    fill_mongo(url, {"users": LISTS})
    account = AccountSection(
        name_of="users",
        key="id",
        links=Links(),
        created_at=field,
        dates=dates,
        tenant="shop",
        where={"role": ("customer",)},
    )
    source = MongoSource(Profile(store=StoreSection(name="dialect", currency="EUR"), account=account), url, seconds=5)
    try:
        request = PageRequest(Order("customers", "CREATED_AT", reading), 10)
        position, keys = None, []
        while not (chunk := await one_after(source, request, position)).ended:
            ((position, found),) = chunk.found
            keys.append(found.record.key)
        dated, dateless = ["plain", "later"], ["empty", "list"]
        step = 1 if reading is Direction.ASC else -1
        assert keys == dated[::step] + dateless[::step]
        streamed = [one.key async for lot in source.links("1", RecordKind.ACCOUNT, None) for one in lot]
        assert sorted(streamed) == sorted(keys)
    finally:
        source.close()


async def one_after(source: MongoSource, request: PageRequest, position: Position | None) -> Chunk:
    return await source.chunk("1", RecordKind.ACCOUNT, request, position=position, size=1, created_in=None)


async def test_limits_hold(collection: Any) -> None:
    query = NATIVE.beyond(Beyond(), ascending=False)
    assert await ids(collection, query, ("at", -1), ("id", -1), limit=2) == ["3", "h"]


# ── writes ──

WRITES: list[dict[str, Any]] = [
    {"id": "absent"},
    {"id": "null", "link": None},
    {"id": "text", "link": "1"},
    {"id": "other", "link": "2"},
    {"id": "number", "link": 1},
    {"id": "oid", "link": ObjectId("65f000000000000000000001")},
]


@pytest.fixture
async def written(servers: Servers) -> AsyncIterator[Any]:
    url = mongo_url(servers, "dialect_writes")
    fill_mongo(url, {"documents": WRITES})
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(url, tz_aware=True)
    yield client.get_default_database().documents
    client.close()


@pytest.mark.parametrize(
    ("before", "matched"),
    [
        (None, {"absent", "null"}),
        ("1", {"text"}),
        (1, {"number"}),
        (ObjectId("65f000000000000000000001"), {"oid"}),
        ("3", set()),
    ],
    ids=["nothing", "text", "number", "object id", "another"],
)
async def test_a_field_is_written_only_where_it_still_is_as_before(
    written: Any, before: Any, matched: set[str]
) -> None:
    found = {document["id"]: document["_id"] for document in await written.find({}).to_list(None)}
    done = set()
    for key, id_ in found.items():
        query = all_of([one_of("_id", [id_]), one_of("link", [before])])
        if (await written.update_one(query, {"$set": {"link": "new"}})).matched_count:
            done.add(key)
    # Some servers take an ObjectId for a number: what was read before tells them apart.
    assert done - {"oid"} == matched - {"oid"}
    assert matched <= done
    changed = {document["id"] for document in await written.find({}).to_list(None) if document.get("link") == "new"}
    assert changed == done


async def test_a_field_that_is_cut_is_gone(written: Any) -> None:
    (text,) = await written.find({"id": {"$in": ["text"]}}).to_list(None)
    query = all_of([one_of("_id", [text["_id"]]), one_of("link", ["1"])])
    assert (await written.update_one(query, {"$unset": {"link": ""}})).matched_count == 1
    assert (await written.update_one(query, {"$unset": {"link": ""}})).matched_count == 0
    assert await written.find({"id": {"$in": ["text"]}}).to_list(None) == [{"_id": text["_id"], "id": "text"}]
