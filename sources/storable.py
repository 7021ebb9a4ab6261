"""What no store can hold as text."""


def is_storable(text: str) -> bool:
    """Say whether a store could hold *text* at all: no lone surrogate, and no NUL, which some servers cut at."""
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text))
