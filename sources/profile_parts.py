"""What several sections of a store profile have in common, as data for the grammar."""

from enum import Enum

from sources import profile
from sources.profile_kinds import Key, Kind, Section


def column(description: str, *, to: str | None = None, needs: str | None = None) -> Key:
    return Key(kind=Kind.COLUMN, description=description, to=to, needs=needs)


def field(description: str) -> Key:
    return Key(kind=Kind.FIELD, description=description)


def text(description: str) -> Key:
    return Key(kind=Kind.TEXT, description=description)


def condition(description: str) -> Key:
    return Key(kind=Kind.CONDITION, description=description)


def choice(description: str, *choices: str, needs: str | None = None) -> Key:
    return Key(kind=Kind.CHOICE, description=description, choices=choices, needs=needs)


def unit(needs: str | None) -> Key:
    return choice("Whether an amount counts in the currency, or in its minor unit", "major", "minor", needs=needs)


KEY = column("The column that holds a row's key, unique within its tenant")
TENANT = column("The column that names a row's tenant")
CUSTOMER_REF = Key(kind=Kind.REF, description="The customer that a row belongs to", to="customer", via="lead")
CREATED_AT = column("When a row came to be")
CONTACT = {"name": field("The name"), "email": field("The e-mail address"), "phone": field("The phone number")}


def rows(place: str, **keys: Key) -> dict[str, Key]:
    """Add what every section of rows has; *place* is `table` in Postgres and `collection` in Mongo."""
    return {
        place: Key(kind=Kind.TEXT, description=f"The {place} that holds the rows", attribute="name_of"),
        "where": condition("The rows that count: every column holds one of its values"),
        "insert": Key(
            kind=Kind.INSERT,
            description="What a new row needs that the gateway does not know: values, @uuid, @next (the largest of the "
            "tenant and 1), @now, @token, or @code:PATTERN (a Python format of the next number)",
        ),
        "dates": choice("How dates are stored: as dates, or as text in one of two forms", "native", "iso", "iso_z"),
        **keys,
    }


def keyed(place: str, **keys: Key) -> dict[str, Key]:
    return {**rows(place), "key": KEY, "tenant": TENANT, **keys}


def satellite(parent: str, **keys: Key) -> dict[str, Key]:
    """Add what the rows of a section inside *parent* have, whose tenant is theirs as well."""
    return {**rows("table"), "tenant": tenant_of(parent), **keys}


def tenant_of(parent: str, needs: str | None = None) -> Key:
    description = f"The column that names a row's tenant, by default called as in [{parent}]"
    return Key(kind=Kind.COLUMN, description=description, default_from=f"{parent}.tenant", needs=needs)


def status(statuses: type[Enum]) -> Section:
    return Section(
        shape=profile.StatusMap,
        description="The store's words for a status",
        keys={
            "column": column("The column that holds the word"),
            "words": Key(
                kind=Kind.WORDS,
                description="The words of each status; the first is the one that is written, others read as UNKNOWN",
                statuses=statuses,
            ),
            "transitions": Key(
                kind=Kind.TRANSITIONS,
                description="From each word the words that may follow; one not listed has no way out",
            ),
        },
    )


def history(owner: str) -> Section:
    return Section(
        shape=profile.History,
        description="The store's own history of the status; the gateway writes its own event in any case",
        keys=satellite(
            owner,
            **{
                owner: Key(kind=Kind.COLUMN, description=f"The {owner} whose status changed", attribute="owner"),
                "from": Key(kind=Kind.COLUMN, description="The word before", attribute="from_"),
                "to": column("The word after"),
                "at": column("When it changed"),
                "by": column("Who changed it"),
                "note": column("What was noted about it"),
            },
        ),
    )


_SNAPSHOT_FIELDS = ("title", "brand", "model", "year", "price", "external_ref", "images")
SNAPSHOT = Section(
    shape=profile.Snapshot,
    description="What the row says about the thing it is about, as it was then",
    keys={name: field(f"Its {name.replace('_', ' ')}") for name in _SNAPSHOT_FIELDS[:-1]}
    | {"images": field("Its images: of all paths, in order")},
    sections={
        "catalogue": Section(
            shape=profile.Catalogue,
            description="Where the thing still stands unless it is archived",
            keys={
                "table": text("The table of the catalogue"),
                "key": column("Its key"),
                "by": column("The column of the row that holds this key"),
            },
        )
    },
    one_of=_SNAPSHOT_FIELDS,
)


def links(partner: str) -> Section:
    return Section(
        shape=profile.Links,
        description="The fields that link a record; either may be left out",
        keys={
            partner: Key(
                kind=Kind.COLUMN, description=f"The key of its {partner} record", attribute="partner", to=partner
            ),
            "crm": column("The key of its row in the CRM", to="customer"),
        },
    )
