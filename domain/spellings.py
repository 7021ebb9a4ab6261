"""How else a word is spelt: in Latin letters whatever its script, and by every usual way of writing it there.

Every way is applied to the whole word. The base is AnyAscii, which reads every script and, for Cyrillic, is near to
BGN/PCGN (shchukin); the tables below have what people write instead.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import product

from anyascii import anyascii

#: Latin letters that are written as two where the keyboard lacks them: å is a as well as aa.
_TWO_LETTERS = {"å": "aa", "ä": "ae", "ö": "oe", "ø": "oe", "ü": "ue", "đ": "dj", "þ": "th", "ñ": "ny", "æ": "a"}
#: So many of them in one word are combined in every way; beyond, all are written in one way or all in the other.
_MOST_COMBINED = 4
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_UKRAINIAN = re.compile(r"[іїєґ]")
#: What stands in a word without parting it: o'brien is obrien.
_APOSTROPHES = frozenset("'’‘ʼʻ`´′")
_NO_APOSTROPHES = str.maketrans(dict.fromkeys(_APOSTROPHES))
_ASCII_WORD = re.compile(r"[a-z0-9]+")
#: No word of a name that anybody searches for is longer.
_LONGEST = 60

#: As in passports (ICAO 9303).
_PASSPORT = {"й": "i", "ю": "iu", "я": "ia", "ъ": "ie"}
#: BGN/PCGN to the letter, with е and ё as they are spoken.
_SPOKEN = {"ё": "yo"}
#: As where Slavic languages are written in Latin letters (ISO 9), the accents left out.
_SLAVIC = {
    "ж": "z",
    "й": "j",
    "х": "h",
    "ц": "c",
    "ч": "c",
    "ш": "s",
    "щ": "sc",
    "ю": "ju",
    "я": "ja",
    "ђ": "d",
    "ћ": "c",
    "џ": "dz",
    "є": "je",
    "ї": "ji",
}
_UKRAINIAN_LETTERS = {"г": "h", "ґ": "g", "и": "y", "і": "i", "ї": "yi", "є": "ye"}


def words(text: str) -> list[str]:
    """Part *text* into its words, case folded: letters, marks and digits of any script."""
    if text.isascii():
        return [word[:_LONGEST] for word in _ASCII_WORD.findall(text.lower().translate(_NO_APOSTROPHES))]
    parts: list[str] = []
    for character in unicodedata.normalize("NFKC", text).casefold():
        if character in _APOSTROPHES:
            continue
        parts.append(character if unicodedata.category(character)[0] in "LMN" else " ")
    return [word[:_LONGEST] for word in unicodedata.normalize("NFC", "".join(parts)).split()]


@lru_cache(maxsize=5_000)
def spellings(word: str) -> frozenset[str]:
    """List the ways of writing *word*, which `words` has parted, in the letters a to z and digits.

    What has none of these in any way stands for itself; marks without a letter are nothing.
    """
    if word.isascii():
        return frozenset({word})
    found = filter(None, map(_latin, _variants(word)))
    return frozenset(found) or frozenset(filter(None, ["".join(filter(str.isalnum, word))]))


def _variants(word: str) -> Iterator[str]:
    yield word
    if _CYRILLIC.search(word):
        yield from _cyrillic(word)
    present = [letter for letter in _TWO_LETTERS if letter in word]
    choices = product((False, True), repeat=len(present))
    for chosen in choices if len(present) <= _MOST_COMBINED else [(True,) * len(present)]:
        yield _replaced(
            word, {letter: _TWO_LETTERS[letter] for letter, two in zip(present, chosen, strict=True) if two}
        )


def _cyrillic(word: str) -> Iterator[str]:
    yield _replaced(word, _PASSPORT)
    yield _replaced(word, _SLAVIC)
    spoken = _replaced(word, _SPOKEN)
    yield re.sub(r"^е|(?<=[аоуыэияьъйе])е", "ye", spoken)
    # Dostoyevsky, not -skiy; Maria, not -iya; Alexander with an x; Schukin without the h.
    yield re.sub(r"ия$", "ia", re.sub(r"[иы]й$", "y", spoken)).replace("кс", "x").replace("щ", "sch")
    if _UKRAINIAN.search(word):
        yield _replaced(word, _UKRAINIAN_LETTERS)
        yield _replaced(word, {**_UKRAINIAN_LETTERS, **_PASSPORT, "ї": "i", "є": "ie"})


def _replaced(word: str, letters: Mapping[str, str]) -> str:
    return "".join(letters.get(letter, letter) for letter in word)


def _latin(word: str) -> str:
    return "".join(character for character in anyascii(word).lower() if character.isalnum())
