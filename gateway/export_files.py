"""The files of an export: CSV, JSON Lines and Excel's own, each written row by row, and there only once it is whole."""

import csv
import json
import os
import tempfile
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxFileError

from gateway.export_rows import Column, Kind, Row

#: What makes a formula of a cell, for one program or another.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are wide
_MOST_ROWS_OF_A_SHEET = 1_048_576
_LONGEST_CELL = 32_767
_FIRST_EXCEL_YEAR = 1900


class Writer(ABC):
    """Write rows of *columns* into a file at *path*."""

    def __init__(self, path: Path, name: str, columns: Sequence[Column]) -> None:
        self.path, self.name, self.columns = path, name, columns

    @abstractmethod
    def write(self, rows: Sequence[Row]) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Write what is left to write. Raises OSError where the disk does not take it."""

    @abstractmethod
    def abandon(self) -> None:
        """Let go of a file that will not be whole."""


class TextWriter(Writer):
    """Write a text file in UTF-8."""

    def __init__(self, path: Path, name: str, columns: Sequence[Column]) -> None:
        super().__init__(path, name, columns)
        self._file = path.open("w", encoding="utf-8", newline="")

    def close(self) -> None:
        self._file.close()

    def abandon(self) -> None:
        with suppress(OSError):  # a disk that is full does not take the last lines either
            self._file.close()


class CsvWriter(TextWriter):
    """Write RFC 4180; a text that a spreadsheet would take for a formula begins with an apostrophe."""

    def __init__(self, path: Path, name: str, columns: Sequence[Column]) -> None:
        super().__init__(path, name, columns)
        self._csv = csv.writer(self._file)
        self._csv.writerow(column.name for column in columns)

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._csv.writerow(_cell(column, row[column.name]) for column in self.columns)


class JsonLinesWriter(TextWriter):
    """Write one JSON object a line, values as the API answers them."""

    def write(self, rows: Sequence[Row]) -> None:
        self._file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


class XlsxWriter(Writer):
    """Write Excel's format: texts as texts, never formulas; dates in UTC and amounts as such.

    What one sheet cannot hold goes on in the next. Rows go to the disk as they come: one is held in memory.
    """

    def __init__(self, path: Path, name: str, columns: Sequence[Column]) -> None:
        super().__init__(path, name, columns)
        options = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._file = path.open("w+b")
        self._book = xlsxwriter.Workbook(self._file, options)
        self._text = self._book.add_format({"quote_prefix": True})
        self._time = self._book.add_format({"num_format": 'yyyy-mm-dd"T"hh:mm:ss"Z"'})
        self._amount = self._book.add_format({"num_format": "0.00##"})
        self._sheets = 0
        self._begin()

    def _begin(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(self.name if self._sheets == 1 else f"{self.name} {self._sheets}")
        for place, column in enumerate(self.columns):
            self._sheet.write_string(0, place, column.name)
        self._next = 1

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._next >= _MOST_ROWS_OF_A_SHEET:
                self._begin()
            for place, column in enumerate(self.columns):
                if (value := row[column.name]) is not None:
                    self._put(place, column, value)
            self._next += 1

    def _put(self, place: int, column: Column, value: Any) -> None:
        at = self._next, place
        if column.kind is Kind.FLAG:
            self._sheet.write_boolean(*at, value)
        elif column.kind is Kind.NUMBER and isinstance(value, int):
            self._sheet.write_number(*at, value)
        elif column.kind is Kind.NUMBER and _is_exact(value):
            self._sheet.write_number(*at, float(value), self._amount)
        elif (
            column.kind is Kind.TIME
            and (time := datetime.fromisoformat(value).astimezone(UTC)).year > _FIRST_EXCEL_YEAR
        ):
            self._sheet.write_datetime(*at, time.replace(tzinfo=None), self._time)
        else:
            self._sheet.write_string(*at, str(value)[:_LONGEST_CELL], self._text if _is_formula(str(value)) else None)

    def close(self) -> None:
        try:
            self._book.close()
        except XlsxFileError as error:
            self.abandon()
            # What it was putting together ends its file when it is let go: now, while nobody minds what it writes.
            cause = error.__context__
            traceback.clear_frames(cause.__traceback__ if cause is not None else None)
            raise OSError(str(error)) from None
        self._file.close()

    def abandon(self) -> None:
        """Leave the book as it is: to put it together takes as long as all that was written."""
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), self._file.fileno())
        for sheet in self._book.worksheets():
            with suppress(OSError):
                sheet.row_data_fh.close()


WRITERS: dict[str, type[Writer]] = {"csv": CsvWriter, "xlsx": XlsxWriter, "jsonl": JsonLinesWriter}


@contextmanager
def written(output: Path, format_: str, name: str, columns: Sequence[Column]) -> Iterator[Writer]:
    """Write a file beside *output*, and put it in its place once it is whole; whatever ends that before leaves nothing.

    It is for the eyes of whoever asked for it: others may not read it.
    """
    with tempfile.TemporaryDirectory(prefix=f".{output.name[:100]}.", dir=output.parent) as folder:
        part = Path(folder) / "part"
        part.touch(mode=0o600)
        writer = WRITERS[format_](part, name, columns)
        try:
            yield writer
            writer.close()
        except BaseException:
            writer.abandon()
            raise
        with part.open("rb") as whole:
            os.fsync(whole.fileno())
        part.replace(output)


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.kind is Kind.FLAG:
        return "true" if value else "false"
    if column.kind is not Kind.TEXT:
        return str(value)
    return f"'{value}" if _is_formula(value) else value


def _is_formula(text: str) -> bool:
    return text.startswith(_FORMULA)


def _is_exact(amount: str) -> bool:
    """Say whether a spreadsheet's numbers, of fifteen digits, can hold *amount*."""
    return len(Decimal(amount).normalize().as_tuple().digits) <= 15  # noqa: PLR2004 - what the docstring says
