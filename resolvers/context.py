"""What every resolver is given: who asks, the stores, and the loaders of this operation."""

from dataclasses import dataclass, field

from domain.access import Access
from loaders.request import Loaders, loaders_for
from resolvers.accounts import Accounts
from resolvers.operations import Operations
from resolvers.planned import Planned
from sources.meter import Meter
from sources.stores import Stores


@dataclass(frozen=True, slots=True)
class Limits:
    """Bound what one request may ask for: rows of a page, and the time and the records of a count over all stores."""

    max_page: int = 100
    count_seconds: float = 20.0
    count_records: int = 2_000_000


@dataclass(slots=True)
class Context:
    """Be one operation's context. *loaders* and *tenant* exist only for those who may read."""

    access: Access
    stores: Stores
    limits: Limits = Limits()
    meter: Meter = field(default_factory=Meter)
    #: Whoever writes; None where this gateway only reads.
    operations: Operations | None = None
    #: Whoever runs operations of many steps; None where the gateway has no tables of its own.
    planned: Planned | None = None
    #: Whoever lets accounts log in; None where the gateway has no tables of its own.
    accounts: Accounts | None = None
    #: Where the request comes from: what is counted of those who have not signed in.
    client: str = ""
    #: What each field selects, by the identity of its nodes: the same for every parent.
    selections: dict[tuple[int, ...], frozenset[str]] = field(default_factory=dict)
    #: Whether they may ask about the schema.
    may_introspect: bool = True
    #: Why graphql-core answers instead of the compiled path; None where that one does.
    not_compiled: str | None = "not validated"
    _loaders: Loaders | None = None
    _tenant: tuple[str | None] | None = None

    @property
    def tenant(self) -> str | None:
        """The tenant that is read. Raises what `Access.tenant` raises."""
        if self._tenant is None:
            self._tenant = (self.access.tenant,)
        return self._tenant[0]

    @property
    def loaders(self) -> Loaders:
        if self._loaders is None:
            self._loaders = loaders_for(self.stores, self.tenant)
        return self._loaders

    def forget(self) -> None:
        """Load everything anew from now on: something was written."""
        self._loaders = None
