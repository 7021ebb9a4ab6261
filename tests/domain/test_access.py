"""Who may ask what, for which tenant: the section Safety of the design, case by case."""

import pytest

from domain.access import READ_CUSTOMERS, SIGNED_IN, Access, Role, Rule, Viewer
from domain.errors import ForbiddenError, GatewayError, TenantRequiredError, UnauthenticatedError

READERS = [Role.CLIENT_ADMIN, Role.READER]


def access(*roles: Role, tenant: str | None = None, asked: str | None = None, store_has_tenants: bool = True) -> Access:
    return Access(Viewer("ada", frozenset(roles), tenant), asked, store_has_tenants)


@pytest.mark.parametrize("rule", [SIGNED_IN, READ_CUSTOMERS])
@pytest.mark.parametrize("asked", [None, "acme"])
@pytest.mark.parametrize("store_has_tenants", [True, False])
def test_nothing_is_answered_without_a_token(rule: Rule, asked: str | None, store_has_tenants: bool) -> None:
    stranger = Access(None, asked, store_has_tenants)

    with pytest.raises(UnauthenticatedError):
        stranger.check(rule)
    with pytest.raises(UnauthenticatedError):
        _ = stranger.tenant


@pytest.mark.parametrize("asked", [None, ""])
def test_a_platform_admin_must_name_a_tenant(asked: str | None) -> None:
    admin = access(Role.PLATFORM_ADMIN, asked=asked)

    with pytest.raises(TenantRequiredError):
        admin.check(READ_CUSTOMERS)
    with pytest.raises(TenantRequiredError):
        _ = admin.tenant


def test_a_platform_admin_reads_the_tenant_that_the_header_names_not_the_one_of_the_token() -> None:
    admin = access(Role.PLATFORM_ADMIN, tenant="own", asked="acme")

    assert admin.check(READ_CUSTOMERS) == admin.viewer
    assert admin.tenant == "acme"


def test_a_platform_admins_own_tenant_does_not_stand_in_for_the_header() -> None:
    with pytest.raises(TenantRequiredError):
        access(Role.PLATFORM_ADMIN, tenant="own").check(READ_CUSTOMERS)


@pytest.mark.parametrize("asked", [None, "acme"])
def test_a_platform_admin_needs_no_tenant_for_what_is_of_no_tenant(asked: str | None) -> None:
    admin = access(Role.PLATFORM_ADMIN, asked=asked)

    assert admin.check(SIGNED_IN) == admin.viewer


@pytest.mark.parametrize("asked", [None, "acme"])
def test_a_store_without_tenants_is_one_whole_to_a_platform_admin(asked: str | None) -> None:
    admin = access(Role.PLATFORM_ADMIN, asked=asked, store_has_tenants=False)

    assert admin.check(READ_CUSTOMERS) == admin.viewer
    assert admin.tenant is None


def test_a_platform_admin_stays_one_whatever_other_roles_they_have() -> None:
    admin = access(*Role, tenant="own", asked="acme")

    assert admin.check(READ_CUSTOMERS) == admin.viewer
    assert admin.tenant == "acme"


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("asked", [None, "", "own"])
def test_others_read_their_own_tenant(role: Role, asked: str | None) -> None:
    reader = access(role, tenant="own", asked=asked)

    assert reader.check(READ_CUSTOMERS) == reader.viewer
    assert reader.tenant == "own"


@pytest.mark.parametrize("role", [*READERS, Role.SUPPORT])
@pytest.mark.parametrize("rule", [SIGNED_IN, READ_CUSTOMERS])
@pytest.mark.parametrize("tenant", [None, "", "own"])
@pytest.mark.parametrize("asked", ["acme", "OWN", " own", "own "])
@pytest.mark.parametrize("store_has_tenants", [True, False])
def test_others_are_refused_any_tenant_but_their_own(
    role: Role, rule: Rule, tenant: str | None, asked: str, store_has_tenants: bool
) -> None:
    with pytest.raises(ForbiddenError):
        access(role, tenant=tenant, asked=asked, store_has_tenants=store_has_tenants).check(rule)


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("tenant", [None, ""])
@pytest.mark.parametrize("asked", [None, ""])
def test_a_token_of_no_tenant_reads_nothing_in_a_store_with_tenants(
    role: Role, tenant: str | None, asked: str | None
) -> None:
    nobody = access(role, tenant=tenant, asked=asked)

    with pytest.raises(ForbiddenError):
        nobody.check(READ_CUSTOMERS)
    with pytest.raises(ForbiddenError):
        _ = nobody.tenant
    assert nobody.check(SIGNED_IN) == nobody.viewer


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("tenant", [None, "", "own"])
def test_a_store_without_tenants_is_one_whole_to_those_who_read_it(role: Role, tenant: str | None) -> None:
    reader = access(role, tenant=tenant, store_has_tenants=False)

    assert reader.check(READ_CUSTOMERS) == reader.viewer
    assert reader.tenant is None


@pytest.mark.parametrize("store_has_tenants", [True, False])
@pytest.mark.parametrize("asked", [None, "own"])
def test_support_learns_nothing_of_customers(store_has_tenants: bool, asked: str | None) -> None:
    support = access(Role.SUPPORT, tenant="own", asked=asked, store_has_tenants=store_has_tenants)

    with pytest.raises(ForbiddenError):
        support.check(READ_CUSTOMERS)
    with pytest.raises(ForbiddenError):
        _ = support.tenant
    assert support.check(SIGNED_IN) == support.viewer


@pytest.mark.parametrize("rule", [SIGNED_IN, READ_CUSTOMERS])
def test_a_token_without_a_role_may_do_nothing(rule: Rule) -> None:
    with pytest.raises(ForbiddenError):
        access(tenant="own").check(rule)


@pytest.mark.parametrize("role", [Role.CLIENT_ADMIN, Role.READER, Role.SUPPORT])
def test_a_rule_for_platform_admins_lets_nobody_else_through(role: Role) -> None:
    with pytest.raises(ForbiddenError):
        access(role, tenant="own").check(Rule(frozenset({Role.PLATFORM_ADMIN}), within_tenant=False))


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (Access(None, None, store_has_tenants=True), "UNAUTHENTICATED"),
        (access(Role.SUPPORT), "FORBIDDEN"),
        (access(Role.PLATFORM_ADMIN), "TENANT_REQUIRED"),
    ],
)
def test_each_refusal_has_its_code(refused: Access, code: str) -> None:
    with pytest.raises(GatewayError) as caught:
        refused.check(READ_CUSTOMERS)

    assert caught.value.extensions == {"code": code}


UUID = "0a0b0c0d-0000-4000-8000-00000000000f"


@pytest.mark.parametrize(("token", "asked"), [(UUID, UUID.upper()), (UUID.upper(), UUID), (UUID.upper(), None)])
def test_a_tenant_that_is_a_uuid_has_one_spelling(token: str, asked: str | None) -> None:
    assert access(Role.READER, tenant=token, asked=asked).tenant == UUID
    assert access(Role.PLATFORM_ADMIN, asked=asked or token).tenant == UUID


@pytest.mark.parametrize("tenant", ["ACME", UUID.upper().replace("-", ""), f"{{{UUID.upper()}}}", f"{UUID.upper()}\n"])
def test_any_other_tenant_is_left_as_it_is_spelt(tenant: str) -> None:
    assert access(Role.READER, tenant=tenant).tenant == tenant
    with pytest.raises(ForbiddenError):
        access(Role.READER, tenant=tenant, asked=tenant.lower()).check(READ_CUSTOMERS)
