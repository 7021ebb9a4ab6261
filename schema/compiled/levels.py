"""What is found while an operation runs: the parents of a selection, and a column of values for each of its fields."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from schema.compiled.plan import Column, FieldPlan, SelectionPlan


class Level:
    """Be the *parents* of one selection, with what was found of each of its fields."""

    __slots__ = ("found", "late", "parents", "plan")

    def __init__(self, plan: SelectionPlan, parents: Sequence[Any]) -> None:
        self.plan = plan
        self.parents = parents
        self.found: list[Found | None] = [None] * len(plan.fields)
        #: Which fields had to be waited for.
        self.late: set[int] = set()

    def finished(self) -> list[dict[str, Any]]:
        """Make an answer of each parent; only where nothing is amiss anywhere."""
        columns = [found.finished() for found in self.found if found is not None]
        return self.plan.assemble(columns, len(self.parents))


@dataclass(slots=True)
class Found:
    """Be the column of a field, and what became of it."""

    plan: FieldPlan
    column: Column
    #: Of leaves, and of what a store has written itself: as they are written; None where any is amiss.
    written: Column | None = None
    #: Of objects: those of each type, and of which type each object in its order is, where there are several.
    levels: dict[str, Level] = field(default_factory=dict)
    order: list[str] | None = None
    #: Where each value stands in the levels: its type and number, None where there is none; lists of those for lists.
    #: None as a whole where all are there, in their order.
    places: list[Any] | None = None

    def finished(self) -> Column:
        if self.written is not None:
            return self.written
        assert self.plan.write is None
        if self.places is None:
            objects = self._objects()
            if not self.plan.is_list:
                return objects
            result, begin = [], 0
            for items in self.column:
                end = begin + len(items)
                result.append(objects[begin:end])
                begin = end
            return result
        made = {name: level.finished() for name, level in self.levels.items()}
        if self.plan.is_list:
            return [None if places is None else [_at(made, place) for place in places] for places in self.places]
        return [_at(made, place) for place in self.places]

    def _objects(self) -> Column:
        """List the finished objects in their order."""
        made = {name: iter(level.finished()) for name, level in self.levels.items()}
        if self.order is None:
            return list(chain.from_iterable(made.values()))
        return [next(made[name]) for name in self.order]

    def place(self, number: int, item: int | None = None) -> tuple[Level, int] | None:
        """Find the level and the place in it of the value *number*, or of an *item* of it; None where it has none."""
        places = self.places if self.places is not None else list(self._all_places())
        place = places[number] if item is None or places[number] is None else places[number][item]
        return None if place is None else (self.levels[place[0]], place[1])

    def _all_places(self) -> Iterator[Any]:
        """Say where each value stands, as `places` would."""
        count = dict.fromkeys(self.levels, 0)
        names = iter(self.order if self.order is not None else ())
        only = next(iter(self.levels), "")
        for value in self.column:
            placed = []
            for _ in value if self.plan.is_list else (value,):
                name = next(names) if self.order is not None else only
                placed.append((name, count[name]))
                count[name] += 1
            yield placed if self.plan.is_list else placed[0]


def _at(made: dict[str, list[dict[str, Any]]], place: tuple[str, int] | None) -> dict[str, Any] | None:
    return None if place is None else made[place[0]][place[1]]
