"""Links that are handed over, and addresses that become a login: in tenants, for accounts that are there, once."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from domain.account_links import AccountLinks
from gateway.opening import opened
from gateway.pages import STATIC
from gateway.settings import Settings
from gateway.trusted import OF_OWN_PAGE, TrustedDocuments
from resolvers.accounts import Accounts, accounts_of
from resolvers.later import Later
from schema import build_schema
from sources.mail import mailer_of
from sources.profile_reading import read_profile
from tests.loading import existing_store, indexed, run_sql
from tests.post import Box, link_in, post_office, token_in
from tests.running import Gateway, running
from tests.servers import Servers

INVITE = """mutation ($id: ID!) { createInvitation(input: {customerId: $id}) {
    url expiresAt errors { code path } } }"""
RESET = """mutation ($token: String!) {
    done: resetPassword(token: $token, newPassword: "correct horse") { ok errors { code } } }"""
CONFIRM = "mutation ($token: String!) { done: confirmLogin(token: $token) { ok errors { code } } }"
BY_ACCOUNT = "query ($key: String!) { customerBy(key: {account: $key}) { id account { canLogIn email } } }"


@pytest.fixture(scope="module")
async def settings(servers: Servers) -> Settings:
    return await indexed(await existing_store(servers, "grocer", "invitations"))


@pytest.fixture
async def gateway(settings: Settings) -> AsyncIterator[Gateway]:
    assert settings.postgres_url is not None
    await run_sql(settings.postgres_url, "DELETE FROM gateway.rate")
    async with running(settings) as gateway:
        yield gateway


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    async with post_office() as box:
        yield box


@pytest.fixture
async def accounts(settings: Settings, box: Box) -> AsyncIterator[Accounts]:
    """Be what other mutations call after they have written, with mail."""
    async with opened(read_profile(settings.profile), settings) as stores:
        later = Later(pauses=[0.01] * 3)
        mailer = mailer_of(box.url, "The Grocer <shop@grocer.example>")
        made = accounts_of(stores, later, AccountLinks("https://gateway.example/api"), mailer)
        assert made is not None
        async with later.working():
            yield made


async def ask(gateway: Gateway, query: str, token: str, tenant: str | None = "north") -> list[str]:
    """Use *token* as somebody without a token of the gateway; answer the codes of what is wrong."""
    headers = {} if tenant is None else {"X-Tenant": tenant}
    body = {"query": query, "variables": {"token": token}}
    answer = (await gateway.http.post(f"{gateway.url}/graphql", json=body, headers=headers)).json()
    if "errors" in answer:
        return [error["extensions"]["code"] for error in answer["errors"]]
    done = answer["data"]["done"]
    assert done["ok"] is not bool(done["errors"])
    return [error["code"] for error in done["errors"]]


async def by_account(gateway: Gateway, key: str) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.data(BY_ACCOUNT, {"key": key}, tenant="north"))["customerBy"]
    return found


async def invited(gateway: Gateway, customer: str, tenant: str = "north") -> dict[str, Any]:
    made: dict[str, Any] = (await gateway.data(INVITE, {"id": customer}, tenant=tenant))["createInvitation"]
    return made


def set_user(settings: Settings, key: str, **fields: Any) -> None:
    assert settings.mongo_url is not None
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        client.get_default_database()["users"].update_one({"id": key, "org": "north"}, {"$set": fields})


async def test_a_link_that_is_handed_over_sets_a_password_once_in_its_tenant(gateway: Gateway) -> None:
    set_user(gateway.settings, "A1", password_hash=None)
    customer = await by_account(gateway, "A1")
    assert customer["account"]["canLogIn"] is False

    made = await invited(gateway, customer["id"])

    assert made["errors"] == []
    assert made["expiresAt"] is not None
    assert made["url"].startswith("http://127.0.0.1:8000/account#token=")
    assert made["url"].endswith("&for=password&tenant=north")
    token = token_in(made["url"])
    assert await ask(gateway, RESET, token, "south") == ["TOKEN_INVALID"]
    assert await ask(gateway, RESET, token, "nowhere") == ["TOKEN_INVALID"]
    assert await ask(gateway, RESET, token, None) == ["TENANT_REQUIRED"]
    assert await ask(gateway, CONFIRM, token) == ["TOKEN_INVALID"]
    assert await ask(gateway, RESET, token) == []
    assert await ask(gateway, RESET, token) == ["TOKEN_INVALID"]
    assert (await by_account(gateway, "A1"))["account"]["canLogIn"] is True


async def test_nobody_is_invited_who_is_not_there(gateway: Gateway) -> None:
    customer = (await by_account(gateway, "A1"))["id"]
    query = "{ customers(first: 50) { nodes { id account { key } } } }"
    people = (await gateway.data(query, tenant="north"))["customers"]["nodes"]
    alone = next(one["id"] for one in people if one["account"] is None)

    async def codes(id_: str, tenant: str = "north") -> list[str]:
        made = await invited(gateway, id_, tenant)
        assert made["url"] is made["expiresAt"] is None
        assert {tuple(error["path"]) for error in made["errors"]} == {("customerId",)}
        return [error["code"] for error in made["errors"]]

    assert await codes(customer, "south") == ["NOT_FOUND"]
    assert await codes(alone) == ["REQUIRED"]
    assert await codes("no id") == ["INVALID"]
    set_user(gateway.settings, "A1", is_active=False)
    assert await codes(customer) == ["INVALID"]
    set_user(gateway.settings, "A1", is_active=True)


async def test_an_invitation_is_mailed_again_until_it_is_taken(
    gateway: Gateway, accounts: Accounts, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    box.refusing = 2
    accounts.invite("north", "A2")
    letter = await box.next()

    assert letter["To"] == "a2@north.example"
    assert letter["From"] == "The Grocer <shop@grocer.example>"
    assert link_in(letter).startswith("https://gateway.example/api/account#token=")
    assert await ask(gateway, RESET, token_in(link_in(letter))) == []
    ours = [one.getMessage() for one in caplog.records if one.name == "gateway"]
    assert ours == ["A letter could not be sent, and is tried again: SMTPDataError 451"] * 2


async def test_what_is_never_taken_is_given_up(accounts: Accounts, box: Box, caplog: pytest.LogCaptureFixture) -> None:
    box.refusing = 4
    accounts.invite("north", "A2")
    async with asyncio.timeout(120):
        while box.refusing:  # noqa: ASYNC110 - the server has no event for it
            await asyncio.sleep(0.01)
    accounts.invite("north", "A3")
    assert (await box.next())["To"] == "a3@north.example"
    assert [one for one in caplog.messages if "a2@" in one and "home" in one] == []


async def test_a_new_address_is_the_login_once_it_has_confirmed(gateway: Gateway, accounts: Accounts, box: Box) -> None:
    accounts.confirm_change("north", "A5", "Fresh@north.example")
    letter = await box.next()
    token = token_in(link_in(letter))

    assert letter["To"] == "Fresh@north.example"
    assert (await by_account(gateway, "A5"))["account"]["email"] == "a5@north.example"
    assert await ask(gateway, RESET, token) == ["TOKEN_INVALID"]
    assert sorted(await asyncio.gather(*(ask(gateway, CONFIRM, token) for _ in range(3)))) == [
        [],
        ["TOKEN_INVALID"],
        ["TOKEN_INVALID"],
    ]
    assert (await by_account(gateway, "A5"))["account"]["email"] == "Fresh@north.example"


async def test_an_address_that_somebody_has_is_no_new_login(gateway: Gateway, accounts: Accounts, box: Box) -> None:
    accounts.confirm_change("north", "A7", "A9@north.example")
    assert await ask(gateway, CONFIRM, token_in(link_in(await box.next()))) == ["DUPLICATE"]


async def test_an_address_that_staff_have_come_to_log_in_with_is_no_new_login(
    gateway: Gateway, accounts: Accounts, box: Box
) -> None:
    accounts.confirm_change("north", "A7", "Driver@north.example")
    token = token_in(link_in(await box.next()))
    set_user(gateway.settings, "S1", email="driver@north.example")
    assert await ask(gateway, CONFIRM, token) == ["DUPLICATE"]
    assert (await by_account(gateway, "A7"))["account"]["email"] == "a7@north.example"


async def test_a_login_that_was_changed_meanwhile_stays(gateway: Gateway, accounts: Accounts, box: Box) -> None:
    accounts.confirm_change("north", "A10", "new10@north.example")
    token = token_in(link_in(await box.next()))
    set_user(gateway.settings, "A10", email="other10@north.example")
    assert await ask(gateway, CONFIRM, token) == ["ALREADY_CHANGED"]
    assert (await by_account(gateway, "A10"))["account"]["email"] == "other10@north.example"


async def test_two_who_want_the_same_address_at_once_do_not_both_get_it(
    gateway: Gateway, accounts: Accounts, box: Box
) -> None:
    tokens = []
    for key in ("A12", "A13"):
        accounts.confirm_change("north", key, "same@north.example")
        tokens.append(token_in(link_in(await box.next())))
    outcomes = await asyncio.gather(*(ask(gateway, CONFIRM, token) for token in tokens))
    assert sorted(outcomes) in ([[], ["ALREADY_CHANGED"]], [[], ["DUPLICATE"]])


async def test_without_mail_whoever_must_mail_is_told(settings: Settings, accounts: Accounts) -> None:
    assert accounts.mail_fault is None
    assert accounts.login_fault is None
    mute = replace(accounts, mailer=None)
    assert mute.mail_fault is not None
    assert mute.login_fault is not None
    assert settings.smtp_url is None


def test_what_the_own_page_asks_is_trusted(tmp_path: Path) -> None:
    manifest = tmp_path / "documents.json"
    manifest.write_text('{"a": "{ __typename }"}')
    trusted = TrustedDocuments(str(manifest), build_schema())
    script = re.sub(r"'\s*\+ '", "", (STATIC / "account.js").read_text())
    for document in OF_OWN_PAGE:
        assert f"'{document}'" in script
        assert trusted.find({"query": document}) == document
