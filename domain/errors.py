"""The errors that are expected: what a caller did, or a store's state, each with a stable code."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
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


#: What a document may be, by the limit that it does not keep: a code, and what is said with the most there may be.
LIMITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "tokens": ("TOO_MANY_TOKENS", "The document may have {} words and signs."),
        "depth": ("TOO_DEEP", "Fields may be nested {} deep."),
        "aliases": (
            "TOO_MANY_ALIASES",
            "A document may have {} aliases; a field that is asked for again counts as one.",
        ),
        "root_fields": ("TOO_MANY_ROOT_FIELDS", "An operation may have {} fields at its root."),
        "directives": ("TOO_MANY_DIRECTIVES", "A document may use {} directives."),
        "fragments": ("TOO_MANY_FRAGMENTS", "A document may have {} fragments, and spread as many."),
        "introspection": ("INTROSPECTION_TOO_DEEP", "Lists of the schema's description may be nested {} deep."),
        "list_length": ("LIST_TOO_LONG", "A list that is given may have {} items."),
    }
)


class LimitError(GatewayError):
    """Say which *limit* a document does not keep, and how *most* of it may be."""

    def __init__(self, limit: str, most: int) -> None:
        code, said = LIMITS[limit]
        super().__init__(said.format(most))
        self._code = code

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self._code}


class TooCostlyError(GatewayError):
    """Say that an operation costs more than the *most* that one may."""

    code = "TOO_COSTLY"

    def __init__(self, cost: int, most: int) -> None:
        super().__init__(
            f"The operation costs {cost}, and may cost {most}: ask for smaller pages, or for less of each."
        )
        self._costs = {"cost": cost, "maximum": most}

    @property
    def extensions(self) -> dict[str, object]:
        return {"code": self.code, **self._costs}


class IntrospectionOffError(GatewayError):
    code = "INTROSPECTION_OFF"

    def __init__(self) -> None:
        super().__init__("This gateway tells you nothing of its schema.")


class TooSlowError(GatewayError):
    """Say that a request took longer than the *seconds* that one may; what it asked of the stores was ended."""

    code = "TIMEOUT"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"This took longer than {seconds:g} seconds.")


class StartError(Exception):
    """Say why the gateway does not start: every fault of one kind in one message, for a terminal."""

    def __init__(self, heading: str, faults: Sequence[str]) -> None:
        super().__init__("\n".join([heading, *(f"  - {fault}" for fault in faults)]))
        self.heading = heading
        self.faults = tuple(faults)


def _short(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else f"{text[:limit]}…")
