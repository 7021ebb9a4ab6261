"""Tell which links between records are one-way, dangling or contradictory."""

from collections.abc import Collection, Iterator, Mapping

from domain.findings import Check, Example, Finding
from domain.identity import Identity, Names
from domain.records import Key, RecordKind

_OTHER = {RecordKind.ACCOUNT: RecordKind.DELIVERY, RecordKind.DELIVERY: RecordKind.ACCOUNT}
Links = Mapping[RecordKind, Mapping[Key, Names]]
Told = list[tuple[Key, str]]


def link_findings(
    links: Links, live: Collection[Key] | None, *, both_name: bool, tenant: str | None, examples: int
) -> list[Finding]:
    """Tell what is wrong with *links*, each record's by kind and key.

    *live* are the CRM rows that exist among those that are named; None where nobody can say, and nothing is said of
    them. Only where *both_name* (accounts have a field for their delivery record, and these for their account) is a
    link worth telling that only one of them says.
    """
    accounts, deliveries = (links.get(kind, {}) for kind in _OTHER)
    identity = Identity(accounts, deliveries, live or ())
    found: list[tuple[Check, str, str, Told]] = []
    for kind in links:
        name, other = kind.value.lower(), _OTHER[kind].value.lower()
        message = f"names a record of {other} that is not there, and counts as not linked"
        found.append((Check.DANGLING_LINK, f"{name}.links.{other}", message, _naming(lost_partners(kind, links))))
        if live is not None:
            message = "names a row of the CRM that is not there, and counts as not linked"
            found.append((Check.DANGLING_LINK, f"{name}.links.crm", message, _naming(lost_rows(links[kind], live))))
        if both_name:
            message = f"names a record of {other} that names none: linked, but said on one side only"
            told = _naming(one_way(kind, links, identity))
            found.append((Check.ONE_WAY_LINK, f"{name}.links.{other}", message, told))
    refused = [(_written(one), f"with {_written(other)}") for one, other in identity.refused]
    message = "is linked to another that other links speak against: this link counts for neither"
    found.append((Check.CONTRADICTORY_LINK, "links", message, refused))
    return [
        Finding(
            check=check,
            where=where,
            message=message,
            tenant=tenant,
            count=len(some),
            examples=tuple(Example(key=key, detail=detail) for key, detail in sorted(some)[:examples]),
        )
        for check, where, message, some in found
        if some
    ]


def _naming(pairs: Iterator[tuple[Key, Key]]) -> Told:
    return [(key, f"names {named}") for key, named in pairs]


def lost_partners(kind: RecordKind, links: Links) -> Iterator[tuple[Key, Key]]:
    """Go through the records of *kind* that name a partner who is not there."""
    others = links.get(_OTHER[kind], {})
    for key, names in links[kind].items():
        if names.partner is not None and names.partner not in others:
            yield key, names.partner


def lost_rows(names: Mapping[Key, Names], live: Collection[Key]) -> Iterator[tuple[Key, Key]]:
    """Go through the records that name a CRM row which is not there."""
    return ((key, name.crm) for key, name in names.items() if name.crm is not None and name.crm not in live)


def one_way(kind: RecordKind, links: Links, identity: Identity) -> Iterator[tuple[Key, Key]]:
    """Go through the accepted links that only the record of *kind* says; one that dangles says nothing."""
    others = links.get(_OTHER[kind], {})
    for key, names in links[kind].items():
        partner = names.partner
        if partner is not None and partner in others and others[partner].partner not in links[kind]:
            pair = (key, partner) if kind is RecordKind.ACCOUNT else (partner, key)
            if identity.are_linked(*pair):
                yield key, partner


def _written(end: tuple[RecordKind, Key]) -> str:
    kind, key = end
    return f"{kind.value} {key}"
