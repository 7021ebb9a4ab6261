"""Many documents written by one statement, on whichever server the tests run against: each as it is written alone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure

from domain.operations import Insert, Write
from domain.records import RecordKind, RecordRef
from sources.mongo import MongoSource
from sources.mongo_documents import MongoDocuments
from sources.mongo_writing import Outcome
from sources.profile import AccountSection, Links, Profile, StoreSection
from tests.loading import fill_mongo, mongo_url
from tests.servers import Servers

WRITTEN, OVERTAKEN = Outcome.WRITTEN, Outcome.OVERTAKEN
IDS = {name: ObjectId() for name in ("absent", "null", "old", "new", "other", "gone")}


@pytest.fixture
async def writing(servers: Servers) -> AsyncIterator[tuple[MongoDocuments, str]]:
    url = mongo_url(servers, "writing_many")
    links: dict[str, dict[str, Any]] = {
        "absent": {},
        "null": {"link": None},
        "old": {"link": "1"},
        "new": {"link": "9"},
        "other": {"link": "2"},
    }
    fill_mongo(url, {"users": [{"_id": IDS[name], "id": name, **link} for name, link in links.items()]})
    account = AccountSection(name_of="users", key="id", links=Links(crm="link"))
    profile = Profile(store=StoreSection(name="many", currency="EUR"), account=account)
    source = MongoSource(profile, url, seconds=30)
    try:
        yield MongoDocuments(profile, source), url
    finally:
        source.close()


def ref(name: str) -> RecordRef:
    return RecordRef(RecordKind.ACCOUNT, name)


def write(name: str, before: str | None = None, after: str | None = "9") -> Write:
    return Write(ref(name), IDS[name], "link", before, after)


def insert(name: str, id_: Any) -> Insert:
    return Insert(ref(name), {"_id": id_, "id": name})


def stored(url: str) -> dict[str, Any]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(url) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        return {one["id"]: one.get("link") for one in database.users.find({})}


async def test_all_that_are_as_before_are_written(writing: tuple[MongoDocuments, str]) -> None:
    documents, url = writing
    writes = [write("absent"), write("null"), write("old", "1", None)]
    assert await documents.write_all(writes) == [WRITTEN] * 3
    assert stored(url) == {"absent": "9", "null": "9", "old": None, "new": "9", "other": "2"}
    # Sent again, as after a crash, they are found done.
    assert await documents.write_all(writes) == [WRITTEN] * 3
    assert stored(url) == {"absent": "9", "null": "9", "old": None, "new": "9", "other": "2"}


async def test_each_that_is_not_as_before_is_told_by_itself(writing: tuple[MongoDocuments, str]) -> None:
    documents, url = writing
    writes = [write("other", "1"), write("absent"), write("gone"), write("new", "1"), write("old", "1")]
    assert await documents.write_all(writes) == [OVERTAKEN, WRITTEN, OVERTAKEN, WRITTEN, WRITTEN]
    assert stored(url) == {"absent": "9", "null": None, "old": "9", "new": "9", "other": "2"}


async def test_documents_are_made_once_beside_writes(writing: tuple[MongoDocuments, str]) -> None:
    documents, url = writing
    one, other = insert("one", ObjectId()), insert("another", ObjectId())
    assert await documents.write_all([one, write("old", "1")]) == [WRITTEN, WRITTEN]
    assert await documents.write_all([one, other, write("old", "1")]) == [WRITTEN, WRITTEN, WRITTEN]
    found = stored(url)
    assert len(found) == 7
    assert found["old"] == "9"


async def test_what_a_unique_index_is_against_is_not_written(writing: tuple[MongoDocuments, str]) -> None:
    documents, url = writing
    client: MongoClient[dict[str, Any]]
    with MongoClient(url) as client:
        users: Collection[dict[str, Any]] = client.get_default_database().users
        users.delete_many({"id": {"$in": ["absent", "null"]}})
        users.create_index([("link", 1)], unique=True)
        try:
            users.update_one({"id": "old"}, {"$set": {"link": "9"}})
        except OperationFailure as error:
            if not isinstance(error, DuplicateKeyError):
                pytest.skip("this server does not say what it has against a write")
    assert await documents.write(write("old", "1")) is OVERTAKEN
    assert await documents.write_all([write("old", "1"), write("other", "2", "3")]) == [OVERTAKEN, WRITTEN]
    assert stored(url) == {"old": "1", "new": "9", "other": "3"}
