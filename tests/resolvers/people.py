"""A store of people at random: links of every shape, and everything else there, missing, blank or odd."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from tests.loading import add_to_mongo

FOLDER = Path(__file__).parent
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
NAMES = ("Anna", "anna", "Äneas", "Zoë", "Щукин", "李", "😀", "Ａ", "", "  ", None, None, "Bo")
EMAILS = ("a@x.example", "B@x.example", "", " ", None, None)
AREAS = ("Nord", "Süd", " Nord", "", None)
STATUSES = ("on", "rest", "wait", "odd", "", None, None)
TABLES = (
    """CREATE TABLE customers (
        org text, id text, name text, email text, other_email text, phone text, area text, source text, status text,
        created_at timestamptz, PRIMARY KEY (org, id)
    )""",
    "CREATE TABLE bookings (org text, id serial PRIMARY KEY, customer text, state text, start_at timestamptz)",
    """CREATE TABLE payments (
        org text, id serial PRIMARY KEY, customer text, amount numeric, currency text, at timestamptz
    )""",
)


async def fill(postgres: asyncpg.Connection, mongo: str, tenant: str, *, seed: int, size: int) -> None:
    """Put *size* records of each kind into *tenant*."""
    random = Random(seed)  # noqa: S311 - the same people every time

    def at() -> datetime | None:
        return random.choice([None, BEGIN + timedelta(milliseconds=random.randrange(size // 2))])

    def link(prefix: str) -> str | None:
        return f"{prefix}{random.randrange(size + 3)}" if random.random() < 0.4 else None

    rows = [
        (
            tenant,
            f"c{number}",
            random.choice(NAMES),
            random.choice(EMAILS),
            random.choice(EMAILS),
            random.choice(("030 1234567", None)),
            random.choice(AREAS),
            random.choice(("web", "call", "", None)),
            random.choice(STATUSES),
            at(),
        )
        for number in range(size)
    ]
    await postgres.executemany(f"INSERT INTO customers VALUES ({', '.join(f'${n}' for n in range(1, 11))})", rows)
    customers = [f"c{random.randrange(size + 2)}" for _ in range(3 * size)]
    await postgres.executemany(
        "INSERT INTO bookings (org, customer, state, start_at) VALUES ($1, $2, $3, $4)",
        [(tenant, one, random.choice(("yes", "yes", "no", "odd")), _around_now(random)) for one in customers],
    )
    await postgres.executemany(
        "INSERT INTO payments (org, customer, amount, currency, at) VALUES ($1, $2, $3, $4, $5)",
        [
            (tenant, one, Decimal(random.randrange(-9, 30)) / 8, random.choice(("EUR", "eur", None, "USD")), BEGIN)
            for one in customers
        ],
    )
    accounts = [
        {
            "org": tenant,
            "id": f"a{number}",
            **_without_nulls(
                name=random.choice((*NAMES, 5)),
                email=random.choice((*EMAILS, "none-1@nowhere.example")),
                created_at=at(),
                hash=random.choice(("x", None)),
                active=random.choice((True, True, False)),
                customer_v2_id=link("d"),
                crm_customer_id=link("c"),
            ),
        }
        for number in range(size)
    ]
    deliveries = [
        {
            "org": tenant,
            "id": f"d{number}",
            **_without_nulls(
                name=random.choice(NAMES),
                email=random.choice(EMAILS),
                phone=random.choice(("+49 30 1234567", None, None)),
                area=random.choice(AREAS),
                status=random.choice(("active", "inactive", "odd", "", None)),
                created_at=_iso(at()),
                user_id=link("a"),
                crm_customer_id=link("c"),
            ),
        }
        for number in range(size)
    ]
    add_to_mongo(mongo, {"users": accounts, "customers_v2": deliveries})


def _around_now(random: Random) -> datetime | None:
    """Choose a day of the last year or the next month, or none."""
    days = random.choice((-300, -200, -170, -100, -80, -40, -20, -1, 20, None))
    return None if days is None else datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.replace(tzinfo=None).isoformat()


def _without_nulls(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
