"""Records held as columns: whoever asks for one attribute of all of them makes none of them."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, TypeVar, overload

from domain.records import CrmRecord, Customer, Key, RecordKind, RecordRef

T = TypeVar("T")


class Columnar(Sequence[T]):
    """Be things that are made one by one only where they are asked for one by one, and then each time anew."""

    __slots__ = ()

    @property
    @abstractmethod
    def kind(self) -> Any:
        """Be the class of all of them."""

    @abstractmethod
    def column(self, attribute: str) -> list[Any]:
        """List what *attribute* is of each of them, in their order."""

    @abstractmethod
    def made(self, index: int) -> T:
        """Make the one at *index*."""

    @abstractmethod
    def cut(self, part: slice) -> "Columnar[T]":
        """Be those in *part* of them."""

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> "Columnar[T]": ...

    def __getitem__(self, index: int | slice) -> "T | Columnar[T]":
        return self.cut(index) if isinstance(index, slice) else self.made(index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # as of a list


class RecordColumns(Columnar[T]):
    """Be *count* records that *make* makes of what was read of them; what was not is as it is by default."""

    __slots__ = ("_columns", "_count", "_make")

    def __init__(self, make: Callable[..., T], columns: Mapping[str, list[Any]], count: int) -> None:
        self._make = make
        self._columns = columns
        self._count = count

    def __len__(self) -> int:
        return self._count

    @property
    def kind(self) -> Any:
        return self._make

    def column(self, attribute: str) -> list[Any]:
        found = self._columns.get(attribute)
        return [getattr(one, attribute) for one in self] if found is None else found

    def made(self, index: int) -> T:
        return self._make(**{name: column[index] for name, column in self._columns.items()})

    def cut(self, part: slice) -> "RecordColumns[T]":
        columns = {name: column[part] for name, column in self._columns.items()}
        return RecordColumns(self._make, columns, len(range(self._count)[part]))


class Part(Columnar[T]):
    """Be those of *whole* from *begin* to before *end*."""

    __slots__ = ("begin", "end", "whole")

    def __init__(self, whole: Columnar[T], begin: int, end: int) -> None:
        self.whole = whole
        self.begin = begin
        self.end = end

    def __len__(self) -> int:
        return self.end - self.begin

    @property
    def kind(self) -> Any:
        return self.whole.kind

    def column(self, attribute: str) -> list[Any]:
        return self.whole.column(attribute)[self.begin : self.end]

    def made(self, index: int) -> T:
        return self.whole.made(range(self.begin, self.end)[index])

    def cut(self, part: slice) -> Columnar[T]:
        return self.whole.cut(slice(self.begin, self.end)).cut(part)


def joined(lists: Sequence[Sequence[Any]]) -> Sequence[Any]:
    """Join *lists*: those that are all the parts of one whole are that."""
    first, end = lists[0] if lists else (), 0
    if isinstance(first, Part):
        for one in lists:
            if not isinstance(one, Part) or one.whole is not first.whole or one.begin != end:
                break
            end = one.end
        else:
            if end == len(first.whole):
                return first.whole
    if len(lists) == 1:
        return lists[0]
    return list(chain.from_iterable(lists))


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
    def kind(self) -> Any:
        return Customer

    @property
    def keys(self) -> list[Key]:
        return self.rows.column("key")

    def column(self, attribute: str) -> list[Any]:
        return self.keys if attribute == "crm_key" else self.rows.column(attribute)

    def made(self, index: int) -> Customer:
        return headed_by(self.rows[index])

    def cut(self, part: slice) -> "Heads":
        return Heads(self.rows.cut(part))


class Answers(Columnar[T]):
    """Be an answer for each of so many askers: that of *records* at their place, or what is *missing* for None."""

    __slots__ = ("_missing", "_places", "_records")

    def __init__(self, records: Columnar[T], places: Sequence[int | None], missing: T) -> None:
        self._records = records
        self._places = places
        self._missing = missing

    def __len__(self) -> int:
        return len(self._places)

    @property
    def kind(self) -> Any:
        return self._records.kind

    def column(self, attribute: str) -> list[Any]:
        found, missing = self._records.column(attribute), getattr(self._missing, attribute)
        return [missing if place is None else found[place] for place in self._places]

    def made(self, index: int) -> T:
        place = self._places[index]
        return self._missing if place is None else self._records[place]

    def cut(self, part: slice) -> "Answers[T]":
        return Answers(self._records, self._places[part], self._missing)


class Keyed(Mapping[Key, T]):
    """Be the *records* of *keys*, in their order, held as columns."""

    __slots__ = ("_places", "_records")

    def __init__(self, keys: Iterable[Key], records: Columnar[T]) -> None:
        self._places = {key: place for place, key in enumerate(keys)}
        self._records = records

    def __getitem__(self, key: Key) -> T:
        return self._records[self._places[key]]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def of(self, keys: Iterable[Key], missing: T) -> Answers[T]:
        """Answer each of *keys*, with what is *missing* where there is nothing."""
        return Answers(self._records, list(map(self._places.get, keys)), missing)


def headed_by(row: CrmRecord) -> Customer:
    """Make the customer that *row* heads."""
    return Customer(head=RecordRef(RecordKind.CRM, row.key), crm=row)


def column_of(records: Sequence[Any], attribute: str) -> list[Any]:
    """List what *attribute* is of each of *records*, however they are held."""
    return records.column(attribute) if isinstance(records, Columnar) else list(map(attrgetter(attribute), records))
