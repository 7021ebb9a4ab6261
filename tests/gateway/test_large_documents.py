"""Documents that cost memory or time, through HTTP: bounded, with and without a token."""

import asyncio

import httpx
import pytest

from schema.document_cache import LONGEST_KEPT, ParsedDocuments, ValidatedDocuments
from tests.answers import codes, refusal
from tests.running import Gateway


async def asked(gateway: Gateway, document: str, *, token: bool = True) -> httpx.Response:
    headers = gateway.token(tenant="north") if token else {}
    return await gateway.http.post(f"{gateway.url}/graphql", json={"query": document}, headers=headers)


def aliases(count: int) -> str:
    return "{" + " ".join(f"a{number}: __typename" for number in range(count)) + "}"


def kept() -> tuple[int, int]:
    """Count how often a document was parsed and validated to be kept."""
    parsed, validated = ParsedDocuments().cached_parse_document, ValidatedDocuments().cached_validate_document
    return parsed.cache_info().misses, validated.cache_info().misses  # type: ignore[attr-defined]


@pytest.mark.parametrize("token", [True, False])
@pytest.mark.parametrize("document", [aliases(50_000), "{" + "a " * 10_000 + "}", "#\n" * 20_000 + "{ __typename }"])
async def test_a_document_of_too_many_tokens_is_refused(grocer: Gateway, document: str, token: bool) -> None:
    before = kept()
    answer = await asked(grocer, document, token=token)
    assert refusal(answer) == (200, ["TOO_MANY_TOKENS"])
    assert "may have 10000 words" in answer.json()["errors"][0]["message"]
    assert kept() == before


async def test_a_large_document_of_few_tokens_is_answered(grocer: Gateway) -> None:
    answer = await asked(grocer, "{ viewer { subject } }" + " " * 500_000)
    assert answer.json().get("data") == {"viewer": {"subject": "ada"}}, answer.text[:500]


@pytest.mark.parametrize("token", [True, False])
async def test_only_short_documents_are_kept(grocer: Gateway, token: bool) -> None:
    """Counted over several requests: those of a document that is kept find it."""
    name = "Signed" if token else "Unsigned"
    short = f"query {name} {{ viewer {{ subject }} }}".ljust(LONGEST_KEPT)
    for document, times in ((short, 1), (short + " ", 0)):
        parsed, validated = kept()
        answers = [await asked(grocer, document, token=token) for _ in range(3)]
        assert [codes(answer.json()) for answer in answers] == [[] if token else ["UNAUTHENTICATED"]] * 3
        assert kept() == (parsed + times, validated + times)


async def test_what_is_kept_is_shared_by_requests_at_the_same_time(grocer: Gateway) -> None:
    document = "query Together { viewer { roles } }"
    await asked(grocer, document)
    before = kept()
    answers = await asyncio.gather(*(asked(grocer, document) for _ in range(10)))
    assert all(answer.json()["data"] == {"viewer": {"roles": ["CLIENT_ADMIN"]}} for answer in answers)
    assert kept() == before
