"""Draft the sections of a profile that are collections: accounts, delivery records, couriers."""

from collections.abc import Sequence

from domain.status import CustomerStatus
from sources.draft import Part
from sources.draft_columns import Columns, fits, written_name
from sources.draft_names import likeness
from sources.draft_places import key_of, ranked
from sources.draft_tables import Picked, begin, name_of
from sources.draft_vocabulary import (
    ACTIVE,
    COLUMNS,
    COURIER_ROLES,
    COURIERS,
    CUSTOMER_ROLES,
    PLACES,
    ROLES,
    VERIFIED,
)
from sources.draft_words import EMPTY_FLAG, chosen_words, counted_words, flag, note_deleted, status_part
from sources.inspection import Column, Holds, Place

_SCHEMES = {"$2": "bcrypt", "$argon2": "argon2"}


def pick_account(places: Sequence[Place]) -> Picked | None:
    """Choose the accounts: the collection that holds passwords, else one that is called so."""
    secret = [one for one in places if _password(one) is not None]
    found = ranked("account", secret) or secret or ranked("account", places)
    return Picked("account", found[0], Columns(found[0], PLACES["account"]), found[1:]) if found else None


def pick_delivery(places: Sequence[Place], account: Picked | None) -> Picked | None:
    others = [one for one in places if account is None or one is not account.place]
    found = [one for one in ranked("delivery", others) if likeness(one.name, PLACES["delivery"]) > 1]
    return Picked("delivery", found[0], Columns(found[0], PLACES["delivery"]), found[1:]) if found else None


def account_parts(picked: Picked, *, tenants: bool) -> list[Part]:
    part, columns = begin(picked, tenants=tenants), picked.columns
    where: dict[str, object] = {}
    if role := _role(picked.place):
        columns.take(role.name)
        if words := chosen_words(role, CUSTOMER_ROLES):
            where[role.name], picked.insert[role.name] = words, words[0]
        else:
            said = counted_words(role, list(role.counted))
            part.note(
                f"unsure: which accounts are customers', as `where` would say by {written_name(role.name)}: {said}"
            )
    if secret := _password(picked.place):
        part.sure("password_hash", secret.name)
        columns.take(secret.name)
        _scheme(part, secret)
    for key, names in (("active", ACTIVE), ("verified", VERIFIED)):
        if column := flag(columns, names):
            columns.take(column.name)
            if column.required:
                part.sure(key, {column.name: [True]})
            else:
                part.unsure(key, {column.name: [True]}, EMPTY_FLAG)
            if key == "active":
                picked.insert[column.name] = True
    name_of(picked)
    columns.fill(part, "account")
    note_deleted(columns, part, where)
    return picked.parts


def delivery_parts(picked: Picked, courier: Part | None, *, tenants: bool) -> list[Part]:
    part, columns = begin(picked, tenants=tenants), picked.columns
    name_of(picked)
    if courier is not None:
        match = columns.find(COURIERS, lambda one: one.holds in (Holds.TEXT, Holds.INTEGER, Holds.KEY))
        if match and match.exact:
            part.sure("courier", match.column.name)
            columns.take(match.column.name)
    status = status_part(columns, "delivery.status", CustomerStatus, required=False)
    columns.fill(part, "delivery")
    note_deleted(columns, part)
    if status is not None:
        picked.parts.append(status)
    return picked.parts


def courier_part(places: Sequence[Place], account: Picked | None, *, tenants: bool) -> Part | None:
    """Draft [courier]: a collection of their own, or those accounts whose role says so."""
    for place in ranked("courier", [one for one in places if account is None or one is not account.place])[:1]:
        picked = Picked("courier", place, Columns(place, PLACES["courier"]))
        return _courier(picked, None, tenants=tenants)
    role = _role(account.place) if account else None
    words = chosen_words(role, COURIER_ROLES) if role else []
    if account is None or role is None or not words:
        return None
    return _courier(
        Picked("courier", account.place, Columns(account.place, PLACES["account"])), {role.name: words}, tenants=tenants
    )


def _courier(picked: Picked, where: dict[str, list[str]] | None, *, tenants: bool) -> Part:
    part = begin(picked, tenants=tenants)
    name_of(picked)
    picked.columns.fill(part, "courier")
    if where:
        part.sure("where", where)
    part.need_what_is_required()
    return part


def _password(place: Place) -> Column | None:
    columns = Columns(place, PLACES["account"])
    match = columns.find(COLUMNS["account"]["password_hash"], lambda one: fits("password_hash", one))
    return match.column if match and match.exact else None


def _scheme(part: Part, secret: Column) -> None:
    """Say how the passwords are hashed, if all that were looked at begin like it."""
    found = {next((name for begin, name in _SCHEMES.items() if one.startswith(begin)), "") for one in secret.sample}
    if len(found) == 1 and "" not in found:
        part.sure("password_scheme", found.pop())
    else:
        part.unsure("password_scheme", "bcrypt", "the hashes do not begin as those of bcrypt or argon2 do")


def _role(place: Place) -> Column | None:
    """Find the field that says what somebody is: with the word of a role that is known, if there are several."""
    columns = Columns(place, PLACES["account"])
    match = columns.find(ROLES, lambda one: one.holds is Holds.TEXT and len(one.counted) > 0)
    return match.column if match and match.exact and match.column.name != key_of(place) else None
