"""The stores of one gateway, together: what the profile maps, and who holds it."""

from collections.abc import Mapping
from dataclasses import dataclass

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

    @property
    def kinds(self) -> tuple[RecordKind, ...]:
        """The kinds of records that the profile maps, in the order in which they head a customer."""
        sections = (self.profile.customer, self.profile.account, self.profile.delivery)
        return tuple(kind for kind, section in zip(RecordKind, sections, strict=True) if section is not None)

    @property
    def pools(self) -> Mapping[str, Use]:
        """Say of each store, and of the gateway's own tables, how many ask it at once."""
        stores = {"postgres": self.postgres, "mongo": self.mongo, "own": self.own}
        found = {name: store.use for name, store in stores.items() if store is not None}
        return found if self.own is None else {**found, "own_transactions": self.own.use_of_transactions}

    @property
    def mongo_kinds(self) -> tuple[RecordKind, ...]:
        return tuple(kind for kind in self.kinds if kind is not RecordKind.CRM)

    @property
    def crm(self) -> PostgresSource:
        assert self.postgres is not None
        return self.postgres

    @property
    def documents(self) -> MongoSource:
        assert self.mongo is not None
        return self.mongo
