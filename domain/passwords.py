"""What a password has to be like."""

from domain.mutation_errors import ErrorCode, UserError

SHORTEST, LONGEST = 8, 1024


def password_faults(password: str, path: str, *, most_bytes: int | None) -> list[UserError]:
    """Say what is wrong with *password*, a text that can be stored, whose hash looks at *most_bytes* of it."""
    if len(password) < SHORTEST:
        return [UserError(ErrorCode.INVALID, f"A password has {SHORTEST} characters at least.", (path,))]
    if len(password) > LONGEST:
        return [UserError(ErrorCode.TOO_LONG, f"A password has {LONGEST} characters at most.", (path,))]
    if most_bytes is not None and len(password.encode()) > most_bytes:
        message = f"A password has {most_bytes} bytes at most here; letters beyond a to z take two to four."
        return [UserError(ErrorCode.TOO_LONG, message, (path,))]
    return []
