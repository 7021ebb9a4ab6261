"""Which documents of a collection are a tenant's, and fulfil the profile's `where`."""

from dataclasses import dataclass
from typing import Any

from sources.mongo_forms import Document, Query, link_key, one_of, spellings, value_at
from sources.profile import AccountSection, Condition, CourierSection, DeliverySection

Tenant = str | None


@dataclass(frozen=True, slots=True)
class Scope:
    """Hold statements to one tenant and to *where*, and hold what is read to them once more.

    Servers find more than what was asked for: lists that hold the tenant, or true where 1 was asked for.
    """

    tenant: str | None
    where: Condition

    @classmethod
    def of(cls, section: AccountSection | DeliverySection | CourierSection) -> "Scope":
        return cls(section.tenant, section.where)

    @property
    def fields(self) -> list[str]:
        """List the fields that `holds` looks at."""
        return [*([] if self.tenant is None else [self.tenant]), *self.where]

    @property
    def any_tenant(self) -> list[Query]:
        return [one_of(field, values) for field, values in self.where.items()]

    def query(self, tenant: Tenant) -> list[Query]:
        if self.tenant is None:
            return self.any_tenant
        return [one_of(self.tenant, [] if tenant is None else spellings([tenant])), *self.any_tenant]

    def holds(self, document: Document, tenant: Tenant) -> bool:
        """Say whether *document* is *tenant*'s and no other's, and fulfils `where`."""
        if self.tenant is not None and (tenant is None or link_key(value_at(document, self.tenant)) != tenant):
            return False
        # As on MongoDB, a list fulfils what one of its values does.
        return not self.where or all(
            any(is_any(one, allowed) for one in (stored if isinstance(stored, list) else (stored,)))
            for stored, allowed in ((value_at(document, field), allowed) for field, allowed in self.where.items())
        )


def is_any(stored: object, allowed: tuple[Any, ...]) -> bool:
    """Say whether *stored* is one of *allowed*; true and 1 are not the same."""
    return any(stored == value and isinstance(stored, bool) == isinstance(value, bool) for value in allowed)
