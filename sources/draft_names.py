"""Read the names of tables and columns as words, whatever style they are written in."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "ł": "l", "đ": "d"})
_VERSION = re.compile(r"v|\d+")
#: What a noun may end in: plurals of the languages that the vocabulary speaks.
_ENDINGS = ("", "s", "es", "n", "en", "e", "er", "r", "ne", "y", "ies")
#: Shorter stems stand in too many words.
_LONG = 5


@lru_cache(maxsize=100_000)  # every rule asks about the same names
def words_of(name: str) -> tuple[str, ...]:
    """Split *name* (snake_case, camelCase, PascalCase or whatever) into words of small plain letters."""
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return tuple(word.lower() for word in _WORD.findall(letters))


def joined(words: Iterable[str]) -> str:
    return "".join(words)


def nouns_of(place: str) -> tuple[str, ...]:
    """Split the name of a table or collection, without its schema and without what only counts its versions."""
    words = words_of(place.rpartition(".")[2])
    return tuple(word for word in words if not _VERSION.fullmatch(word)) or words


def is_one_of(word: str, stems: Iterable[str]) -> bool:
    """Say whether *word* is one of the nouns that begin with *stems*, in the singular or in a plural."""
    return any(word.startswith(stem) and word[len(stem) :] in _ENDINGS for stem in stems)


def likeness(place: str, stems: Sequence[str]) -> int:
    """Say how much *place* is called one of *stems*: 3 just so, 2 by its last word, 1 by its ending, 0 not at all."""
    nouns = nouns_of(place)
    if is_one_of(joined(nouns), stems):
        return 3
    if is_one_of(nouns[-1], stems):
        return 2
    # The last noun of a compound: Stammkunden.
    long = [stem for stem in stems if len(stem) >= _LONG and stem in nouns[-1]]
    return 1 if any(is_one_of(nouns[-1][nouns[-1].rindex(stem) :], [stem]) for stem in long) else 0


def without_leading(words: Sequence[str], stems: Sequence[str]) -> tuple[str, ...]:
    """Leave out what *words* begin with if it is one of *stems*: customer_name is the name, in a table of customers."""
    for length in (1, 2):
        if length < len(words) and is_one_of(joined(words[:length]), stems):
            return tuple(words[length:])
    return tuple(words)


def endings(words: Sequence[str]) -> Iterable[str]:
    """Give the last words of *words*, the longest first, without all of them."""
    return (joined(words[begin:]) for begin in range(1, len(words)))
