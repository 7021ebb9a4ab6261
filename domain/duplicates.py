"""Find which records of one store share an e-mail address or a phone number, for very many records."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from domain.findings import Check, Example, Finding
from domain.matching import normal_email, normal_phone
from domain.records import Key

#: How a number is written that is digits and nothing else: no letters, no extension.
_PLAIN = re.compile(r"\+?[0-9 ()./-]*")
_NO_DIGIT = re.compile("[^0-9]")
#: To read a number as E.164 takes long, so only those are read that end as others do. No country has real numbers so
#: short that the prefixes before them (country, trunk) would stand among these digits.
_END = 7
#: Of those that share one with a record, so many are named.
_NAMED = 3


class SharedIdentifiers:
    """Collect the identifiers of records, and tell which of them several records have. *region* as in a profile."""

    def __init__(self, region: str | None) -> None:
        self._region = region
        self._emails: dict[str, list[Key]] = {}
        self._phones: dict[str, list[tuple[Key, str]]] = {}

    def add(self, key: Key, email: str | None, phone: str | None) -> None:
        if email is not None and (folded := normal_email(email)) is not None:
            self._emails.setdefault(folded, []).append(key)
        if phone is not None and (end := self._end(phone)):
            self._phones.setdefault(end, []).append((key, phone))

    def emails(self) -> list[list[Key]]:
        """List the keys of the records that share one address, group by group."""
        return sorted(sorted(keys) for keys in self._emails.values() if len(keys) > 1)

    def phones(self) -> list[list[Key]]:
        """List the keys of the records that share one number, group by group."""
        groups = (self._by_number(some) for some in self._phones.values() if len(some) > 1)
        return sorted(sorted(keys) for group in groups for keys in group)

    def findings(self, section: str, tenant: str | None, examples: int) -> list[Finding]:
        """Tell of records of *section* that share one: their keys, never what it is."""
        found = {"email": (self.emails(), "e-mail address"), "phone": (self.phones(), "phone number")}
        return [
            Finding(
                check=Check.DUPLICATE_IDENTIFIER,
                where=f"{section}.{field}",
                message=f"shares its {what} with others of this store",
                tenant=tenant,
                count=sum(map(len, groups)),
                examples=tuple(Example(key=keys[0], detail=_with(keys[1:])) for keys in groups[:examples]),
            )
            for field, (groups, what) in found.items()
            if groups
        ]

    def _end(self, phone: str) -> str:
        digits = _NO_DIGIT.sub("", phone)
        if _PLAIN.fullmatch(phone) and len(digits) >= _END:
            return digits[-_END:]
        return (normal_phone(phone, self._region) or "")[-_END:]

    def _by_number(self, some: list[tuple[Key, str]]) -> Iterator[list[Key]]:
        by_number: Mapping[str, list[Key]] = defaultdict(list)
        for key, phone in some:
            if (number := normal_phone(phone, self._region)) is not None:
                by_number[number].append(key)
        return (keys for keys in by_number.values() if len(keys) > 1)


def _with(keys: list[Key]) -> str:
    more = len(keys) - _NAMED
    return f"with {', '.join(keys[:_NAMED])}" + (f" and {more} more" if more > 0 else "")
