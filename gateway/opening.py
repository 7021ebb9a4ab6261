"""Open the stores that the settings name, and hold the profile against them."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

from pymongo.errors import PyMongoError
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import SourceError, SourceUnavailableError, StartError
from gateway.mapped import require_urls
from gateway.settings import Settings
from sources.mongo import MongoSource
from sources.own.store import OwnStore
from sources.postgres import PostgresSource
from sources.profile import Profile
from sources.profile_reading import path_of
from sources.stores import Stores

log = logging.getLogger("gateway")


@dataclass(frozen=True, slots=True)
class Sources:
    """Say what the stores are read by."""

    postgres: type[PostgresSource] = PostgresSource
    mongo: type[MongoSource] = MongoSource


@asynccontextmanager
async def opened(
    profile: Profile, settings: Settings, sources: Sources = Sources(), *, checked: bool = True
) -> AsyncIterator[Stores]:
    """Open the stores for as long as they are used; whatever was opened is closed, also when a start fails.

    A store that does not answer does not prevent a start. Raises StartError where the database contradicts the profile,
    if that is to be *checked*.
    """
    require_urls(profile, settings)
    async with AsyncExitStack() as stack:
        postgres = mongo = None
        if settings.postgres_url is not None:
            with named_setting("GATEWAY_POSTGRES_URL"):
                postgres = sources.postgres(profile, settings.postgres_url, seconds=settings.store_timeout)
            stack.push_async_callback(postgres.close)
        if settings.mongo_url is not None and (profile.account or profile.delivery or profile.courier):
            with named_setting("GATEWAY_MONGO_URL"):
                mongo = sources.mongo(profile, settings.mongo_url, seconds=settings.store_timeout)
            stack.callback(mongo.close)
        own = None
        if settings.postgres_url is not None:
            own = OwnStore(settings.postgres_url, settings.store_timeout)
            stack.push_async_callback(own.close)
        stores = Stores(profile, postgres, mongo, own)
        if checked:
            await check(stores, settings.profile)
        yield stores


@contextmanager
def named_setting(setting: str) -> Iterator[None]:
    """Name the *setting* that a driver makes no client of; what it says of it may hold a password, and is not shown."""
    try:
        yield
    except (PyMongoError, SQLAlchemyError, OSError, TypeError, ValueError) as error:
        fault = f"{setting}: no client can be made of it ({type(error).__name__})"
        raise StartError("The stores cannot be opened:", [fault]) from error


async def check(stores: Stores, profile: str) -> None:
    """Say in the log which store does not answer.

    Raises StartError with all of *profile* that PostgreSQL contradicts.
    """
    if stores.postgres is not None:
        try:
            faults = await stores.postgres.faults()
        except SourceUnavailableError as error:
            _warn(error)
        else:
            if faults:
                raise StartError(f"The database is not as the store profile {path_of(profile)} says:", faults)
    if stores.mongo is not None:
        try:
            await stores.mongo.ping()
        except SourceUnavailableError as error:
            _warn(error)


def _warn(error: SourceError) -> None:
    detail = getattr(error, "detail", "")
    log.warning("%s The gateway serves what it can, and tries again. %s", error, detail)
