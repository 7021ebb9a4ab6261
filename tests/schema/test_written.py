"""What PostgreSQL writes is what the gateway would have written, to the letter; what it cannot tell it leaves."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.ids import encode_id
from domain.records import RecordKind
from sources.postgres_along import AlongWith
from sources.postgres_apart import Apart
from sources.postgres_written import PostgresWritten
from tests.both_paths import BothPaths, both_paths
from tests.loading import make_database, run_sql
from tests.running import secured
from tests.servers import Servers

FOLDER = Path(__file__).parent / "written"
EXAMPLES = int(os.environ.get("GATEWAY_TEST_DOCUMENTS", "40"))
TABLES = ("customers", "leads", "bookings", "quotes")
UUID = "lpad(to_hex({}), 32, '0')::uuid"
#: Other stores: what is done to the tables, and what takes the place of what in the profile.
STORES: dict[str, tuple[Sequence[str], dict[str, str]]] = {
    "as it is": ((), {}),
    "in pence": ((), {'currency = "EUR"': 'currency = "JPY"', "[revenue]": '[revenue]\nunit = "minor"'}),
    "in cents": ((), {"[revenue]": '[revenue]\nunit = "minor"'}),
    "keys are UUIDs": (
        (
            f"ALTER TABLE customers ALTER id TYPE uuid USING {UUID.format('id')}",
            *(
                f"ALTER TABLE {table} ALTER customer_id TYPE uuid USING {UUID.format('customer_id')}"
                for table in TABLES[1:]
            ),
        ),
        {},
    ),
    "leads name customers as text": (("ALTER TABLE leads ALTER customer_id TYPE text",), {}),
    "keys are text": (
        tuple(
            f"ALTER TABLE {table} ALTER {'id' if table == 'customers' else 'customer_id'} TYPE text" for table in TABLES
        ),
        {},
    ),
    "dates without zone": (
        ("ALTER TABLE customers ALTER created_at TYPE timestamp", "ALTER TABLE bookings ALTER start_at TYPE timestamp"),
        {},
    ),
    "of another zone": (("ALTER DATABASE {database} SET timezone = 'America/St_Johns'",), {}),
    "of tenants": (
        tuple(
            f"ALTER TABLE {table} ADD tenant text NOT NULL DEFAULT 'nörd';"
            f" UPDATE {table} SET tenant = 'other' WHERE id % 5 = 0"
            for table in TABLES
        ),
        {f'table = "{table}"': f'table = "{table}"\ntenant = "tenant"' for table in TABLES},
    ),
    "not required": (
        (
            "ALTER TABLE customers ALTER created_at DROP NOT NULL",
            "UPDATE customers SET created_at = NULL WHERE id > 290",
        ),
        {},
    ),
    "keys of leads may be null": (
        (
            "ALTER TABLE leads DROP CONSTRAINT leads_pkey",
            "ALTER TABLE leads ALTER id DROP NOT NULL",
            "UPDATE leads SET id = NULL WHERE id % 50 = 0",
        ),
        {},
    ),
    "keys are not unique": (
        (
            "ALTER TABLE customers DROP CONSTRAINT customers_pkey",
            "INSERT INTO customers (id, name, created_at) SELECT id, 'x', '2024-01-05Z' FROM customers WHERE id < 30",
        ),
        {},
    ),
    "a column with a dollar": (
        ('ALTER TABLE customers RENAME source TO "src$1"',),
        {'source = "source"\narea': 'source = "src$1"\narea'},
    ),
    "without bookings": ((), {"[booking]": "[absent]"}),
}
LEAD = (
    "id",
    "key",
    "status",
    "storeStatus",
    "source",
    "name",
    "createdAt",
    "updatedAt",
    "__typename",
    "contactAttempts",
    "email",
)
BOOKING = (
    "id",
    "key",
    "status",
    "code",
    "startAt",
    "endAt",
    "createdAt",
    "note",
    "paid",
    "storeStatus",
    "amount { amount }",
    "service",
)
FIGURES = (
    "firstBookingAt",
    "lastBookingAt",
    "acceptedBookings",
    "cancelledBookings",
    "noShows",
    "noShowRate",
    "segment",
    "__typename",
)
CUSTOMER = (
    "id",
    "name",
    "email",
    "phone",
    "source",
    "area",
    "status",
    "createdAt",
    "totalLeads",
    "totalBookings",
    "__typename",
    "lastContactAt",
    "linkage",
)
written: Counter[bool] = Counter()
failures: list[Exception] = []


class Asking:
    """Ask for customers, as *chance* has it: mostly for what a store can write."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.variables: dict[str, Any] = {}

    def some(self, of: Sequence[str], rare: int) -> list[str]:
        """Choose some of the first, and seldom one of the last, *rare* ones."""
        often, seldom = of[:-rare], of[-rare:]
        chosen = self.chance.sample(often, self.chance.randint(1, len(often)))
        return [*chosen, *([self.chance.choice(seldom)] if self.chance.random() < 0.1 else [])]

    def listed(self, of: Sequence[str], rare: int) -> str:
        order = self.chance.choice(["", "", "", ", orderBy: {direction: ASC}", ", orderBy: {by: CREATED_AT}"])
        size = (
            "first: $few"
            if self.chance.random() < 0.2
            else f"{self.chance.choice(['first', 'first', 'first', 'last'])}: {self.chance.randint(1, 7)}"
        )
        inner = f"nodes {{ {' '.join(self.some(of, rare))} }}"
        more = self.chance.choice(["", "", "", "__typename ", "totalCount ", "pageInfo { hasNextPage endCursor } "])
        return f"({size}{order}) {{ {more}{inner} }}"

    def customer(self) -> str:
        fields = self.some(CUSTOMER, 2)
        if self.chance.random() < 0.5:
            fields.append(f"totalRevenue {{ {' '.join(self.chance.sample(['amount', 'currency', '__typename'], 2))} }}")
        if self.chance.random() < 0.5:
            fields.append(f"analytics {{ {' '.join(self.some(FIGURES, 3))} }}")
        if self.chance.random() < 0.4:
            fields.append(f"leads{self.listed(LEAD, 2)}")
        if self.chance.random() < 0.4:
            fields.append(f"some: bookings{self.listed(BOOKING, 2)}")
        self.chance.shuffle(fields)
        return " ".join(fields)

    def query(self, ids: Sequence[str]) -> tuple[str, dict[str, Any]]:
        if self.chance.random() < 0.3:
            root = "customer(id: $id)"
            body = self.customer()
        else:
            size = self.chance.choice(["first: 1", "first: 50", "first: 1000", "last: 3", "first: $few", "first: 20"])
            order = self.chance.choice(["", "", ", orderBy: {direction: ASC}", ", orderBy: {by: NAME}"])
            chosen = self.chance.choice(["", "", "", ', filter: {source: ["web"]}', ", filter: {status: [ACTIVE]}"])
            more = self.chance.choice(["", "", "", "", "__typename ", "totalCount ", "pageInfo { endCursor } "])
            root, body = f"customers({size}{order}{chosen})", f"{more}nodes {{ {self.customer()} }}"
        declared = [
            text for name, text in (("$id", "$id: ID!"), ("$few", "$few: Int! = 3")) if name in f"{root} {body}"
        ]
        query = f"query Asked{'(' + ', '.join(declared) + ')' if declared else ''} {{ {root} {{ {body} }} }}"
        return query, {"id": self.chance.choice(ids)} if "$id" in query else {}


