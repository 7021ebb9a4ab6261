"""Change links as a gateway process of its own does: `python -m tests.linker PROFILE POSTGRES MONGO TENANT COMMANDS`.

COMMANDS is JSON: a list of ["link", ["CRM:1", "ACCOUNT:a"]], ["unlink", "ACCOUNT:a"], ["undo", 7]. What came of each is
written as a line of JSON: its state, its event, its errors.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from domain.errors import SourceError
from domain.operations import read_ref
from resolvers.linking import Linked, Linking
from resolvers.operations import operations_of
from sources.mongo import MongoSource
from sources.own.store import OwnStore
from sources.postgres import PostgresSource
from sources.profile_reading import read_profile
from sources.stores import Stores


@asynccontextmanager
async def linking(profile: str, postgres: str, mongo: str, tenant: str | None) -> AsyncIterator[Linking]:
    """Open stores, and whoever changes links in them."""
    read = read_profile(profile)
    documents, own = MongoSource(read, mongo, seconds=5), OwnStore(postgres, 5)
    crm = PostgresSource(read, postgres, seconds=5)
    stores = Stores(read, crm, documents, own)
    operations = operations_of(stores)
    assert operations is not None
    try:
        yield Linking(stores=stores, operations=operations, tenant=tenant, by="ada")
    finally:
        await own.close()
        await crm.close()
        documents.close()


async def do(linking: Linking, command: list[Any]) -> Linked:
    match command:
        case ["link", refs]:
            return await linking.link([read_ref(text) for text in refs], None, None)
        case ["unlink", ref]:
            return await linking.unlink(read_ref(ref), None, None)
        case ["undo", event]:
            return await linking.undo(event, None, None)
        case _:
            raise ValueError(command)


async def main(profile: str, postgres: str, mongo: str, tenant: str, commands: str) -> None:
    async with linking(profile, postgres, mongo, tenant or None) as changing:
        for command in json.loads(commands):
            try:
                done = await do(changing, command)
            except SourceError as error:
                told: dict[str, Any] = {"state": None, "event": None, "errors": [error.code]}
            else:
                state = None if done.operation is None else done.operation.state.value
                told = {"state": state, "event": done.event, "errors": [one.code.value for one in done.errors]}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
