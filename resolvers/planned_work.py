"""Say who does the work of each kind of planned operation."""

from functools import partial

from domain.operations import OperationKind
from resolvers.accounts import Accounts
from resolvers.attaching import Attaching
from resolvers.backfilling import Backfill
from resolvers.creating import Creating
from resolvers.creating_accounts import CreatingAccounts
from resolvers.linking import Linking
from resolvers.matching import Matching
from resolvers.operations import Operations
from resolvers.planned import Planned, Worker
from sources.own.planning import Plan
from sources.own.store import OwnStore
from sources.stores import Stores


def planned_of(stores: Stores, operations: Operations | None, logins: Accounts | None) -> Planned | None:
    """Make whoever runs planned operations; None where the gateway has no tables of its own.

    *logins* mails those whose accounts are made; without it nobody gets any mail.
    """
    if stores.own is None:
        return None
    workers: dict[OperationKind, Worker] = {}
    if operations is not None and stores.mongo_kinds:
        workers[OperationKind.BACKFILL] = _backfill(stores, stores.own, operations, logins)
    lead = stores.profile.lead
    if lead is not None and lead.customer is not None and stores.profile.customer is not None:
        workers[OperationKind.ATTACH_LEADS] = _attaching(stores, stores.own, operations)
    return Planned(stores.own, workers)


def _attaching(stores: Stores, own: OwnStore, operations: Operations | None) -> Worker:
    def work(plan: Plan) -> Attaching:
        tenant = plan.operation.tenant
        creating = None
        if operations is not None:
            creating = Creating(stores=stores, operations=operations, tenant=tenant, by=plan.operation.by)
        return Attaching(Matching(stores, own, tenant), creating)

    return work


def _backfill(stores: Stores, own: OwnStore, operations: Operations, logins: Accounts | None) -> Worker:
    def work(plan: Plan) -> Backfill:
        tenant, by = plan.operation.tenant, plan.operation.by
        linking = Linking(stores=stores, operations=operations, tenant=tenant, by=by)
        accounts = CreatingAccounts(stores=stores, operations=operations, tenant=tenant, by=by)
        invite = None if logins is None else partial(logins.invite_now, tenant)
        return Backfill(linking, Matching(stores, own, tenant), accounts, invite)

    return work
