"""What `python -m gateway serve` says of a wrong profile: every fault at once, each with file, key and remedy."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.__main__ import main
from gateway.settings import Settings
from tests.flowers import otherwise
from tests.loading import existing_store
from tests.servers import Servers
from tests.tokens import SECRET

Serve = Callable[[Path], list[str]]

REPOSITORY = Path(__file__).parents[2]
GROCER = (REPOSITORY / "sources" / "profiles" / "grocer.toml").read_text(encoding="utf-8")


def environment(profile: Path, settings: Settings | None = None) -> dict[str, str]:
    return {
        "GATEWAY_PROFILE": str(profile),
        "GATEWAY_POSTGRES_URL": (settings and settings.postgres_url) or "postgresql://127.0.0.1:1/db",
        "GATEWAY_MONGO_URL": (settings and settings.mongo_url) or "mongodb://127.0.0.1:1/db",
        "GATEWAY_JWT_SECRET": SECRET,
        "GATEWAY_PORT": "8000",
    }


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Serve]:
    """Run the command with a profile, which it is to refuse before it asks any store, and answer what it says."""

    def run(profile: Path) -> list[str]:
        for name, value in environment(profile).items():
            monkeypatch.setenv(name, value)
        assert main(["serve"]) == 2
        return capsys.readouterr().err.splitlines()

    before = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, before)


def serve_stores(profile: Path, settings: Settings) -> list[str]:
    """Run the command in a process of its own, over the stores of *settings*, and answer what it says."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "serve"],
        cwd=REPOSITORY,
        env=os.environ | environment(profile, settings) | {"GATEWAY_PORT": str(port)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    # The server says for itself that it does not start.
    return [line for line in done.stderr.splitlines() if "Application startup failed" not in line]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "shop.toml"


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('source = "source"', 'origin = "source"', "customer.origin: unknown key, expected one of table, "),
        ('name = "name"', 'nmae = "name"', "customer.nmae: unknown key, did you mean name?"),
        ('key = "id"', "key = 1", "customer.key: is 1, expected a column (a text without dots)"),
        ('NEW = ["new"]', 'NEW = "new"', 'lead.status.words.NEW: is "new", expected a list of one or more words'),
        (
            'LOST = ["lost"]',
            'LOST = ["lost", "won"]',
            'lead.status.words.LOST: the word "won" stands in WON already, expected each word once',
        ),
        (
            'tenant = "org"\nkey = "id"\nname = "name"\nemail = "email"\nphone',
            'key = "id"\nname = "name"\nemail = "email"\nphone',
            "customer.tenant: missing, expected a column that names a row's tenant, as [lead] has tenants",
        ),
        (
            '"EUR"',
            '"EEK"',
            'store.currency: is "EEK", expected a code of ISO 4217 with a minor unit, such as EUR',
        ),
    ],
    ids=["unknown key", "misspelt key", "wrong type", "no list", "word twice", "tenant missing", "no currency"],
)
def test_a_wrong_profile_is_refused_with_file_key_and_what_was_expected(
    serve: Serve, file: Path, old: str, new: str, fault: str
) -> None:
    assert old in GROCER
    heading, *faults = serve(write(file, GROCER.replace(old, new, 1)))

    assert heading == f"The store profile {file} is refused:"
    assert len(faults) == 1
    assert faults[0].startswith(f"  - {fault}")


def test_every_fault_of_a_profile_is_in_one_message(serve: Serve, file: Path) -> None:
    text = otherwise(('"EUR"', '"EURO"'), ('key = "id"', "key = 5"), ('"sure", "moved"', '"sure", "asked"'))

    heading, *faults = serve(write(file, text + '[courrier]\ncollection = "users"\n'))

    assert heading == f"The store profile {file} is refused:"
    assert [fault.split(": ")[0] for fault in faults] == [
        "  - courrier",
        "  - store.currency",
        "  - customer.key",
        "  - booking.status.words.CONFIRMED",
    ]


async def test_what_the_database_does_not_have_is_refused_all_at_once(servers: Servers, file: Path) -> None:
    settings = await existing_store(servers, "grocer", "grocer_refused")
    text = GROCER
    for old, new in (
        ('email = "email"', 'email = ["mail", "e_mail", "source.email"]'),
        ('source = "source"\ncreated_at', 'where = { deleted = [false] }\nsource = "source"\ncreated_at'),
        ('customer = "customer_id"\nsource', 'customer = "client_id"\nsource'),
        ('start_at = "start_at"', 'start_at = "starts_at"'),
        ('column = "status"\nwords = { REQUESTED', 'column = "state"\nwords = { REQUESTED'),
        ('created_at = "created_at"\ninsert = { id = "@next" }\n\n[lead.s', 'created_at = "id"\n\n[lead.s'),
        ('table = "quotes"', 'table = "payments"'),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)

    heading, *faults = serve_stores(write(file, text), settings)

    assert heading == f"The database is not as the store profile {file} says:"
    customers = "expected one of created_at, email, id, name, org, phone, source"
    leads = "expected one of created_at, customer_id, id, org, source, status"
    assert sorted(faults) == [
        "  - booking.start_at: table 'bookings' has no column 'starts_at', did you mean 'start_at'?",
        "  - booking.status.column: table 'bookings' has no column 'state', did you mean 'status'?",
        "  - customer.email: source.email looks into column 'source', which is text, not JSON",
        "  - customer.email: table 'customers' has no column 'e_mail', did you mean 'email'?",
        "  - customer.email: table 'customers' has no column 'mail', did you mean 'email'?",
        f"  - customer.where: table 'customers' has no column 'deleted', {customers}",
        "  - lead.created_at: column 'id' is of type int8, not a date",
        f"  - lead.customer: table 'leads' has no column 'client_id', {leads}",
        "  - revenue.table: the database has no table 'payments'",
    ]


def test_a_profile_that_is_not_there_is_named(serve: Serve, tmp_path: Path) -> None:
    heading, *_ = serve(tmp_path / "none.toml")
    assert heading == f"There is no store profile {str(tmp_path / 'none.toml')!r}:"
