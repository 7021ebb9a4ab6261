"""Plans of operations as they are kept: as JSON, whose values come back as the types they were."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bson import json_util

from domain.identifiers import IdentifierKind
from domain.operations import (
    Counts,
    Insert,
    Intended,
    LinkEventKind,
    Mail,
    Operation,
    RowWrite,
    Write,
    read_ref,
    written,
)


def plan_of(operation: Operation) -> dict[str, Any]:
    """Write down what *operation* intends."""
    event = operation.event
    plan: dict[str, Any] = _extended(
        {
            "writes": [_kept(one) for one in operation.writes],
            "rows": [asdict(row) for row in operation.rows],
            "event": None if event is None else _kept_event(event),
            "made": None if operation.made is None else asdict(operation.made),
            "mail": None if operation.mail is None else asdict(operation.mail),
        }
    )
    return plan


def trail_of(operation: Operation, event: Intended) -> list[Any]:
    """Write down what undoing *event* undoes."""
    writes = operation.writes if event.trail is None else event.trail
    trail: list[Any] = _extended([_kept(one) for one in writes if isinstance(one, Write)])
    return trail


def read_plan(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Read what `plan_of` wrote, as the attributes of an operation."""
    plan = _plain(kept)
    return {
        "writes": tuple(map(_write, plan["writes"])),
        "rows": tuple(RowWrite(**row) for row in plan.get("rows", ())),
        "event": None if plan["event"] is None else _event(plan["event"]),
        "made": None if plan.get("made") is None else Counts(**plan["made"]),
        "mail": None if plan.get("mail") is None else Mail(**plan["mail"]),
    }


def read_writes(kept: Sequence[Mapping[str, Any]]) -> tuple[Write, ...]:
    """Read what `trail_of` wrote."""
    return tuple(one for one in map(_write, _plain(list(kept))) if isinstance(one, Write))


def _kept(one: Write | Insert) -> dict[str, Any]:
    if isinstance(one, Insert):
        return {"record": written(one.record), "document": one.document}
    return {
        "record": written(one.record),
        "id": one.id,
        "field": one.field,
        "before": one.before,
        "after": one.after,
    }


def _write(kept: Mapping[str, Any]) -> Write | Insert:
    record = read_ref(kept["record"])
    if "document" in kept:
        return Insert(record, kept["document"])
    return Write(record, kept["id"], kept["field"], kept["before"], kept["after"])


def _kept_event(event: Intended) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "records": [written(ref) for ref in event.records],
        "reason": event.reason,
        "rule": None if event.rule is None else event.rule.value,
        "undo_of": event.undo_of,
        "rejects": [[written(one), written(other)] for one, other in event.rejects],
        "trail": None if event.trail is None else [_kept(one) for one in event.trail],
    }


def _event(kept: Mapping[str, Any]) -> Intended:
    trail = kept.get("trail")
    return Intended(
        kind=LinkEventKind(kept["kind"]),
        records=tuple(read_ref(text) for text in kept["records"]),
        reason=kept["reason"],
        rule=None if kept.get("rule") is None else IdentifierKind(kept["rule"]),
        undo_of=kept["undo_of"],
        rejects=tuple((read_ref(one), read_ref(other)) for one, other in kept["rejects"]),
        trail=None if trail is None else tuple(one for one in map(_write, trail) if isinstance(one, Write)),
    )


def _extended(plan: Any) -> Any:
    """Write the values of MongoDB in *plan* as its canonical extended JSON."""
    return json.loads(json_util.dumps(plan, json_options=json_util.CANONICAL_JSON_OPTIONS))


def _plain(kept: Any) -> Any:
    """Read what `_extended` wrote."""
    return json_util.loads(json.dumps(kept), json_options=_READ)


#: Dates come back with their zone, as the connection reads them.
_READ = json_util.JSONOptions(json_mode=json_util.JSONMode.CANONICAL, tz_aware=True)
