"""The stores of one gateway, together: what the profile maps, and who holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.records import RecordKind
from sources.mongo import MongoSource
from sources.own.store import OwnStore
from sources.postgres import PostgresSource
from sources.profile import Profile
from sources.turns import Use


@dataclass(frozen=True, slots=True, eq=False)
class Stores:
    """Be the stores behind *profile*; a store that it does not map is None."""

    profile: Profile
    postgres: PostgresSource | None
    mongo: MongoSource | None
    #: The gateway's own tables; None where there is no PostgreSQL, and then it only reads.
    own: OwnStore | None = None
    #: The kinds of records that the profile maps, in the order in which they head a customer.
    kinds: tuple[RecordKind, ...] = field(init=False)
    mongo_kinds: tuple[RecordKind, ...] = field(init=False)

    def __post_init__(self) -> None:
        sections = (self.profile.customer, self.profile.account, self.profile.delivery)
        kinds = tuple(kind for kind, section in zip(RecordKind, sections, strict=True) if section is not None)
        object.__setattr__(self, "kinds", kinds)
        object.__setattr__(self, "mongo_kinds", tuple(kind for kind in kinds if kind is not RecordKind.CRM))

    @property
    def pools(self) -> Mapping[str, Use]:
        """Say of each store, and of the gateway's own tables, how many ask it at once."""
        stores = {"postgres": self.postgres, "mongo": self.mongo, "own": self.own}
        found = {name: store.use for name, store in stores.items() if store is not None}
        return found if self.own is None else {**found, "own_transactions": self.own.use_of_transactions}

    @property
    def crm(self) -> PostgresSource:
        assert self.postgres is not None
        return self.postgres

    @property
    def documents(self) -> MongoSource:
        assert self.mongo is not None
        return self.mongo
