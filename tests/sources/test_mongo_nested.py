"""What lies in nested fields of documents is found, whatever the server makes of dotted names."""

from sources.mongo_connection import MongoConnection
from sources.mongo_forms import value_at
from tests.loading import fill_mongo, mongo_url
from tests.servers import Servers


async def test_nested_fields_are_read_where_they_lie(servers: Servers) -> None:
    url = mongo_url(servers, "nested_fields")
    fill_mongo(url, {"users": [{"_id": 1, "contact": {"email": "a@home.example", "phone": "1"}, "name": "A"}]})
    connection = MongoConnection(url, 5)
    try:
        (found,) = await connection.find("users", {}, ["_id", "contact.email", "name"])
    finally:
        connection.close()
    assert (value_at(found, "contact.email"), value_at(found, "name"), found["_id"]) == ("a@home.example", "A", 1)
