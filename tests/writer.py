"""Run one mutation in a process of its own, so that a test can kill it: python -m tests.writer."""

import asyncio
import json
import os
import sys
from typing import Any

from domain.access import Access, Role, Viewer
from gateway.mailing import links_of, mailer_for
from gateway.opening import opened
from gateway.settings import Settings
from resolvers.accounts import accounts_of
from resolvers.context import Context
from resolvers.later import Later
from resolvers.operations import operations_of
from schema import build_schema
from sources.profile_reading import read_profile


async def main(  # noqa: PLR0917 - as many as a command line has
    profile: str, postgres: str, document: str, given: str, mongo: str | None = None, tenant: str | None = None
) -> None:
    smtp_url = os.environ.get("GATEWAY_SMTP_URL")
    settings = Settings(profile=profile, postgres_url=postgres, mongo_url=mongo, smtp_url=smtp_url, open=True)
    async with opened(read_profile(profile), settings) as stores:
        viewer = Viewer("ada", frozenset({Role.CLIENT_ADMIN}), tenant)
        access = Access(viewer, None, store_has_tenants=tenant is not None)
        later = Later()
        accounts = accounts_of(stores, later, links_of(settings), mailer_for(settings))
        operations = operations_of(stores, None if accounts is None else accounts.post)
        context = Context(access, stores, operations=operations, accounts=accounts)
        variables: dict[str, Any] = {"input": json.loads(given)}
        async with later.working():
            answer = await build_schema().execute(document, variable_values=variables, context_value=context)
            print(answer.data, answer.errors, flush=True)  # noqa: T201 - to the test


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
