"""Say who does the work of each kind of planned operation."""

from domain.operations import OperationKind
from resolvers.attaching import Attaching
from resolvers.backfilling import Backfill
from resolvers.linking import Linking
from resolvers.matching import Matching
from resolvers.operations import Operations
from resolvers.planned import Planned, Worker
from sources.own.planning import Plan
from sources.own.store import OwnStore
from sources.stores import Stores


def planned_of(stores: Stores, operations: Operations | None) -> Planned | None:
    """Make whoever runs planned operations; None where the gateway has no tables of its own."""
    if stores.own is None:
        return None
    workers: dict[OperationKind, Worker] = {}
    if operations is not None and stores.mongo_kinds:
        workers[OperationKind.BACKFILL] = _backfill(stores, stores.own, operations)
    lead = stores.profile.lead
    if lead is not None and lead.customer is not None and stores.profile.customer is not None:
        workers[OperationKind.ATTACH_LEADS] = _attaching(stores, stores.own)
    return Planned(stores.own, workers)


def _attaching(stores: Stores, own: OwnStore) -> Worker:
    def work(plan: Plan) -> Attaching:
        return Attaching(Matching(stores, own, plan.operation.tenant))

    return work


def _backfill(stores: Stores, own: OwnStore, operations: Operations) -> Worker:
    def work(plan: Plan) -> Backfill:
        tenant, by = plan.operation.tenant, plan.operation.by
        linking = Linking(stores=stores, operations=operations, tenant=tenant, by=by)
        return Backfill(linking, Matching(stores, own, tenant))

    return work
