"""Who asks, and what they may: decided before anything is read."""

import re
from dataclasses import dataclass, replace
from enum import Enum

from domain.errors import ForbiddenError, TenantRequiredError, UnauthenticatedError

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Role(Enum):
    PLATFORM_ADMIN = "PLATFORM_ADMIN"
    CLIENT_ADMIN = "CLIENT_ADMIN"
    READER = "READER"
    SUPPORT = "SUPPORT"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Be the one who asks: the token's *subject*, its *roles*, and the *tenant* it belongs to, if any."""

    subject: str
    roles: frozenset[Role]
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Say which *roles* may use a root field, and whether it works *within* one tenant."""

    roles: frozenset[Role]
    within_tenant: bool = True
    #: For everyone, with a token or without.
    is_open: bool = False


#: Anyone whose token gives a role that the gateway knows; answers nothing of customers.
SIGNED_IN = Rule(frozenset(Role), within_tenant=False)
#: Anyone at all, in the tenant that X-Tenant names: what they give is a token by mail, or asks for one.
OPEN = Rule(frozenset(), is_open=True)
#: Looks after all tenants; answers nothing of customers.
LOOK_AFTER_TENANTS = Rule(frozenset({Role.PLATFORM_ADMIN}), within_tenant=False)
#: Writes what one tenant has.
WRITE_CUSTOMERS = Rule(frozenset({Role.PLATFORM_ADMIN, Role.CLIENT_ADMIN}))
#: Reads customers, leads and bookings of one tenant.
READ_CUSTOMERS = Rule(frozenset({Role.PLATFORM_ADMIN, Role.CLIENT_ADMIN, Role.READER}))


@dataclass(frozen=True, slots=True)
class Access:
    """Decide for one request: *viewer* is None without a token, *asked* is what X-Tenant names (empty: nothing)."""

    viewer: Viewer | None
    asked: str | None
    store_has_tenants: bool

    def __post_init__(self) -> None:
        # A uuid column finds its rows by any spelling, a text in another store only by its own, and ids and cursors
        # hold the tenant as a text: so there is one spelling, the one that PostgreSQL writes.
        if self.asked is not None:
            object.__setattr__(self, "asked", _spelt(self.asked))
        if self.viewer is not None and self.viewer.tenant is not None:
            object.__setattr__(self, "viewer", replace(self.viewer, tenant=_spelt(self.viewer.tenant)))

    def check(self, rule: Rule) -> Viewer | None:
        """Answer the viewer if *rule* lets them through: None only where it is open.

        Raises UnauthenticatedError, ForbiddenError or TenantRequiredError, in this order.
        """
        if not rule.is_open:
            return self._checked(rule)
        if rule.within_tenant:
            self.open_tenant  # noqa: B018 - raises
        return self.viewer

    def _checked(self, rule: Rule) -> Viewer:
        viewer = self.viewer
        if viewer is None:
            raise UnauthenticatedError
        if not viewer.roles & rule.roles:
            raise ForbiddenError
        self._check_asked(viewer)
        if rule.within_tenant:
            self._tenant_of(viewer)
        return viewer

    @property
    def tenant(self) -> str | None:
        """The tenant whose customers this request reads: None where the store has none. Raises like `check`."""
        return self._tenant_of(self._checked(READ_CUSTOMERS))

    @property
    def open_tenant(self) -> str | None:
        """The tenant of a request that is open to everyone: the one it names, else the viewer's own.

        Raises TenantRequiredError where it names none, and ForbiddenError where the viewer belongs to another.
        """
        if self.viewer is not None:
            self._check_asked(self.viewer)
        if not self.store_has_tenants:
            return None
        tenant = self.asked or (self.viewer.tenant if self.viewer is not None else None)
        if not tenant:
            raise TenantRequiredError
        return tenant

    def _check_asked(self, viewer: Viewer) -> None:
        if self.asked and self.asked != viewer.tenant and Role.PLATFORM_ADMIN not in viewer.roles:
            raise ForbiddenError("X-Tenant names a tenant that is not yours.")

    def _tenant_of(self, viewer: Viewer) -> str | None:
        if not self.store_has_tenants:
            return None
        if Role.PLATFORM_ADMIN in viewer.roles:
            if not self.asked:
                raise TenantRequiredError
            return self.asked
        if not viewer.tenant:
            raise ForbiddenError("Your token names no tenant, and this store has tenants.")
        return viewer.tenant


def _spelt(tenant: str | None) -> str | None:
    """Write a tenant that is a UUID in lower case; leave any other as it is."""
    return tenant.lower() if tenant is not None and _UUID.fullmatch(tenant) else tenant
