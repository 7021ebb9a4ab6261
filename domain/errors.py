"""The errors that are expected: what a caller did, or a store's state, each with a stable code."""

from collections.abc import Sequence
from typing import ClassVar


class GatewayError(Exception):
    """Be the base of every expected error; `extensions` is what a client may rely on."""

    code: ClassVar[str]

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code}


class BadIdError(GatewayError):
    """Say that *given* is no id that this gateway hands out, or the id of another type."""

    code = "BAD_ID"

    def __init__(self, given: str, expected: str | None = None) -> None:
        of = f" of a {expected}" if expected else ""
        super().__init__(f"{_short(given)} is not an id{of}.")


class BadCursorError(GatewayError):
    """Say that *given* is no position of this list."""

    code = "BAD_CURSOR"

    def __init__(self, given: str) -> None:
        super().__init__(
            f"{_short(given)} is not a cursor of this list. Cursors belong to one list, filter, order and tenant."
        )


class BadPageError(GatewayError):
    """Say which page cannot be read, and why."""

    code = "BAD_PAGE"


class BadInputError(GatewayError):
    """Say which argument has a value that cannot be."""

    code = "BAD_INPUT"


class UnknownLocationError(GatewayError):
    """Say that no booking is at *location*."""

    code = "UNKNOWN_LOCATION"

    def __init__(self, location: str) -> None:
        super().__init__(f"No booking is at the location {_short(location)}.")


class TooManyPointsError(GatewayError):
    """Say that there would be more of *what* than the *most* that are answered at a time."""

    code = "TOO_MANY_POINTS"

    def __init__(self, what: str, most: int) -> None:
        super().__init__(f"This would be more than {most} {what}: ask for a shorter period, or longer intervals.")


class AmbiguousError(GatewayError):
    """Say that several things have what was asked for, so that none of them can be meant."""

    code = "AMBIGUOUS"

    def __init__(self, what: str, field: str) -> None:
        super().__init__(f"Several {what} have this {field}: ask by another key.")


class UnauthenticatedError(GatewayError):
    code = "UNAUTHENTICATED"

    def __init__(self, reason: str = "This needs a token: Authorization: Bearer …") -> None:
        super().__init__(reason)


class KeysUnavailableError(GatewayError):
    """Say that no token can be checked: the issuer's keys cannot be read, which is not the client's fault."""

    code = "KEYS_UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The keys that tokens are checked with cannot be read right now.")


class ForbiddenError(GatewayError):
    code = "FORBIDDEN"

    def __init__(self, reason: str = "Your role does not allow this.") -> None:
        super().__init__(reason)


class TenantRequiredError(GatewayError):
    code = "TENANT_REQUIRED"

    def __init__(self) -> None:
        super().__init__("This store has tenants: name one in the header X-Tenant.")


class SourceError(GatewayError):
    """Be the base of what one *store* (`postgres` or `mongo`) cannot answer."""

    def __init__(self, store: str, message: str) -> None:
        super().__init__(message)
        self.store = store

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, "store": self.store}


class SourceUnavailableError(SourceError):
    """Say that *store* does not answer right now; *detail* is for the log, never for the client."""

    code = "SOURCE_UNAVAILABLE"

    def __init__(self, store: str, detail: str = "") -> None:
        super().__init__(store, f"The store {store} cannot be asked right now.")
        self.detail = detail


class SourceMismatchError(SourceError):
    """Say that *store* is not as its profile says any more; *detail* is for the log."""

    code = "SOURCE_MISMATCH"

    def __init__(self, store: str, detail: str = "") -> None:
        super().__init__(store, f"The store {store} is not as its profile says.")
        self.detail = detail


class ReadOnlyError(GatewayError):
    """Say that nothing can be written: the gateway's own tables are not there."""

    code = "READ_ONLY"

    def __init__(self) -> None:
        super().__init__("This gateway only reads: its own tables are missing. python -m gateway migrate makes them.")


class IndexMissingError(GatewayError):
    """Say that nothing can be found by e-mail, phone or name: the index for that is not there, and *remedy* helps."""

    code = "INDEX_MISSING"

    def __init__(self, remedy: str) -> None:
        super().__init__(f"The index of names, e-mails and phone numbers is missing: {remedy}.")


class CountTooCostlyError(GatewayError):
    """Say that a count over all stores would look at too many records, or take too long."""

    code = "COUNT_TOO_COSTLY"


class StartError(Exception):
    """Say why the gateway does not start: every fault of one kind in one message, for a terminal."""

    def __init__(self, heading: str, faults: Sequence[str]) -> None:
        super().__init__("\n".join([heading, *(f"  - {fault}" for fault in faults)]))
        self.heading = heading
        self.faults = tuple(faults)


def _short(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
