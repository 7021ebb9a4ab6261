"""How many customers a dashboard counts, over both stores and links of every shape: what plain Python counts."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.filters import CustomerFilter
from domain.paging import Direction, Order
from domain.records import RecordKind
from domain.status import CustomerStatus, Segment
from domain.time import Period
from gateway.opening import opened
from sources.profile_reading import read_profile
from tests.filtering import Shown, a_period, relaxed, within
from tests.loading import fill_mongo, make_database, mongo_url, run_sql
from tests.resolvers import people
from tests.resolvers.test_customer_filters import Everybody, shown_of
from tests.running import Gateway, running, secured
from tests.servers import Servers

SIZES = (3, 15, 40)
#: Which kinds of records say how a customer stands.
STANDING = {
    "both": {RecordKind.CRM, RecordKind.DELIVERY},
    "crm": {RecordKind.CRM},
    "delivery": {RecordKind.DELIVERY},
    "neither": set[RecordKind](),
}
QUERY = """query ($period: Period) { dashboard(period: $period) { customers {
  total inCrm accounts deliveryProfiles linked active created new
  bySource { source count } bySegment { segment count }
} } }"""


@dataclass(frozen=True, slots=True)
class Board:
    """Be a gateway with *shown* customers in each of its tenants, of whom records of the kinds *standing* say it."""

    gateway: Gateway
    shown: Sequence[Sequence[Shown]]
    standing: set[RecordKind]

    def count(self, tenant: int, period: Period | None) -> dict[str, Any]:
        everybody = self.shown[tenant]
        created = [one for one in everybody if period is None or within(one.created_at, period)]
        firsts = [one.bookings.first_at for one in everybody if one.bookings is not None]
        return {
            "total": len(everybody),
            "inCrm": sum(RecordKind.CRM in one.kinds for one in everybody),
            "accounts": sum(RecordKind.ACCOUNT in one.kinds for one in everybody),
            "deliveryProfiles": sum(RecordKind.DELIVERY in one.kinds for one in everybody),
            "linked": sum(len(one.kinds) > 1 for one in everybody),
            "active": sum(map(self.is_active, everybody)),
            "created": len(created),
            "new": sum(at is not None and within(at, period) for at in firsts),
            "bySource": Counter(one.source for one in created),
            "bySegment": Counter(segment_of(one).value for one in created),
        }

    def is_active(self, one: Shown) -> bool:
        """Say so of whom a record calls ACTIVE; of whom none can say it in the CRM, if the bookings do."""
        status = one.first("status")
        if status is not None or RecordKind.CRM in self.standing:
            return status is CustomerStatus.ACTIVE
        return segment_of(one) in (Segment.NEW, Segment.ACTIVE)


def segment_of(one: Shown) -> Segment:
    assert one.bookings is not None
    return one.bookings.segment


def profile_of(standing: set[RecordKind], folder: Path) -> str:
    """Write the profile of `people` without the statuses that no kind of *standing* has."""
    text = (people.FOLDER / "filtered.toml").read_text()
    for section, kind in (("customer", RecordKind.CRM), ("delivery", RecordKind.DELIVERY)):
        if kind not in standing:
            text = re.sub(rf"\[{section}\.status\]\n(.+\n)+", "", text)
    path = folder / "filtered.toml"
    path.write_text(text)
    return str(path)


@pytest.fixture(scope="module")
async def filled(servers: Servers) -> tuple[str, str]:
    postgres, mongo = await make_database(servers, "counted"), mongo_url(servers, "counted")
    await run_sql(postgres, *people.TABLES)
    fill_mongo(mongo, {"users": [], "customers_v2": []})
    connection = await asyncpg.connect(postgres)
    for number, size in enumerate(SIZES):
        await people.fill(connection, mongo, f"t{number}", seed=100 + number, size=size)
    await connection.close()
    return postgres, mongo


@pytest.fixture(scope="module", params=STANDING)
async def board(
    filled: tuple[str, str], request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Board]:
    standing = STANDING[request.param]
    profile = profile_of(standing, tmp_path_factory.mktemp("counted"))
    settings = secured(profile=profile, postgres_url=filled[0], mongo_url=filled[1])
    order = Order("customers", "CREATED_AT", Direction.ASC)
    shown = []
    async with opened(read_profile(profile), settings) as stores:
        for number, _ in enumerate(SIZES):
            everyone = Everybody(stores, f"t{number}", {})
            found = await everyone.walk(CustomerFilter(), order, [2000])
            shown.append(await shown_of(stores, everyone.tenant, found))
    async with running(settings) as gateway:
        yield Board(gateway, shown, standing)


@relaxed
@given(data=st.data())
async def test_customers_are_counted_as_python_counts_them(board: Board, data: Any) -> None:
    tenant = data.draw(st.integers(0, len(SIZES) - 1))
    everybody = board.shown[tenant]
    dates: list[datetime | None] = [one.created_at for one in everybody]
    dates += [one.bookings.first_at for one in everybody if one.bookings is not None]
    period = data.draw(a_period(dates))
    ends = (None, None) if period is None else (period.start, period.end)
    given_ = dict(zip(("from", "to"), (at and at.isoformat() for at in ends), strict=True))
    found = (await board.gateway.data(QUERY, {"period": given_}, tenant=f"t{tenant}"))["dashboard"]["customers"]
    for name, by in (("bySource", "source"), ("bySegment", "segment")):
        found[name] = Counter({one[by]: one["count"] for one in found[name] if one["count"]})
    unsaid = period is not None and ends == (None, None)
    assert found == board.count(tenant, None if unsaid else period)
