"""The servers that tests share: embedded ones, or a Mongo server that runs already."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from pymongo import MongoClient

from gateway.embedded import EmbeddedPostgres, EmbeddedStores

#: The address of a Mongo server for the tests: MongoDB, or another that speaks its protocol.
GIVEN = "TEST_MONGO_URL"


class Server(Protocol):
    """Be reached at an address whose database is called `…gateway`; the tests put their own name in its place."""

    @property
    def url(self) -> str: ...


class Servers(Protocol):
    """Be a PostgreSQL and a Mongo server."""

    @property
    def postgres(self) -> Server: ...

    @property
    def mongo(self) -> Server: ...


@dataclass(frozen=True, slots=True)
class GivenMongo:
    """Be a server that runs already, whoever else uses it: the databases of a test run are its own."""

    url: str

    @classmethod
    def at(cls, address: str) -> "GivenMongo":
        return cls(urlsplit(address)._replace(path=f"/test_{uuid4().hex[:8]}_gateway").geturl())

    def remove(self) -> None:
        """Drop the databases of this run."""
        ours = urlsplit(self.url).path.strip("/").removesuffix("gateway")
        client: MongoClient[dict[str, Any]]
        with MongoClient(self.url, serverSelectionTimeoutMS=5000) as client:
            for name in client.list_database_names():
                if name.startswith(ours):
                    client.drop_database(name)


@dataclass(frozen=True, slots=True)
class WithGivenMongo:
    """Be the embedded PostgreSQL beside a Mongo server that runs already."""

    postgres: EmbeddedPostgres
    mongo: GivenMongo


@dataclass(frozen=True, slots=True)
class WithoutMongo:
    """Be the PostgreSQL server only, for tests that need not run on every Mongo server: they cannot touch any."""

    postgres: Server

    @property
    def mongo(self) -> Server:
        raise AssertionError("this test touches Mongo: it has to ask for the fixture `servers`")


@contextmanager
def shared_servers(folder: Path) -> Iterator[Servers]:
    """Run both servers in *folder*; of Mongo's, the one that TEST_MONGO_URL names instead."""
    if not (address := os.environ.get(GIVEN)):
        with EmbeddedStores(folder) as stores:
            yield stores
            stores.remove()
        return
    found = WithGivenMongo(EmbeddedPostgres(folder / "postgres"), GivenMongo.at(address))
    try:
        found.postgres.start()
        yield found
        found.mongo.remove()
    finally:
        found.postgres.remove()
