"""The stores and the gateways that tests share: real servers, started once."""

import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from gateway.demo_data import load_demo
from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.loading import existing_store, make_database, mongo_url
from tests.running import PATIENT, Gateway, running
from tests.servers import GIVEN, Servers, WithoutMongo, shared_servers

# In CI the same examples every time: what random ones find is for the desk, and becomes an example of its own.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


# What a shell runs in the background ignores interruptions, and so does all that it runs: here they are to be heeded.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    return f"Mongo server: {f'the one that {GIVEN} names' if os.environ.get(GIVEN) else 'embedded'}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for `servers`, itself or through fixtures: it touches Mongo, and has to pass on every server.

    Not what a browser is for: the pages, which are the same whatever answers them.
    """
    for item in items:
        if "servers" in getattr(item, "fixturenames", ()) and item.path.parent.name != "browser":
            item.add_marker("mongo")


@pytest.fixture(scope="session")
def both_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Run a PostgreSQL and a Mongo server for the whole test run; TEST_MONGO_URL names another Mongo server.

    To be asked for only by tests of PostgreSQL's plans in big stores, and of long exports of its rows: whatever else
    these hold, no other Mongo server would change what they show.
    """
    with shared_servers(tmp_path_factory.mktemp("servers")) as stores:
        yield stores


@pytest.fixture(scope="session")
def servers(both_servers: Servers) -> Servers:
    """Share both servers with all tests that touch Mongo: these have to pass on every Mongo server."""
    return both_servers


@pytest.fixture(scope="session")
def without_mongo(both_servers: Servers) -> Servers:
    """Share the PostgreSQL server with tests that touch no Mongo."""
    return WithoutMongo(both_servers.postgres)


@pytest.fixture(scope="session")
async def demo_settings(servers: Servers) -> Settings:
    """Load the demo data."""
    postgres, mongo = await make_database(servers, "demo"), mongo_url(servers, "demo")
    await load_demo(postgres, mongo, customers=500, seed=7)
    return Settings(profile="demo", postgres_url=postgres, mongo_url=mongo, open=True, index_seconds=0, **PATIENT)


@pytest.fixture(scope="session")
async def demo(demo_settings: Settings) -> AsyncIterator[Gateway]:
    """Serve the demo data, open."""
    async with running(demo_settings) as gateway:
        yield gateway


@pytest.fixture(scope="session")
async def writable(servers: Servers) -> AsyncIterator[Gateway]:
    """Serve demo data that may be written to, open: whoever asks finds what others left there."""
    postgres, mongo = await make_database(servers, "writable"), mongo_url(servers, "writable")
    await load_demo(postgres, mongo, customers=60, seed=7)
    await migrate(postgres)
    settings = Settings(profile="demo", postgres_url=postgres, mongo_url=mongo, open=True, index_seconds=0, **PATIENT)
    async with running(settings) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def live_server(demo: Gateway) -> str:
    """The address of a gateway that serves the demo data, open."""
    return demo.url


@pytest.fixture(scope="session")
async def grocer(servers: Servers) -> AsyncIterator[Gateway]:
    """Serve the store `grocer`: two tenants, both kinds of stores, links of every shape."""
    async with running(await existing_store(servers, "grocer")) as gateway:
        yield gateway
