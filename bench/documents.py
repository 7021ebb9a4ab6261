"""Make accounts and delivery records beside the CRM's rows, linked as an application that is well keeps them."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

from gateway.demo_data.people import make_person, write_phone
from gateway.demo_data.rows import DAYS, LAST_DAY, customer_person, row_of_numbers

Document = dict[str, Any]

_LOT = 2_000
_MARKER = "bench_data"
#: Each tenth account belongs to nobody in the CRM; each other one of these has no delivery record, which stands alone.
_ALONE, _APART = 10, 20
#: What both are looked up by.
_INDEXES = {
    "users": ("id", "customer_v2_id", "crm_customer_id", "role", "created_at"),
    "customers_v2": ("id", "user_id", "crm_customer_id", "created_at"),
}


def load_documents(url: str, *, customers: int, documents: int, seed: int) -> None:
    """Put so many *documents* into each collection, unless that was done before."""
    wanted = {"customers": customers, "documents": documents, "seed": seed}
    client: MongoClient[Document]
    with MongoClient(url, serverSelectionTimeoutMS=5_000) as client:
        database: Database[Document] = client.get_default_database()
        if database[_MARKER].find_one({}, {"_id": 0}) == wanted:
            return
        for name in (_MARKER, *_INDEXES):
            database.drop_collection(name)
        for lot in _lots(customers, documents, seed):
            for name, made in zip(_INDEXES, lot, strict=True):
                database[name].insert_many(made)
        for name, fields in _INDEXES.items():
            for field in fields:
                database[name].create_index(field)
        database[_MARKER].insert_one(wanted)


def _lots(customers: int, documents: int, seed: int) -> Iterator[tuple[list[Document], list[Document]]]:
    for first in range(1, documents + 1, _LOT):
        made = [_pair(number, customers, documents, seed) for number in range(first, min(first + _LOT, documents + 1))]
        yield [account for account, _ in made], [delivery for _, delivery in made]


def _pair(number: int, customers: int, documents: int, seed: int) -> tuple[Document, Document]:
    """Make the account and the delivery record *number*, spread over the rows and over their time."""
    row = 1 + (number - 1) * customers // documents
    alone = number % _ALONE == 0
    person = make_person(row, row_of_numbers(row + 70_000_000, seed)) if alone else customer_person(row, seed)
    # No two at the same moment, nor at one of a row.
    at = LAST_DAY - timedelta(days=DAYS * (documents - number) / documents, milliseconds=number % 1000 + 1)
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    account: Document = {
        "id": f"user-{number}",
        "role": "customer",
        "name": person.name or person.ascii_name,
        "email": f"{person.ascii_name}.{row}@accounts.example",
        "phone": write_phone(row),
        "is_active": number % 7 != 0,
        "created_at": at,
    }
    delivery: Document = {
        "id": f"cust-{number}",
        "name": person.name or person.ascii_name,
        "email": account["email"],
        "address": person.address,
        "area": person.area,
        "status": ("active", "active", "paused", "ended")[number % 4],
        "created_at": (at + timedelta(hours=1)).replace(tzinfo=None).isoformat(),
    }
    if number % _APART:
        account["customer_v2_id"], delivery["user_id"] = delivery["id"], account["id"]
    if not alone:
        account["crm_customer_id"] = delivery["crm_customer_id"] = str(row)
    return account, delivery
