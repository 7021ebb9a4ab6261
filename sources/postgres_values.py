"""Values as PostgreSQL reads them from text, whatever the type of their column."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from domain.stored_time import Form, StoredTime
from sources.postgres_columns import WritableColumn

_FORMS = {"timestamptz": Form.INSTANT, "timestamp": Form.NAIVE, "date": Form.DAY}
_TEXT_FORMS = {"iso": Form.ISO, "iso_z": Form.ISO_Z}


def value_text(value: Any) -> str | None:
    """Write *value* as PostgreSQL reads it."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, dict | list | tuple) else str(value)


def array_text(values: Sequence[str]) -> str:
    """Write *values* as PostgreSQL reads an array."""
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "{" + ",".join(f'"{value}"' for value in escaped) + "}"


def date_text(column: WritableColumn, dates: str, zone: tzinfo, at: datetime) -> str:
    """Write the instant *at* as *column* keeps it."""
    form = _FORMS.get(column.type) or _TEXT_FORMS.get(dates, Form.INSTANT)
    return str(value_text(written_at(StoredTime(form, zone), at)))


def written_at(stored: StoredTime, at: datetime) -> Any:
    """Write the instant *at* as *stored* keeps it: never later than it is."""
    if stored.form is Form.DAY:
        return at.astimezone(stored.zone).date()
    at = at.astimezone(UTC)
    return stored.bound(at.replace(microsecond=at.microsecond // 1000 * 1000)).value


def nested_text(held: str | None, keys: Sequence[str], value: Any) -> str:
    """Write JSON that holds *value* under *keys*, and else what it *held*."""
    whole = json.loads(held) if held else {}
    inner = whole = whole if isinstance(whole, dict) else {}
    for key in keys[:-1]:
        inner[key] = inner[key] if isinstance(inner.get(key), dict) else {}
        inner = inner[key]
    if value is None:
        inner.pop(keys[-1], None)
    else:
        inner[keys[-1]] = value
    return json.dumps(whole)
