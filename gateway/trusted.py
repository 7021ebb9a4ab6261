"""Trusted documents: where a manifest is given, nothing but what stands in it is answered, by its id."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError, OperationDefinitionNode, parse, validate

from domain.errors import StartError
from gateway.bad_requests import UntrustedDocumentError
from schema import Schema

#: What the gateway's own page asks (static/account.js), to the letter.
OF_OWN_PAGE = frozenset(
    {
        (
            "mutation SetPassword($token: String!, $password: String!) { done: resetPassword(token: $token,"
            " newPassword: $password) { ok errors { code message } } }"
        ),
        "mutation ConfirmLogin($token: String!) { done: confirmLogin(token: $token) { ok errors { code message } } }",
    }
)


class TrustedDocuments:
    """Find documents in the manifest at *path*, which maps ids to documents as graphql-codegen writes it.

    Raises StartError with everything in it that is no document of *schema*.
    """

    def __init__(self, path: str, schema: Schema) -> None:
        try:
            found = orjson.loads(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise StartError("GATEWAY_DOCUMENTS cannot be read:", [f"{path}: {type(error).__name__}"]) from error
        if not isinstance(found, dict) or not found or not all(isinstance(text, str) for text in found.values()):
            fault = f"{path}: expected an object that maps ids to documents"
            raise StartError("GATEWAY_DOCUMENTS cannot be read:", [fault])
        faults = [f"{name}: {said}" for name, text in found.items() if (said := _fault(text, schema))]
        if faults:
            raise StartError("GATEWAY_DOCUMENTS has documents that do not fit the schema:", faults)
        self._documents: Mapping[str, str] = found

    @property
    def names(self) -> set[str]:
        """Name all operations in it, and those of the gateway's own page."""
        documents = [parse(text) for text in (*self._documents.values(), *OF_OWN_PAGE)]
        operations = [one for each in documents for one in each.definitions if isinstance(one, OperationDefinitionNode)]
        return {one.name.value for one in operations if one.name is not None}

    def find(self, given: Mapping[str, Any]) -> str:
        """Answer the document that *given* names. Raises UntrustedDocumentError where it names none."""
        query = given.get("query")
        if isinstance(query, str) and query in OF_OWN_PAGE:
            return query
        name = given.get("documentId")
        if name is None or query is not None:
            raise UntrustedDocumentError("Only trusted documents are answered: send documentId, and no query.")
        if not isinstance(name, str) or name not in self._documents:
            raise UntrustedDocumentError("There is no trusted document with this documentId.")
        return self._documents[name]


def _fault(text: str, schema: Schema) -> str | None:
    try:
        errors = validate(schema._schema, parse(text))  # noqa: SLF001 - as Strawberry itself does
    except (GraphQLError, RecursionError) as error:
        return str(error)
    return errors[0].message if errors else None
