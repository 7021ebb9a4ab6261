"""What lists are ordered by beside dates: names by code points, and what is summed up of a customer."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Numeric, Text, and_, case, false, func, literal, literal_column, not_, or_, true

from domain.errors import BadCursorError

#: A text of so many characters names nobody: no index could hold it, nor an address the cursor of its place.
LONGEST_NAME = 600


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Be the texts in *expression*, by code points; those that are blank or far too long are none."""

    expression: ColumnElement[Any]
    required: bool = False
    indexable: bool = True

    @property
    def has_value(self) -> ColumnElement[bool]:
        filled = self.expression.bool_op("~")(literal_column("'[^[:space:]]'"))
        return and_(filled, func.char_length(self.expression) < LONGEST_NAME)

    @property
    def has_none(self) -> ColumnElement[bool]:
        return or_(self.expression.is_(None), not_(self.has_value))

    @property
    def selected(self) -> ColumnElement[Any]:
        return case((self.has_value, self.expression))

    def position(self, stored: Any) -> tuple[str | None, None]:
        return stored, None

    def bind(self, value: Any, mark: str | None = None) -> tuple[ColumnElement[Any], bool]:
        """Make a value of *value*: the longest text that PostgreSQL can hold and that is not behind it."""
        if not isinstance(value, str) or mark is not None:
            raise BadCursorError(str(value))
        held, nul, _ = value.partition("\x00")
        return literal(held, Text), not nul

    def compare(self, op: Callable[[Any, Any], Any], value: Any) -> ColumnElement[bool]:
        bound, exact = self.bind(value)
        if not exact:
            # What follows a NUL is behind all that ends before it, and nothing lies between.
            op = operator.gt if op in (operator.gt, operator.ge) else operator.le
        comparison: ColumnElement[bool] = op(self.expression, bound)
        return comparison


@dataclass(frozen=True, slots=True)
class AmountColumn:
    """Be amounts, of which there is one in every row."""

    expression: ColumnElement[Any]
    required: bool = True
    indexable: bool = False

    @property
    def has_value(self) -> ColumnElement[bool]:
        return true()

    @property
    def has_none(self) -> ColumnElement[bool]:
        return false()

    @property
    def selected(self) -> ColumnElement[Any]:
        return self.expression

    def position(self, stored: Any) -> tuple[Decimal, None]:
        return Decimal(stored), None

    def bind(self, value: Any, mark: str | None = None) -> tuple[ColumnElement[Any], bool]:
        if not isinstance(value, Decimal) or mark is not None:
            raise BadCursorError(str(value))
        return literal(value, Numeric), True

    def compare(self, op: Callable[[Any, Any], Any], value: Any) -> ColumnElement[bool]:
        comparison: ColumnElement[bool] = op(self.expression, self.bind(value)[0])
        return comparison
