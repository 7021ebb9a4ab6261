"""How somebody who forgot a password sets another: by mail, once, and without anybody learning who is known."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher
from pymongo import MongoClient

from gateway.settings import Settings
from sources.profile_reading import path_of
from tests.loading import add_to_mongo, existing_store, indexed, make_database, run_sql
from tests.post import Box, link_in, post_office, token_in
from tests.running import Gateway, running
from tests.servers import Servers

REQUEST = "mutation ($email: String!) { requestPasswordReset(email: $email) }"
RESET = """mutation ($token: String!, $password: String!) {
    resetPassword(token: $token, newPassword: $password) { ok errors { code message path } } }"""
PASSWORD = "correct horse battery"
HASHES = PasswordHash((BcryptHasher(), Argon2Hasher()))


def user(key: str, email: str | None, **more: Any) -> dict[str, Any]:
    created = datetime(2026, 1, 1, tzinfo=UTC)
    return {"id": key, "email": email, "role": "customer", "is_active": True, "created_at": created, **more}


USERS = [
    user("new", "new@home.example"),
    user("double-1", "double@home.example"),
    user("double-2", "Double@home.example"),
    user("gone", "gone@home.example", is_active=False),
    user("made-up", "9876500000@delivery.local"),
    user("odd", "odd, other@home.example"),
    user("staff", "staff@home.example", role="admin"),
]


@pytest.fixture(scope="module")
async def settings(servers: Servers) -> Settings:
    stored = await existing_store(servers, "delivery", "passwords")
    assert stored.mongo_url is not None
    add_to_mongo(stored.mongo_url, {"users": USERS})
    return await indexed(replace(stored, postgres_url=await make_database(servers, "passwords")))


@pytest.fixture
async def box(settings: Settings) -> AsyncIterator[Box]:
    """Wait for letters; nobody has asked for any yet."""
    assert settings.postgres_url is not None
    await run_sql(settings.postgres_url, "DELETE FROM gateway.rate", "DELETE FROM gateway.token")
    async with post_office() as box:
        yield box


@pytest.fixture
async def gateway(settings: Settings, box: Box) -> AsyncIterator[Gateway]:
    async with running(replace(settings, smtp_url=box.url)) as gateway:
        yield gateway


async def ask(gateway: Gateway, query: str, **variables: Any) -> dict[str, Any]:
    """Ask as somebody without a token."""
    answer = await gateway.http.post(f"{gateway.url}/graphql", json={"query": query, "variables": variables})
    body: dict[str, Any] = answer.json()
    return {name: body[name] for name in ("data", "errors") if name in body}


async def request(gateway: Gateway, email: str) -> None:
    assert await ask(gateway, REQUEST, email=email) == {"data": {"requestPasswordReset": True}}


async def reset(gateway: Gateway, token: str, password: str = PASSWORD) -> list[str]:
    """Answer the codes of what is wrong."""
    done = (await ask(gateway, RESET, token=token, password=password))["data"]["resetPassword"]
    assert done["ok"] is not bool(done["errors"])
    return [error["code"] for error in done["errors"]]


async def mailed_token(gateway: Gateway, box: Box, email: str) -> str:
    await request(gateway, email)
    return token_in(link_in(await box.next()))


def stored(settings: Settings, key: str) -> dict[str, Any]:
    assert settings.mongo_url is not None
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        found = client.get_default_database()["users"].find_one({"id": key})
    assert found is not None
    return found


async def can_log_in(gateway: Gateway, key: str) -> bool:
    query = f'{{ customerBy(key: {{account: "{key}"}}) {{ account {{ canLogIn }} }} }}'
    answer: bool = (await gateway.data(query))["customerBy"]["account"]["canLogIn"]
    return answer


async def test_a_letter_brings_a_token_that_sets_a_password_once(gateway: Gateway, box: Box) -> None:
    assert not await can_log_in(gateway, "new")
    await request(gateway, " NEW@home.example ")
    letter = await box.next()
    token = token_in(link_in(letter))

    assert box.receivers == [letter["To"]] == ["new@home.example"]
    assert letter["From"] == "gateway@localhost"
    assert await reset(gateway, token) == []
    assert await can_log_in(gateway, "new")
    assert HASHES.verify(PASSWORD, stored(gateway.settings, "new")["password_hash"])
    assert await reset(gateway, token, "another password") == ["TOKEN_INVALID"]
    assert HASHES.verify(PASSWORD, stored(gateway.settings, "new")["password_hash"])


async def test_an_address_is_found_however_it_is_written_in_the_store(gateway: Gateway, box: Box) -> None:
    await request(gateway, "bina@home.example")
    assert (await box.next())["To"] == "BINA@home.example"


async def test_a_store_of_argon2_gets_argon2(settings: Settings, box: Box, tmp_path: Path) -> None:
    profile = tmp_path / "argon.toml"
    mapped = 'password_hash = "password_hash"'
    text = path_of("delivery").read_text()
    assert mapped in text
    profile.write_text(text.replace(mapped, f'{mapped}\npassword_scheme = "argon2"'))
    async with running(replace(settings, smtp_url=box.url, profile=str(profile))) as gateway:
        long = "ü" * 1024
        token = await mailed_token(gateway, box, "asha@home.example")
        assert await reset(gateway, token, long) == []
    hash_ = stored(settings, "user-3")["password_hash"]
    assert hash_.startswith("$argon2id$")
    assert HASHES.verify(long, hash_)


async def test_nobody_else_is_mailed_and_nobody_can_tell(
    settings: Settings, box: Box, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = ["nobody@home.example", "double@home.example", "gone@home.example", "9876500000@delivery.local"]
    nobody += ["odd, other@home.example", "staff@home.example", "admin@fleet.example", "", " ", "no address"]
    with caplog.at_level(logging.DEBUG):
        async with running(replace(settings, smtp_url=box.url)) as gateway:
            for email in [*nobody, "new@home.example"]:
                await request(gateway, email)
            token = token_in(link_in(await box.next()))
            assert await reset(gateway, token) == []
    # The gateway has ended, and with it everything that it did in the background.
    assert box.receivers == ["new@home.example"]
    assert box.letters == []
    ours = [one.getMessage() for one in caplog.records if one.name == "gateway" or one.levelno > logging.INFO]
    assert "Nobody was mailed a link to reset a password: 2 accounts have the address" in ours
    secrets = ("home.example", "delivery.local", token, PASSWORD)
    assert [text for text in ours if any(secret in text for secret in secrets)] == []


async def test_of_many_who_use_a_token_at_once_one_does(gateway: Gateway, box: Box) -> None:
    token = await mailed_token(gateway, box, "new@home.example")
    passwords = [f"password number {number}" for number in range(5)]
    outcomes = await asyncio.gather(*(reset(gateway, token, password) for password in passwords))
    won = [password for password, codes in zip(passwords, outcomes, strict=True) if not codes]
    assert len(won) == 1
    assert sorted(codes[0] for codes in outcomes if codes) == ["TOKEN_INVALID"] * 4
    assert HASHES.verify(won[0], stored(gateway.settings, "new")["password_hash"])


async def test_a_newer_token_ends_an_older_one(gateway: Gateway, box: Box) -> None:
    older = await mailed_token(gateway, box, "new@home.example")
    newer = await mailed_token(gateway, box, "new@home.example")
    assert await reset(gateway, older) == ["TOKEN_INVALID"]
    assert await reset(gateway, newer) == []


async def test_a_token_that_is_an_hour_old_or_none_does_nothing(gateway: Gateway, box: Box) -> None:
    token = await mailed_token(gateway, box, "new@home.example")
    assert gateway.settings.postgres_url is not None
    await run_sql(
        gateway.settings.postgres_url,
        "UPDATE gateway.token SET expires_at = expires_at - interval '1 hour'",
    )
    before = stored(gateway.settings, "new")
    for wrong in (token, "", "a", "A" * 43, "\0" * 43, "é" * 43, "x" * 100_000, f"{token}\n"):
        assert await reset(gateway, wrong) == ["TOKEN_INVALID"]
    assert stored(gateway.settings, "new") == before


async def test_only_a_hash_of_a_token_is_kept(gateway: Gateway, box: Box) -> None:
    token = await mailed_token(gateway, box, "new@home.example")
    assert gateway.settings.postgres_url is not None
    await run_sql(
        gateway.settings.postgres_url,
        f"""DO $$ BEGIN
            ASSERT (SELECT count(*) FROM gateway.token) = 1;
            ASSERT (SELECT count(*) FROM gateway.token WHERE token::text LIKE '%{token}%') = 0;
        END $$""",
    )


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("seven 7", "INVALID"),
        ("with\0nul in it", "INVALID"),
        ("x" * 73, "TOO_LONG"),
        ("ü" * 37, "TOO_LONG"),
        ("x" * 1025, "TOO_LONG"),
        ("x" * 100_000, "TOO_LONG"),
    ],
)
async def test_a_password_that_cannot_be_costs_no_token(gateway: Gateway, box: Box, password: str, code: str) -> None:
    token = await mailed_token(gateway, box, "new@home.example")
    assert await reset(gateway, token, password) == [code]
    assert await reset(gateway, token, "ü" * 36) == []


async def test_an_address_is_asked_for_three_times_an_hour_known_or_not(
    settings: Settings, gateway: Gateway, box: Box
) -> None:
    async with running(replace(settings, smtp_url=box.url)) as other:
        for email in ("new@home.example", "nobody@home.example"):
            for each in (gateway, other, gateway):
                await request(each, email)
            for each in (gateway, other):
                body = await ask(each, REQUEST, email=email.upper())
                assert body["data"] == {"requestPasswordReset": None}
                assert [error["extensions"]["code"] for error in body["errors"]] == ["RATE_LIMITED"]


async def test_one_client_asks_thirty_times_whatever_it_asks(gateway: Gateway) -> None:
    for number in range(15):
        await request(gateway, f"nobody-{number}@home.example")
        assert await reset(gateway, "A" * 43) == ["TOKEN_INVALID"]
    assert await reset(gateway, "A" * 43) == ["RATE_LIMITED"]
    body = await ask(gateway, REQUEST, email="somebody@home.example")
    assert [error["extensions"]["code"] for error in body["errors"]] == ["RATE_LIMITED"]


async def test_whoever_asks_waits_for_no_store_and_no_mail_server(settings: Settings, box: Box) -> None:
    told_to_end = asyncio.Event()

    async def be_silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await told_to_end.wait()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(be_silent, "127.0.0.1", 0) as server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        no_mail = replace(settings, smtp_url=f"smtp://{address}")
        no_store = replace(settings, smtp_url=box.url, mongo_url=f"mongodb://{address}/none")
        for broken in (no_mail, no_store):
            told_to_end.clear()
            async with running(broken) as gateway:
                # An answer that waited would not come before the server says something, and it never does.
                await request(gateway, "asha@home.example")
                await request(gateway, "nobody@home.example")
                told_to_end.set()
    assert box.letters == []


async def test_a_store_that_is_down_leaves_the_token_as_it_was(settings: Settings, gateway: Gateway, box: Box) -> None:
    token = await mailed_token(gateway, box, "new@home.example")
    async with running(replace(settings, mongo_url="mongodb://127.0.0.1:1/none")) as down:
        body = await ask(down, RESET, token=token, password=PASSWORD)
        assert body["data"] == {"resetPassword": None}
        assert [error["extensions"]["code"] for error in body["errors"]] == ["SOURCE_UNAVAILABLE"]
    assert await reset(gateway, token) == []


async def test_mail_can_go_to_a_folder_and_links_to_a_frontend(settings: Settings, box: Box, tmp_path: Path) -> None:
    page = "https://shop.example/set?t={token}&what={purpose}&of={tenant}"
    folder = tmp_path / "mail"
    async with running(replace(settings, smtp_url=folder.as_uri(), account_url=page)) as gateway:
        await request(gateway, "new@home.example")
    (letter,) = folder.glob("*.eml")
    assert letter.stat().st_mode & 0o077 == 0
    text = letter.read_text()
    assert "To: new@home.example\n" in text
    assert "https://shop.example/set?t=" in text.replace("=\n", "").replace("=3D", "=")
    assert box.letters == []


async def test_without_mail_it_is_said_to_everyone(settings: Settings) -> None:
    async with running(settings) as gateway:
        for email in ("new@home.example", "nobody@home.example"):
            body = await ask(gateway, REQUEST, email=email)
            assert [error["extensions"]["code"] for error in body["errors"]] == ["NOT_MAPPED"]


@pytest.mark.parametrize("email", ["a\0b@home.example", "x" * 100_000])
async def test_what_is_no_text_of_a_sensible_length_is_refused(gateway: Gateway, email: str) -> None:
    body = await ask(gateway, REQUEST, email=email)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["BAD_INPUT"]
