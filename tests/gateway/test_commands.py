"""The command line and the server that it runs: faults in one message, ends in order."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import jwt
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from domain.access import Role, Viewer
from domain.errors import StartError
from gateway.__main__ import COMMANDS, main, make_parser
from gateway.auth import TokenReader
from gateway.commands.server import interrupt_on_sigterm, run_server, take_port
from gateway.lobby import connection_limits
from gateway.settings import Settings, read_settings
from tests.tokens import SECRET

LIMITS = connection_limits(Settings())


def make_app(*, on_open: Callable[[], None] = lambda: None, on_close: Callable[[], None] = lambda: None) -> Starlette:
    async def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse("here")

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        on_open()
        yield
        on_close()

    return Starlette(routes=[Route("/", answer)], lifespan=lifespan)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


# ── the command line ──


@pytest.mark.parametrize("command", [name for name, _, _ in COMMANDS])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        make_parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    assert command in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["--customers", "0"], ["--customers", "1000001"], ["--customers", "many"], ["--port", "65536"]]
)
def test_a_number_that_cannot_be_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["demo", *arguments])
    assert f"{arguments[1]} is not a whole number from 1 to" in capsys.readouterr().err


# ── the server ──


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    port = free_port()
    with (
        take_port("127.0.0.1", port),
        pytest.raises(StartError, match=rf"(?s)127\.0\.0\.1:{port}.*is taken.*GATEWAY_PORT={port + 1}"),
    ):
        take_port("127.0.0.1", port)


def test_another_port_is_offered_as_this_one_was_chosen() -> None:
    port = free_port()
    with take_port("127.0.0.1", port), pytest.raises(StartError, match=rf"another one: --port {port + 1}$"):
        take_port("127.0.0.1", port, chosen_by="--port ")


def test_no_port_beyond_the_last_is_offered() -> None:
    with (
        take_port("127.0.0.1", 65535),
        pytest.raises(StartError, match=r"another one: GATEWAY_PORT=65534$"),
    ):
        take_port("127.0.0.1", 65535)


def test_a_host_that_is_not_there_is_named() -> None:
    with pytest.raises(StartError, match=r"cannot listen on nowhere\.invalid:8000"):
        take_port("nowhere.invalid", 8000)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_in_order(number: signal.Signals) -> None:
    port, events = free_port(), []

    def use_and_end() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
            events.append(answer.read().decode())
        os.kill(os.getpid(), number)

    before = signal.getsignal(signal.SIGTERM)
    interrupt_on_sigterm()
    app = make_app(on_close=lambda: events.append("closed"))
    with take_port("127.0.0.1", port) as listener:
        run_server(app, listener, LIMITS, on_start=threading.Thread(target=use_and_end).start)
    signal.signal(signal.SIGTERM, before)

    assert events == ["here", "closed"]


def test_what_keeps_the_gateway_from_starting_is_said_without_a_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise StartError("The profile is wrong:", ["demo.toml: lead"])

    with take_port("127.0.0.1", free_port()) as listener, pytest.raises(StartError, match=r"demo\.toml: lead"):
        run_server(make_app(on_open=fail), listener, LIMITS)
    assert "Traceback" not in capfd.readouterr().err


def test_a_fault_of_ours_at_start_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with take_port("127.0.0.1", free_port()) as listener, pytest.raises(SystemExit) as ended:
        run_server(make_app(on_open=fail), listener, LIMITS)
    assert ended.value.code == 3
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("options", "access"), [([], ""), (["--no-auth"], ", open to everyone on this machine")], ids=["with a key", "open"]
)
def test_serve_says_where_and_what_it_serves(tmp_path: Path, options: list[str], access: str) -> None:
    port = free_port()
    environ = os.environ | {
        "GATEWAY_PROFILE": "grocer",
        "GATEWAY_POSTGRES_URL": "postgresql://127.0.0.1:1/db",
        "GATEWAY_MONGO_URL": "mongodb://127.0.0.1:1/db",
        "GATEWAY_JWT_SECRET": "" if options else SECRET,
        "GATEWAY_PORT": str(port),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "gateway", "serve", *options]
    with subprocess.Popen(command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE, text=True) as gateway:  # noqa: S603 - ours
        assert gateway.stderr is not None
        # The stores are not there, which is said before.
        lines: list[str] = []
        for line in gateway.stderr:
            lines.append(line)
            if line.startswith("Customer Gateway"):
                break
        gateway.terminate()

    *warnings, said = lines
    form = re.compile(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING gateway\[\d+\] -:"
        r" The store (postgres|mongo) cannot be asked.*\n"
    )
    assert warnings
    assert [line for line in warnings if not form.fullmatch(line)] == []
    served = f"http://127.0.0.1:{port}/ serves PostgreSQL and MongoDB with the profile grocer"
    assert said == f"Customer Gateway: {served}{access}\n"


# ── tokens for development ──


def minted(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["token", *arguments]) == 0
    return capsys.readouterr().out.strip()


def test_a_token_is_minted_that_the_gateway_believes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(
        f"GATEWAY_JWT_SECRET={SECRET}\nGATEWAY_JWT_ISSUER=https://issuer.test/\nGATEWAY_JWT_AUDIENCE=gateway\n"
    )
    arguments = ["--subject", "ada", "--role", "READER", "--role", "SUPPORT", "--tenant", "north", "--expires", "7d"]

    token = minted(capsys, *arguments)

    viewer = TokenReader(read_settings()).read(f"Bearer {token}")
    assert viewer == Viewer("ada", frozenset({Role.READER, Role.SUPPORT}), "north")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 7 * 86_400
    other = jwt.decode(minted(capsys, "--role", "READER"), options={"verify_signature": False})
    assert other["exp"] - other["iat"] == 12 * 3_600
    assert "tenant" not in other


def test_no_token_is_minted_without_a_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["token", "--role", "READER"]) == 2
    assert "GATEWAY_JWT_SECRET: expected at least 32 bytes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--role"),
        (["--role", "OWNER"], "PLATFORM_ADMIN, CLIENT_ADMIN, READER, SUPPORT"),
        (["--role", "READER", "--expires", "0m"], "such as 30m, 12h or 7d"),
        (["--role", "READER", "--subject", " "], "not empty"),
        (["--role", "READER", "--tenant", ""], "not empty"),
    ],
)
def test_a_token_that_cannot_be_is_refused(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["token", *arguments])
    assert said in capsys.readouterr().err


# ── with and without keys ──


def test_nothing_is_served_without_a_key_unless_told_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_PROFILE", "renos")
    monkeypatch.setenv("GATEWAY_POSTGRES_URL", "postgresql://127.0.0.1:1/db")
    assert main(["serve"]) == 2
    said = capsys.readouterr().err
    assert [word for word in ("GATEWAY_JWT_SECRET", "GATEWAY_JWKS_URL", "--no-auth") if word not in said] == []


def test_without_tokens_nobody_else_can_reach_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GATEWAY_HOST", "0.0.0.0")  # noqa: S104 - refused, not bound
    assert main(["serve", "--no-auth"]) == 2
    assert "127.0.0.1 only" in capsys.readouterr().err
