"""Search by name, e-mail or phone: any script finds any other, and a number is found however it is written.

`searchable` is the text that a record is found in; `read_search` makes of what somebody types a condition on such
texts. The index applies it to the texts that it keeps, `matches` to a record as it has just been read.
"""

import re
import unicodedata
from dataclasses import dataclass

from domain.errors import BadInputError
from domain.matching import normal_phone
from domain.spellings import spellings, words

#: Of a search, and of a record's name and phone: whatever is beyond is not looked at.
LONGEST_SEARCH = 200
_LONGEST_NAME, _LONGEST_EMAIL, _LONGEST_PHONE = 300, 320, 60
#: Shorter parts only begin a word; longer ones are found anywhere.
_ANYWHERE = 3
_FEWEST_DIGITS = 3
_OF_NUMBERS = re.compile(r"[\d+()./\-]+")


@dataclass(frozen=True, slots=True)
class Has:
    """Ask for *part* to stand somewhere in the text, in which every word follows a space."""

    part: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    conditions: tuple["Condition", ...]


Condition = Has | AnyOf | AllOf


def searchable(name: str | None, email: str | None, phone: str | None, number: str | None) -> str:
    """Write down what a record is found in: every spelling of each word of its name, its e-mail, its phone's digits.

    *number* is the *phone* as `normal_phone` writes it.
    """
    found: dict[str, None] = {}
    name = (name or "")[:_LONGEST_NAME]
    for ways in _spelt(name):
        found.update(dict.fromkeys(ways))
    found.update((_plain(token), None) for token in name.split() if "@" in token)
    if email and (address := _plain(email)) and len(address) <= _LONGEST_EMAIL:
        found[address] = None
    if phone:
        found.update(dict.fromkeys(filter(None, (number and number[1:], _digits(phone[:_LONGEST_PHONE])))))
    return f" {' '.join(found)} " if found else " "


def read_search(text: str, region: str | None) -> Condition | None:
    """Read what somebody searches for: all of its words are to be found; None where nothing is asked for.

    Raises BadInputError for what is too long.
    """
    if len(text) > LONGEST_SEARCH:
        raise BadInputError(f"A search may have {LONGEST_SEARCH} characters, not {len(text)}.")
    if not text.strip():
        return None
    # What has neither letters nor digits finds nothing by itself, and is passed over beside others.
    tokens = [token for token in text.split() if _spelt(token)]
    if not tokens:
        return AnyOf(())
    asked: list[Condition] = []
    number: list[str] = []
    for token in [*tokens, ""]:
        if _OF_NUMBERS.fullmatch(token):
            number.append(token)
            continue
        if number:
            asked.append(_number(number, region))
            number = []
        if token:
            asked.append(_word(token))
    return AllOf(tuple(dict.fromkeys(asked)))


def matches(condition: Condition, name: str | None, email: str | None, phone: str | None, region: str | None) -> bool:
    """Say whether a record with *name*, *email* and *phone* fulfils *condition*."""
    number = None if phone is None else normal_phone(phone, region)
    return holds(condition, searchable(name, email, phone, number))


def holds(condition: Condition, text: str) -> bool:
    """Say whether *text*, which `searchable` wrote, fulfils *condition*."""
    match condition:
        case Has(part):
            return part in text
        case AnyOf(conditions):
            return any(holds(one, text) for one in conditions)
        case AllOf(conditions):
            return all(holds(one, text) for one in conditions)


def _spelt(text: str) -> list[list[str]]:
    """List the words of *text*, each in every spelling."""
    return [ways for ways in (sorted(spellings(word)) for word in words(text)) if ways]


def _word(token: str) -> Condition:
    """Ask for the words of *token*, each in one of its spellings, or for *token* as it stands in an e-mail.

    What is written together, such as example.org, asks for its words as a whole: each begins one.
    """
    address, spelt = _plain(token), _spelt(token)
    if "@" in address:
        return Has(address)
    if address.isalnum():
        return AllOf(tuple(AnyOf(tuple(map(_part, ways))) for ways in spelt))
    words_of_it = AllOf(tuple(AnyOf(tuple(Has(f" {way}") for way in ways)) for ways in spelt))
    return AnyOf((Has(address), words_of_it))


def _number(tokens: list[str], region: str | None) -> Condition:
    """Ask for *tokens* as the digits of one number, or each as it stands."""
    written = " ".join(tokens)
    digits = _digits(written)
    # A number within a country begins with a zero or more that the same number from abroad lacks.
    ways = {digits, digits.lstrip("0"), (normal_phone(written, region) or "+")[1:]}
    numbers = [Has(way) for way in sorted(ways) if len(way) >= _FEWEST_DIGITS]
    return AnyOf((*numbers, AllOf(tuple(map(_word, dict.fromkeys(tokens))))))


def _part(spelling: str) -> Has:
    return Has(spelling if len(spelling) >= _ANYWHERE else f" {spelling}")


def _plain(text: str) -> str:
    """Fold the case of *text*, and leave out what no address holds."""
    return "".join(
        character
        for character in unicodedata.normalize("NFKC", text).casefold()
        if character.isprintable() and character != " "
    )


def _digits(text: str) -> str:
    """Read the digits of any script."""
    return "".join(str(unicodedata.decimal(character)) for character in text if character.isdecimal())
