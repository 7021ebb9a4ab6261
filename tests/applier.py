"""Do the steps of a planned operation as `applyOperation` does, to their end: `python -m tests.applier ID`."""

import asyncio
import json
import sys
import uuid
from dataclasses import asdict

from domain.ids import decode_id
from gateway.commands.tool import read_setup
from gateway.opening import opened
from resolvers.operations import operations_of
from resolvers.planned_work import planned_of
from sources.own import planning


async def apply(id_: str) -> dict[str, object]:
    """Answer how it stands then, and what came of it."""
    settings, profile = read_setup()
    operation, tenant = uuid.UUID(decode_id(id_).key), decode_id(id_).tenant
    async with opened(profile, settings) as stores:
        planned = planned_of(stores, operations_of(stores), None)
        assert planned is not None
        await planned.apply(tenant, operation, None)
        while True:
            found = await planning.find_plan(planned.own, tenant, operation)
            assert found is not None
            if found.operation.state.is_over:
                return {"state": found.operation.state.value, "counts": asdict(found.operation.counts)}
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(apply(sys.argv[1]))))
