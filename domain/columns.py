"""Records held as columns: whoever asks for one attribute of all of them makes none of them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

from domain.records import CrmRecord, Customer, Key, RecordKind, RecordRef

T = TypeVar("T")


class Columnar(Sequence[T]):
    """Be things that are made one by one only where they are asked for one by one, and then each time anew."""

    __slots__ = ()

    def column(self, attribute: str) -> list[Any]:
        """List what *attribute* is of each of them, in their order."""
        raise NotImplementedError

    def made(self, index: int) -> T:
        """Make the one at *index*."""
        raise NotImplementedError

    def cut(self, part: slice) -> "Columnar[T]":
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> "Columnar[T]": ...

    def __getitem__(self, index: int | slice) -> "T | Columnar[T]":
        return self.cut(index) if isinstance(index, slice) else self.made(index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


class RecordColumns(Columnar[T], Generic[T]):
    """Be *count* records that *make* makes of what was read of them; what was not is as it is by default."""

    __slots__ = ("_columns", "_count", "_make")

    def __init__(self, make: Callable[..., T], columns: Mapping[str, list[Any]], count: int) -> None:
        self._make = make
        self._columns = columns
        self._count = count

    def __len__(self) -> int:
        return self._count

    def column(self, attribute: str) -> list[Any]:
        found = self._columns.get(attribute)
        return [getattr(one, attribute) for one in self] if found is None else found

    def made(self, index: int) -> T:
        return self._make(**{name: column[index] for name, column in self._columns.items()})

    def cut(self, part: slice) -> "RecordColumns[T]":
        columns = {name: column[part] for name, column in self._columns.items()}
        return RecordColumns(self._make, columns, len(range(self._count)[part]))


class Heads(Columnar[Customer]):
    """Be the customers that *rows* of the CRM head.

    Of their columns `crm_key` is the key of each; any other is that of its row.
    """

    __slots__ = ("rows",)

    def __init__(self, rows: Columnar[CrmRecord]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def keys(self) -> list[Key]:
        return self.rows.column("key")

    def column(self, attribute: str) -> list[Any]:
        return self.keys if attribute == "crm_key" else self.rows.column(attribute)

    def made(self, index: int) -> Customer:
        return headed_by(self.rows[index])

    def cut(self, part: slice) -> "Heads":
        return Heads(self.rows.cut(part))


def headed_by(row: CrmRecord) -> Customer:
    """Make the customer that *row* heads."""
    return Customer(head=RecordRef(RecordKind.CRM, row.key), crm=row)
