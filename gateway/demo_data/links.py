"""The documents of Mongo: accounts and delivery records, linked in every way that links take, most of them right."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bson import ObjectId

from gateway.demo_data.people import Person, chance, make_person, pick, write_phone
from gateway.demo_data.rows import DAYS, LAST_DAY, customer_person

Document = dict[str, Any]

#: So many documents a collection holds at most, staff included.
MOST = 5_000
_MOST_CUSTOMERS = MOST - 50
_MOST_ROWS = 4_200
#: Somebody could log in, but no password has this hash.
_NO_PASSWORD = "!"  # noqa: S105
_ZONE = ZoneInfo("Europe/Copenhagen")


@dataclass(frozen=True, slots=True)
class Shape:
    """Say how the records of one group are linked.

    A and B are accounts, D and E delivery records, C and K rows of the CRM; `A>D` is the account's link to the delivery
    record, a letter alone is a record without links. `>X` names a row that does not exist, `>Y` an account or delivery
    record that does not, `>0` is a link that is null, `>C'` the row's key in a form that is not its own.
    """

    name: str
    weight: int
    links: str


SHAPES = (
    Shape("a whole triangle, each naming both others", 46, "A>D A>C D>A D>C"),
    Shape("an account and its row", 26, "A>C"),
    Shape("a delivery record and its row", 9, "D>C"),
    Shape("an account and a delivery record, no row", 4, "A>D D>A"),
    Shape("an account by itself", 3, "A"),
    Shape("a delivery record by itself", 3, "D"),
    Shape("one-way: only the account names the others", 3, "A>D A>C D"),
    Shape("one-way: only the delivery record names the account", 2, "A>C D>A"),
    Shape("the same person, not linked: account and row", 3, "A C"),
    Shape("the same person, not linked: delivery record and row", 2, "D C"),
    Shape("the same person, not linked: two accounts and a row", 1, "A B C"),
    Shape("a row named by two accounts", 1, "A>C B>C"),
    Shape("a row named by two delivery records", 1, "D>C E>C"),
    Shape("linked, but naming different rows", 1, "A>D A>C D>A D>K"),
    Shape("two delivery records reach one customer", 1, "A>C D>A E>C"),
    Shape("a chain of three", 1, "A>D D>B B"),
    Shape("a delivery record named by two accounts, naming none", 1, "A>D B>D D"),
    Shape("dangling: a row that is not there", 1, "A>X"),
    Shape("dangling: records that are not there", 1, "A>Y A>C D>Y"),
    Shape("null links", 1, "A>0 A>C D>0"),
    Shape("a key in another form", 1, "A>C' D>C"),
)


@dataclass(slots=True)
class Group:
    """Be one shape filled in: the documents by their letters, and the keys of its rows."""

    shape: Shape
    documents: dict[str, Document] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)


def make_documents(customers: int, seed: int) -> tuple[list[Document], list[Document]]:
    """Make the `users` and the `customers_v2` beside a CRM of so many *customers*."""
    users = make_staff(seed)
    deliveries: list[Document] = []
    for group in make_groups(customers, seed):
        for letter, document in group.documents.items():
            (users if letter in "AB" else deliveries).append(document)
    for collection in (users, deliveries):
        for number, document in enumerate(collection, start=1):
            document["_id"] = ObjectId(f"{number:024x}")
    return users, deliveries


def make_groups(customers: int, seed: int) -> Iterator[Group]:
    """Fill in every shape once, and then more of them by weight, while there are rows and room."""
    draw = Random(seed)  # noqa: S311 - demo data, not secrets
    rows = min(customers * 7 // 10, _MOST_ROWS)
    shapes = _choose_shapes(rows, draw)
    keys = iter([1 + nth * customers // rows for nth in range(rows)])
    drivers = tuple(user["id"] for user in make_staff(seed) if user["role"] == "driver")
    maker = GroupMaker(customers, seed, draw, drivers)
    for shape in shapes:
        letters = sorted({letter for letter in shape.links if letter in "CK"})
        yield maker.make(shape, {letter: next(keys) for letter in letters})


def _choose_shapes(rows: int, draw: Random) -> list[Shape]:
    by_weight = [shape for shape in SHAPES for _ in range(shape.weight)]
    chosen: list[Shape] = []
    left = {"A": _MOST_CUSTOMERS, "D": _MOST_CUSTOMERS, "C": rows}
    waiting = list(SHAPES)
    while True:
        shape = waiting.pop(0) if waiting else pick(draw.random, by_weight)
        for kind, letters in (("A", "AB"), ("D", "DE"), ("C", "CK")):
            left[kind] -= len({letter for letter in shape.links if letter in letters})
        if min(left.values()) < 0:
            break
        chosen.append(shape)
    draw.shuffle(chosen)
    return chosen


class GroupMaker:
    """Make the documents of one group after the other."""

    def __init__(self, customers: int, seed: int, draw: Random, drivers: tuple[str, ...]) -> None:
        self._customers = customers
        self._seed = seed
        self._draw = draw
        self._drivers = drivers
        self._strangers = 0

    def make(self, shape: Shape, rows: dict[str, int]) -> Group:
        group = Group(shape, rows=rows)
        person, number = self._choose_person(rows)
        for letter in sorted({letter for letter in shape.links if letter in "ABDE"}):
            make = self._make_account if letter in "AB" else self._make_delivery
            group.documents[letter] = make(person, number, is_second=letter in "BE")
        for source, _, target in (word.partition(">") for word in shape.links.split()):
            if target:
                field_name, value = self._link(group, source, target)
                group.documents[source][field_name] = value
        return group

    def _choose_person(self, rows: dict[str, int]) -> tuple[Person, int]:
        """Return the person of the group's row, or somebody whom the CRM does not know."""
        if rows:
            number = rows["C"]
            return customer_person(number, self._seed), number
        self._strangers += 1
        number = self._customers + 1_000_000 + self._strangers
        return make_person(number, self._draw.random), number

    def _link(self, group: Group, source: str, target: str) -> tuple[str, Any]:
        partner = "customer_v2_id" if source in "AB" else "user_id"
        if target in group.documents:
            return partner, group.documents[target]["id"]
        if target == "Y":
            return partner, self._make_key()
        if target == "0":
            return partner, None
        if target == "X":
            return "crm_customer_id", str(self._customers + 900_000 + int(self._draw.random() * 1000))
        key = group.rows[target[0]]
        if target.endswith("'"):
            return "crm_customer_id", f"0{key}"
        # Most are text, as the applications write them; an import once wrote integers.
        return "crm_customer_id", key if chance(self._draw.random, 0.05) else str(key)

    def _make_account(self, person: Person, number: int, *, is_second: bool) -> Document:
        draw = self._draw.random
        email, phone = person.email, write_phone(number) if person.phone else None
        if email is None and phone is not None:
            email = f"{phone}@accounts.example"
        elif not is_second and chance(draw, 0.1):
            email = f"{person.ascii_name}.{number}.private@post.example"
        document: Document = {
            "id": self._make_key(),
            "role": "customer",
            "is_active": chance(draw, 0.95),
            "email_verified": chance(draw, 0.7),
            "created_at": self._make_time(),
        }
        optional = {"name": person.name, "email": email and email.lower(), "phone": phone}
        if chance(draw, 0.85):
            optional["password_hash"] = _NO_PASSWORD
        return document | {name: value for name, value in optional.items() if value is not None}

    def _make_delivery(self, person: Person, number: int, *, is_second: bool) -> Document:
        draw = self._draw.random
        local = self._make_time().astimezone(_ZONE).replace(tzinfo=None)
        document: Document = {
            "id": self._make_key(),
            "address": f"{person.address}{', 2. sal' if is_second else ''}",
            "area": person.area,
            "status": pick(draw, ("active",) * 14 + ("paused", "paused", "ended", "moved")),
            # Two applications wrote dates; one of them in no form that can be compared.
            "created_at": local.strftime("%d/%m/%Y") if chance(draw, 0.01) else local.isoformat(),
        }
        optional = {
            "name": person.name,
            "email": person.email if chance(draw, 0.6) else None,
            "phone": write_phone(number, "{0}{1}{2}{3}") if person.phone else None,
            "driver_id": pick(draw, self._drivers) if chance(draw, 0.8) else None,
        }
        return document | {name: value for name, value in optional.items() if value is not None}

    def _make_key(self) -> str:
        return _make_key(self._draw)

    def _make_time(self) -> datetime:
        """Choose a moment of the demo's time, to the millisecond, which is all that Mongo keeps."""
        return LAST_DAY - timedelta(milliseconds=int(self._draw.random() * DAYS * 86_400_000))


def make_staff(seed: int) -> list[Document]:
    """Make those who work here: accounts as well, but not of customers."""
    draw = Random(~seed)  # noqa: S311 - demo data, not secrets
    staff: list[Document] = []
    for number, role in enumerate(("admin",) * 4 + ("driver",) * 12):
        person = make_person(80_000_000 + number, draw.random)
        document = {
            "id": _make_key(draw),
            "role": role,
            "name": person.name or person.ascii_name,
            "email": f"{role}{number}@staff.example",
            "phone": write_phone(8_900_000 + number),
            "is_active": number % 7 != 0,
            "email_verified": True,
            "created_at": datetime(2024, 10, 1 + number, 8, tzinfo=UTC),
        }
        staff.append(document)
    # Once a customer: a link of staff counts for nothing.
    staff[-1]["crm_customer_id"] = "1"
    return staff


def _make_key(draw: Random) -> str:
    return str(UUID(int=draw.getrandbits(128), version=4))
