"""The questions, and what of the stores each is asked of."""

from dataclasses import dataclass
from typing import Any

_TOTALS = "id name email phone createdAt totalLeads totalBookings totalRevenue { amount } analytics { firstBookingAt }"


def _children(first: int) -> str:
    return (
        f"leads(first: {first}) {{ nodes {{ id status source createdAt }} }} "
        f"bookings(first: {first}) {{ nodes {{ id status startAt endAt }} }}"
    )


@dataclass(frozen=True, slots=True)
class Query:
    """Ask *document*; *path* is where a server with fixed handlers answers it.

    With *ids* each request is for another customer. *mongo* says that accounts and delivery records are mapped as well.
    """

    name: str
    path: str
    what: str
    document: str
    ids: bool = False
    mongo: bool = False

    def body(self, id_: str | None = None) -> dict[str, Any]:
        return {"query": self.document} if id_ is None else {"query": self.document, "variables": {"id": id_}}


_PAGE = f"{{ customers(first: 50) {{ nodes {{ {_TOTALS} }} }} }}"
QUERIES = {
    query.name: query
    for query in (
        Query("Q1", "/q1", "a page of 50 with totals", _PAGE),
        Query(
            "Q2",
            "/q2",
            "Q1 with 5 leads and 5 bookings of each",
            f"{{ customers(first: 50) {{ nodes {{ {_TOTALS} {_children(5)} }} }} }}",
        ),
        Query(
            "Q3",
            "/q3",
            "one profile with 20 leads and 20 bookings, any customer",
            f"query ($id: ID!) {{ customer(id: $id) {{ {_TOTALS} {_children(20)} }} }}",
            ids=True,
        ),
        Query(
            "Q4",
            "/q4",
            "Q1 with account and delivery record",
            f"{{ customers(first: 50) {{ nodes {{ {_TOTALS}"
            " account { email isActive } delivery { address area status } } } }",
            mongo=True,
        ),
        Query(
            "Q5",
            "/q5",
            "1,000 rows of scalars",
            "{ customers(first: 1000) { nodes { id name email phone createdAt } } }",
        ),
        Query("Q1m", "/q1m", "Q1 where accounts and delivery records are mapped", _PAGE, mongo=True),
    )
}
