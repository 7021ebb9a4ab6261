"""Who may ask for what, and whose records they see: decided before any store is asked."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from domain.access import Role
from domain.ids import encode_id
from domain.records import RecordKind
from gateway.settings import Settings
from tests import asking
from tests.answers import assert_told_nothing_of_the_inside, codes, refusal, told_of
from tests.asking import asked
from tests.running import Gateway, running, secured
from tests.tokens import mint

NORTH: dict[str, Any] = {"tenant": "north"}
SOUTH_CUSTOMER = encode_id("Customer", "south", "1", RecordKind.CRM)
SOUTH_LEAD = encode_id("Lead", "south", "1")
SOUTH_BOOKING = encode_id("Booking", "south", "1")
SOUTH_OPERATION = encode_id("Operation", "south", "00000000-0000-4000-8000-000000000001")
SOUTH_EVENT = encode_id("LinkEvent", "south", "1")
EXPLAIN = {"X-Gateway-Explain": "1"}
NOTHING = {"statements": 0, "milliseconds": 0, "batches": {}}
ASKED_NOTHING = {"postgres": NOTHING, "mongo": NOTHING, "path": "compiled"}

#: Every root field that reads customers, as one would ask for something of `south`.
OF_CUSTOMERS = {
    "node": f'{{ node(id: "{SOUTH_CUSTOMER}") {{ id }} }}',
    "nodes": f'{{ nodes(ids: ["{SOUTH_CUSTOMER}", "{SOUTH_LEAD}", "{SOUTH_BOOKING}"]) {{ id }} }}',
    "customer": f'{{ customer(id: "{SOUTH_CUSTOMER}") {{ id }} }}',
    "customerBy": '{ customerBy(key: {crm: "1"}) { id } }',
    "customers": "{ customers { totalCount nodes { id } } }",
    "lead": f'{{ lead(id: "{SOUTH_LEAD}") {{ id }} }}',
    "leads": "{ leads { totalCount nodes { id } } }",
    "booking": f'{{ booking(id: "{SOUTH_BOOKING}") {{ id }} }}',
    "bookings": "{ bookings { totalCount nodes { id } } }",
    "bookingBy": '{ bookingBy(key: {key: "1"}) { id } }',
    "couriers": "{ couriers { key name } }",
    "linkHistory": "{ linkHistory { totalCount nodes { id } } }",
    "operation": f'{{ operation(id: "{SOUTH_OPERATION}") {{ id }} }}',
    "linkage": "{ linkage { uniqueCustomers } }",
    "linkSuggestions": "{ linkSuggestions { totalCount nodes { id } } }",
    "dashboard": "{ dashboard { customers { total } leads { total } } }",
}
#: Those that are open to everyone, in a tenant that X-Tenant names.
OPEN_MUTATIONS = {
    "requestPasswordReset": 'mutation { requestPasswordReset(email: "a1@south.example") }',
    "resetPassword": 'mutation { resetPassword(token: "a", newPassword: "long enough") { ok errors { code } } }',
    "confirmLogin": 'mutation { confirmLogin(token: "a") { ok errors { code } } }',
}
#: Every other mutation, as one would ask for it in `south`.
MUTATIONS = {
    name: asked(name, field, SOUTH_CUSTOMER) for name, field in asking.MUTATIONS.items() if name not in OPEN_MUTATIONS
}
OF_THE_GATEWAY = {"viewer": "{ viewer { subject roles tenant } }", "stores": "{ stores { store up } }"}
OF_TENANTS = {"tenants": "{ tenants { key name } }"}
EVERY_FIELD = OF_CUSTOMERS | OF_THE_GATEWAY | OF_TENANTS


async def refused(gateway: Gateway, query: str, code: str, headers: dict[str, str] | None = None, **how: Any) -> None:
    """Ask as somebody who may not: told so, and no store was asked."""
    answer = await gateway.post(query, headers={**EXPLAIN, **(headers or {})}, **how)
    assert_told_nothing_of_the_inside(answer)
    body = answer.json()
    assert codes(body) == [code]
    assert set((body["data"] or {}).values()) <= {None}
    assert body["extensions"]["explain"] == ASKED_NOTHING


def test_every_root_field_is_asked_for_here() -> None:
    assert set(asking.QUERIES) == set(EVERY_FIELD)
    assert set(asking.MUTATIONS) == set(MUTATIONS | OPEN_MUTATIONS)


# ── who asks ──


async def test_nothing_is_told_without_a_token(grocer: Gateway) -> None:
    for query in (*EVERY_FIELD.values(), *MUTATIONS.values()):
        answer = await grocer.http.post(f"{grocer.url}/graphql", json={"query": query}, headers=EXPLAIN)
        assert answer.status_code == 200
        body = answer.json()
        assert codes(body) == ["UNAUTHENTICATED"]
        assert set((body["data"] or {}).values()) <= {None}
        assert body["extensions"]["explain"] == ASKED_NOTHING


def wrong_tokens(settings: Settings) -> Iterator[str]:
    good = mint(settings, **NORTH)
    head, claims, signature = good.split(".")
    yield ""
    yield good
    yield f"Basic {good}"
    yield f"Bearer {good}x"
    yield f"Bearer {head}.{claims}."
    yield f"Bearer {head}.{claims[:-2]}AA.{signature}"
    yield f"Bearer {mint(settings, seconds=-3600, **NORTH)}"
    yield f"Bearer {mint(secured(jwt_secret='another secret of more than 32 bytes'), **NORTH)}"
    yield "Bearer nonsense"
    yield "Bearer " + "x" * 10_000


async def test_a_token_that_is_wrong_is_refused_whatever_is_asked(grocer: Gateway) -> None:
    for wrong in wrong_tokens(grocer.settings):
        answer = await grocer.http.post(
            f"{grocer.url}/graphql", json={"query": "{ __typename }"}, headers={"Authorization": wrong}
        )
        assert refusal(answer) == (401, ["UNAUTHENTICATED"])
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("roles", [[Role.READER], [Role.SUPPORT], [Role.READER, Role.SUPPORT], []])
async def test_who_only_reads_writes_nothing(grocer: Gateway, roles: list[Role]) -> None:
    for mutation in MUTATIONS.values():
        await refused(grocer, mutation, "FORBIDDEN", roles=roles, **NORTH)


async def test_nothing_is_written_in_another_tenant_or_in_none(grocer: Gateway) -> None:
    for mutation in MUTATIONS.values():
        await refused(grocer, mutation, "FORBIDDEN", {"X-Tenant": "south"}, **NORTH)
        await refused(grocer, mutation, "TENANT_REQUIRED", roles=[Role.PLATFORM_ADMIN])


async def test_what_is_open_to_everyone_needs_a_tenant_all_the_same(grocer: Gateway) -> None:
    for mutation in OPEN_MUTATIONS.values():
        answer = await grocer.http.post(f"{grocer.url}/graphql", json={"query": mutation}, headers=EXPLAIN)
        assert codes(answer.json()) == ["TENANT_REQUIRED"]
        assert answer.json()["extensions"]["explain"] == ASKED_NOTHING
        await refused(grocer, mutation, "FORBIDDEN", {"X-Tenant": "south"}, **NORTH)


async def test_support_sees_nothing_of_customers(grocer: Gateway) -> None:
    for query in OF_CUSTOMERS.values():
        await refused(grocer, query, "FORBIDDEN", roles=[Role.SUPPORT], **NORTH)


async def test_support_learns_who_it_is_and_how_the_stores_do(grocer: Gateway) -> None:
    data = await grocer.data("{ viewer { subject roles tenant } stores { store up } }", roles=[Role.SUPPORT], **NORTH)
    assert data["viewer"] == {"subject": "ada", "roles": ["SUPPORT"], "tenant": "north"}
    assert data["stores"] == [{"store": "postgres", "up": True}, {"store": "mongo", "up": True}]


async def test_a_token_without_a_known_role_gives_nothing(grocer: Gateway) -> None:
    for query in EVERY_FIELD.values():
        await refused(grocer, query, "FORBIDDEN", roles=[], **NORTH)


@pytest.mark.parametrize("role", [Role.READER, Role.CLIENT_ADMIN])
async def test_whoever_may_read_reads_all_of_the_own_tenant(grocer: Gateway, role: Role) -> None:
    query = "{ customers { totalCount } leads { totalCount } bookings { totalCount } }"
    counts = {name: one["totalCount"] for name, one in (await grocer.data(query, roles=[role], **NORTH)).items()}
    assert counts == {"customers": 16, "leads": 4, "bookings": 2}
    for header in ("north", ""):
        same = await grocer.data(query, roles=[role], headers={"X-Tenant": header}, **NORTH)
        assert {name: one["totalCount"] for name, one in same.items()} == counts


@pytest.mark.parametrize("role", [Role.CLIENT_ADMIN, Role.READER, Role.SUPPORT])
async def test_nobody_but_a_platform_admin_is_told_the_tenants(grocer: Gateway, role: Role) -> None:
    await refused(grocer, OF_TENANTS["tenants"], "FORBIDDEN", roles=[role], **NORTH)


async def test_several_roles_allow_what_any_of_them_does(grocer: Gateway) -> None:
    assert (await grocer.data("{ leads { totalCount } }", roles=[Role.SUPPORT, Role.READER], **NORTH))["leads"]


# ── of which tenant ──


@pytest.mark.parametrize("tenant", [None, "north"])
async def test_a_platform_admin_names_the_tenant(grocer: Gateway, tenant: str | None) -> None:
    admin: dict[str, Any] = {"roles": [Role.PLATFORM_ADMIN], "tenant": tenant}
    for query in OF_CUSTOMERS.values():
        await refused(grocer, query, "TENANT_REQUIRED", **admin)
        await refused(grocer, query, "TENANT_REQUIRED", {"X-Tenant": ""}, **admin)
    counts = [
        (await grocer.data("{ customers { totalCount } }", headers={"X-Tenant": named}, **admin))["customers"]
        for named in ("north", "south", "nobody's", "' OR ''='", "x" * 5_000)
    ]
    assert [one["totalCount"] for one in counts] == [16, 1, 0, 0, 0]


async def test_a_platform_admin_needs_no_tenant_for_what_has_none(grocer: Gateway) -> None:
    data = await grocer.data("{ viewer { roles tenant } stores { up } }", roles=[Role.PLATFORM_ADMIN])
    assert data == {"viewer": {"roles": ["PLATFORM_ADMIN"], "tenant": None}, "stores": [{"up": True}, {"up": True}]}


@pytest.mark.parametrize("role", [Role.CLIENT_ADMIN, Role.READER, Role.SUPPORT])
async def test_nobody_else_names_another_tenant(grocer: Gateway, role: Role) -> None:
    for query in EVERY_FIELD.values():
        await refused(grocer, query, "FORBIDDEN", {"X-Tenant": "south"}, roles=[role], **NORTH)


async def test_a_token_of_no_tenant_reads_nothing_where_there_are_tenants(grocer: Gateway) -> None:
    for query in OF_CUSTOMERS.values():
        await refused(grocer, query, "FORBIDDEN")
        await refused(grocer, query, "FORBIDDEN", {"X-Tenant": "south"})


@pytest.fixture(scope="module")
async def guarded_demo(demo_settings: Settings) -> AsyncIterator[Gateway]:
    """Serve the demo data, which has no tenants, to those with a token."""
    stores = {"postgres_url": demo_settings.postgres_url, "mongo_url": demo_settings.mongo_url}
    async with running(secured(profile="demo", **stores)) as gateway:
        yield gateway


@pytest.mark.parametrize("role", [Role.PLATFORM_ADMIN, Role.CLIENT_ADMIN, Role.READER])
async def test_a_store_without_tenants_needs_none(guarded_demo: Gateway, role: Role) -> None:
    data = await guarded_demo.data("{ customers(first: 1) { nodes { id } } }", roles=[role])
    assert len(data["customers"]["nodes"]) == 1


async def test_a_store_without_tenants_is_guarded_no_less(guarded_demo: Gateway) -> None:
    await refused(guarded_demo, OF_CUSTOMERS["customers"], "FORBIDDEN", roles=[Role.SUPPORT])
    await refused(guarded_demo, OF_CUSTOMERS["customers"], "FORBIDDEN", roles=[])
    await refused(guarded_demo, OF_CUSTOMERS["customers"], "FORBIDDEN", {"X-Tenant": "north"})


async def test_the_demo_is_open(demo: Gateway) -> None:
    data = await demo.data("{ viewer { subject roles tenant } customers(first: 1) { nodes { id } } }")
    assert data["viewer"] == {"subject": "demo", "roles": ["PLATFORM_ADMIN"], "tenant": None}
    assert len(data["customers"]["nodes"]) == 1


# ── nothing of another tenant ──

WHOLE_CUSTOMER = """
  id name email phone source area createdAt firstSeenAt linkage
  records { store key name email phone createdAt }
  account { key email } delivery { key address }
  totalLeads totalBookings totalRevenue { amount }
  leads { totalCount nodes { id } } bookings { totalCount nodes { id } } revenue { total { amount } count }
