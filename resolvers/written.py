"""What stores write themselves of an answer, where the rows of the CRM are all that there is of customers."""

from domain.choosing import Choice
from domain.errors import SourceError
from domain.filters import CustomerRows
from domain.paging import PageRequest
from domain.records import Key, RecordKind
from domain.written import Fields, Nodes, Word, WrittenAnswer
from sources.meter import batch
from sources.stores import Stores


def is_of_rows(stores: Stores, choice: Choice) -> bool:
    """Say whether the rows of the CRM are the whole list that *choice* chooses, and say all of each customer."""
    return stores.kinds == (RecordKind.CRM,) and choice.is_exact_in_rows and choice.heads == (RecordKind.CRM,)


async def written_page(
    stores: Stores, tenant: str | None, choice: Choice, request: PageRequest, fields: Fields
) -> WrittenAnswer | None:
    """Answer a connection as its store writes it; None where it does not, and where the store cannot be asked."""
    nodes = [what for _, what in fields if isinstance(what, Nodes)]
    if len(nodes) != 1 or not all(isinstance(what, Nodes | Word) for _, what in fields):
        return None
    try:
        written = await stores.crm.written_page(tenant, CustomerRows(choice.chosen), request, nodes[0].fields)
    except SourceError:
        return None
    if written is None:
        return None
    parts = [
        b'"%b":%b' % (name.encode(), what.text.encode())
        if isinstance(what, Word)
        else b'"%b":[%b]' % (name.encode(), written)
        for name, what in fields
    ]
    return WrittenAnswer(b"{%b}" % b",".join(parts))


async def written_customer(
    stores: Stores, tenant: str | None, key: Key, fields: Fields
) -> tuple[bool, WrittenAnswer | None]:
    """Answer *fields* of the customer of a row as its store writes them: None where there is none, False where not."""
    with batch("customers_by_record", 1):
        is_written, written = await stores.crm.written_customer(tenant, key, fields)
    return is_written, None if written is None else WrittenAnswer(written)
