"""Write values as TOML, on one line each."""

import json
import re
from collections.abc import Mapping, Sequence

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def written(value: object) -> str:
    """Write *value*: a text, a number, true or false, or a list or table of such."""
    if isinstance(value, Mapping):
        pairs = [f"{key_of(str(name))} = {written(one)}" for name, one in value.items()]
        return f"{{ {', '.join(pairs)} }}" if pairs else "{}"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Sequence):
        return f"[{', '.join(written(one) for one in value)}]"
    return json.dumps(value)


def key_of(name: str) -> str:
    """Write *name* as a key, quoted where TOML wants that."""
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped, and halves of surrogate pairs, which it has not.
    whole = text.encode("utf-8", "replace").decode()
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007F")
