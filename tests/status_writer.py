"""Change the status of a lead in a process of its own, so that a test can kill it: python -m tests.status_writer."""

import asyncio
import json
import sys

from domain.access import Access, Role, Viewer
from domain.status import LeadStatus
from gateway.opening import opened
from gateway.settings import Settings
from resolvers.context import Context
from resolvers.operations import operations_of
from resolvers.status_changes import StatusChange, update_lead_status
from sources.profile_reading import read_profile


async def main(profile: str, url: str, id_: str, to: str, key: str) -> None:
    settings = Settings(profile=profile, postgres_url=url, open=True)
    async with opened(read_profile(profile), settings) as stores:
        viewer = Viewer("ada", frozenset({Role.CLIENT_ADMIN}))
        context = Context(Access(viewer, None, store_has_tenants=False), stores, operations=operations_of(stores))
        written = await update_lead_status(context, StatusChange(id=id_, to=LeadStatus[to], idempotency_key=key))
        print(json.dumps([error.code.value for error in written.errors]), flush=True)  # noqa: T201 - to the test


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
