"""What a client is told: data, and errors with a stable code; what is inside stays inside."""

import logging
import re
import uuid
from collections.abc import Iterable
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError

from domain.errors import GatewayError, LimitError, SourceError

log = logging.getLogger("gateway")

_SUGGESTION = re.compile(r" Did you mean [^?]*\?")
#: How graphql-core says that a document has too many tokens; it has no class for that.
_TOKENS = re.compile(r"contains more (?:that|than) (\d+) tokens")


def error_body(error: GraphQLError) -> dict[str, Any]:
    """Write *error* as GraphQL does, with a stable `extensions.code`; what nobody expected is masked, and logged."""
    formatted: dict[str, Any] = {"message": error.message}
    if error.locations:
        formatted["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    if error.path is not None:
        formatted["path"] = error.path
    cause = _cause(error)
    if isinstance(cause, GatewayError):
        formatted["extensions"] = cause.extensions
    elif cause is None:
        formatted["extensions"] = {"code": "BAD_INPUT", **(error.extensions or {})}
    else:
        formatted["message"], number = masked(cause)
        formatted["extensions"] = {"code": "INTERNAL", "id": number}
    return formatted


def masked(error: BaseException) -> tuple[str, str]:
    """Log *error*, and answer what a client is told of it, and the id under which the log has it."""
    number = uuid.uuid4().hex[:12]
    log.error("Unexpected error %s", number, exc_info=error)
    return f"Something went wrong inside; the log has it as {number}.", number


def _cause(error: GraphQLError) -> BaseException | None:
    """Find what was raised behind *error*, which graphql-core may have wrapped more than once."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def log_stores(errors: Iterable[GraphQLError]) -> None:
    """Log which stores *errors* are of and why: a line for each store and code, however many fields it took along."""
    causes = [cause for cause in map(_cause, errors) if isinstance(cause, SourceError)]
    for cause in {(cause.store, cause.code): cause for cause in reversed(causes)}.values():
        log.warning("%s %s", cause, getattr(cause, "detail", ""))


def request_error_body(error: GraphQLError, *, suggesting: bool = True) -> dict[str, Any]:
    """Write what is wrong with a document that was not run; *suggesting* what may have been meant."""
    if isinstance(_cause(error), RecursionError):
        return {"message": "The document is nested too deeply.", "extensions": {"code": "GRAPHQL_PARSE_FAILED"}}
    if isinstance(error, GraphQLSyntaxError) and (most := _TOKENS.search(error.message)):
        limit = LimitError("tokens", int(most[1]))
        return {"message": str(limit), "extensions": limit.extensions}
    code = "GRAPHQL_PARSE_FAILED" if isinstance(error, GraphQLSyntaxError) else "GRAPHQL_VALIDATION_FAILED"
    body = error_body(error)
    if not suggesting:
        body["message"] = _SUGGESTION.sub("", body["message"])
    return {**body, "extensions": {"code": code}} if _cause(error) is None else body