"""
SOUTHERN = ("Uno", "Cuenta", "south", "7.77", "2025-02-01", "2024-06-01", SOUTH_CUSTOMER, SOUTH_LEAD, SOUTH_BOOKING)


async def told(gateway: Gateway, query: str, **variables: Any) -> str:
    """Answer all that a reader of `north` is told."""
    answer = await gateway.post(query, variables, **NORTH)
    assert_told_nothing_of_the_inside(answer)
    return answer.text


async def test_the_other_tenant_is_there_to_be_found(grocer: Gateway) -> None:
    text = (await grocer.post(f"{{ customers {{ nodes {{ {WHOLE_CUSTOMER} }} }} }}", tenant="south")).text
    assert told_of(SOUTHERN, text) == list(SOUTHERN)


async def test_lists_hold_nothing_of_another_tenant(grocer: Gateway) -> None:
    for direction in ("ASC", "DESC"):
        for page in ("first: 100", "last: 100"):
            given = f"{page}, orderBy: {{direction: {direction}}}"
            text = await told(
                grocer,
                f"""{{
                  customers({given}) {{ totalCount nodes {{ {WHOLE_CUSTOMER} }} }}
                  leads({given}) {{ totalCount nodes {{ id customer {{ {WHOLE_CUSTOMER} }} }} }}
                  bookings({given}) {{ totalCount nodes {{ id customer {{ {WHOLE_CUSTOMER} }} }} }}
                }}""",
            )
            assert '"errors"' not in text
            assert told_of(SOUTHERN, text) == []


async def test_nothing_of_another_tenant_is_found_by_key(grocer: Gateway) -> None:
    for kind, key in (("crm", "1"), ("account", "A1"), ("delivery", "D1")):
        text = await told(grocer, f'{{ customerBy(key: {{{kind}: "{key}"}}) {{ {WHOLE_CUSTOMER} }} }}')
        assert "One" in text
        assert told_of(SOUTHERN, text) == []


async def test_nothing_of_another_tenant_is_found_by_id(grocer: Gateway) -> None:
    account = encode_id("Customer", "south", "A1", RecordKind.ACCOUNT)
    data = await grocer.data(
        """query ($customer: ID!, $account: ID!, $lead: ID!, $booking: ID!) {
          customer(id: $customer) { id } byAccount: customer(id: $account) { id } lead(id: $lead) { id }
          booking(id: $booking) { id } node(id: $customer) { id }
          nodes(ids: [$customer, $account, $lead, $booking]) { id }
        }""",
        {"customer": SOUTH_CUSTOMER, "account": account, "lead": SOUTH_LEAD, "booking": SOUTH_BOOKING},
        **NORTH,
    )
    assert data.pop("nodes") == [None] * 4
    assert set(data.values()) == {None}


async def test_nothing_of_another_tenant_is_found_by_cursor(grocer: Gateway) -> None:
    for root in ("customers", "leads", "bookings"):
        query = f"{{ {root}(first: 1) {{ pageInfo {{ startCursor }} }} }}"
        cursor = (await grocer.data(query, tenant="south"))[root]["pageInfo"]["startCursor"]
        for arguments in (f'after: "{cursor}"', f'before: "{cursor}"'):
            body = await grocer.ask(f"{{ {root}({arguments}) {{ totalCount nodes {{ id }} }} }}", **NORTH)
            assert body["data"] == {root: None}
            assert codes(body) == ["BAD_CURSOR"]