@pytest.fixture(scope="module", params=STORES)
async def paths(
    request: pytest.FixtureRequest, without_mongo: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[BothPaths]:
    done, replaced = STORES[request.param]
    database = f"written_{list(STORES).index(request.param)}"
    url = await make_database(without_mongo, database)
    await run_sql(url, (FOLDER / "postgres.sql").read_text(), *(one.replace("{database}", database) for one in done))
    profile = (FOLDER / "profile.toml").read_text()
    for old, new in replaced.items():
        assert old in profile
        profile = profile.replace(old, new)
    if "[absent]" in profile:
        profile = profile.partition("[absent]")[0] + "[revenue]" + profile.partition("[revenue]")[2]
    path = tmp_path_factory.mktemp("written") / "profile.toml"
    path.write_text(profile)
    tenant = "nörd" if "tenant =" in profile else None
    async with both_paths(secured(profile=str(path), postgres_url=url), tenant) as both:
        yield both


@pytest.fixture(autouse=True, scope="module")
def noted() -> Any:
    """Note of each answer whether the server wrote it."""
    write = PostgresWritten._written

    async def noting(self: PostgresWritten, *given: Any, **named: Any) -> Any:
        found = await write(self, *given, **named)
        written[found is not None] += 1
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PostgresWritten, "_written", noting)
        # However often it is in vain.
        patch.setattr(Apart, "has", lambda *_: False)
        patch.setattr(AlongWith, "_failed", lambda *failed: failures.append(failed[-1]))
        yield


def ids_of(both: BothPaths) -> list[str]:
    keys = [*map(str, range(1, 312, 9)), *(f"00000000-0000-0000-0000-{n:012x}" for n in range(1, 312, 31)), "none"]
    return [encode_id("Customer", both.tenant, key, RecordKind.CRM) for key in keys]


def first_difference(one: bytes, other: bytes) -> tuple[bytes, bytes] | None:
    """Show where two answers differ first."""
    if one == other:
        return None
    at = max(0, next((n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), 0) - 40)
    return one[at : at + 100], other[at : at + 100]


@given(seed=st.integers(0, 1 << 40))
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
async def test_what_the_server_writes_is_what_we_would_write(paths: BothPaths, seed: int) -> None:
    query, variables = Asking(Random(seed)).query(ids_of(paths))  # noqa: S311 - no secret
    compiled, plain = await paths.ask(query, variables)
    assert compiled.path == "compiled"
    assert first_difference(compiled.data, plain.data) is None, (query, variables)
    assert compiled.errors == plain.errors, (query, variables)
    assert [error.__cause__ for error in failures] == []


async def test_every_customer_is_written_as_it_is_told(paths: BothPaths, request: pytest.FixtureRequest) -> None:
    """One by one, so that an awkward word of one does not keep the others from being written."""
    fields = """id name email phone status createdAt totalLeads totalRevenue { amount }
      leads(first: 5) { nodes { id source createdAt } }"""
    every = [encode_id("Customer", None, str(n), RecordKind.CRM) for n in range(1, 311)]
    for id_ in every if request.node.callspec.params["paths"] == "as it is" else ids_of(paths):
        compiled, plain = await paths.ask(f"query ($id: ID!) {{ customer(id: $id) {{ {fields} }} }}", {"id": id_})
        assert (compiled.data, compiled.errors) == (plain.data, plain.errors)


async def test_much_is_written_and_not_all(paths: BothPaths, request: pytest.FixtureRequest) -> None:
    if request.node.callspec.params["paths"] != "as it is":
        return
    before = Counter(written)
    for seed in range(80):
        await paths.ask(*Asking(Random(seed)).query(ids_of(paths)))  # noqa: S311 - no secret
    asked = written - before
    assert asked[True] >= 15
    assert asked[False] >= 5
