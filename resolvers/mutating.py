"""What every mutation needs: on whose behalf it writes, whether it was sent before, and texts that can be kept."""

import json
from collections.abc import Mapping
from hashlib import sha256

from domain.mutation_errors import ErrorCode, UserError
from resolvers.context import Context
from sources.own.idempotency import Sent
from sources.storable import is_storable

#: Of an idempotencyKey, in characters.
LONGEST_KEY = 200


def subject_of(context: Context) -> str:
    """Name who writes; a mutation's rule has let them through."""
    viewer = context.access.viewer
    assert viewer is not None
    return viewer.subject


def sent_of(context: Context, mutation: str, key: str | None, given: object) -> Sent | None:
    """Be what tells *mutation* when it is sent again with the same *key*; None where it has none.

    *given* is its input, as something that JSON can hold.
    """
    if key is None:
        return None
    return Sent(subject_of(context), mutation, key, sha256(json.dumps(given).encode()).hexdigest())


def text_faults(texts: Mapping[str, tuple[str | None, int]]) -> list[UserError]:
    """Say which *texts* cannot be kept: by where they are in the input, each with how many characters it may have."""
    faults: list[UserError] = []
    for name, (text, longest) in texts.items():
        if text is None:
            continue
        if not is_storable(text):
            faults.append(UserError(ErrorCode.INVALID, f"{name} holds a character that no store can keep.", (name,)))
        elif len(text) > longest:
            faults.append(UserError(ErrorCode.TOO_LONG, f"{name} may have {longest} characters.", (name,)))
    return faults
