"""A server as a child process: started, watched over, stopped, and found again if it was left behind."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from domain.errors import StartError

#: Waits until its standard input ends, which is when the gateway ends, however it does; then signals the server.
_MINDER = 'read -r _; kill -s "$1" "$0" 2>/dev/null'
_LOG_LINES = 8


@dataclass(frozen=True, slots=True)
class Account:
    """Name the system's user that a server runs as; None is the gateway's own."""

    uid: int | None = None
    gid: int | None = None

    def run(self, command: Sequence[str], *, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run *command* to its end as this user; its exit status is the caller's to judge."""
        return subprocess.run(  # noqa: S603 - our own command lines
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=env,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )


class ServerProcess:
    """Run *command* in a session of its own, so that the terminal's Ctrl-C is ours to pass on, in order.

    A second, tiny process waits for the gateway's end and then sends *stop_signal*: a gateway that is killed leaves no
    server behind.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        stop_signal: signal.Signals,
        account: Account | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        account = account or Account()
        self._stop_signal = stop_signal
        self._log = log
        with log.open("ab") as output:
            self._server = subprocess.Popen(  # noqa: S603 - our own command lines
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=env,
                start_new_session=True,
                user=account.uid,
                group=account.gid,
                extra_groups=None if account.uid is None else [],
            )
        self._minder = subprocess.Popen(  # noqa: S603 - our own command line
            ["/bin/sh", "-c", _MINDER, str(self.pid), stop_signal.name.removeprefix("SIG")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._server.pid

    @property
    def is_running(self) -> bool:
        return self._server.poll() is None

    def wait_until(self, is_ready: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Wait until the server *is_ready*; raise StartError with the end of its log if it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_running:
                raise StartError(f"{what} ended while it was starting. Its log, {self._log}:", self.last_lines())
            if time.monotonic() > deadline:
                raise StartError(f"{what} is not ready after {seconds:.0f} s. Its log, {self._log}:", self.last_lines())
            time.sleep(0.02)

    def last_lines(self) -> list[str]:
        return self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:] or ["(empty)"]

    def stop(self, seconds: float = 30) -> None:
        """Ask the server to end; kill it after *seconds*."""
        if self.is_running:
            self._server.send_signal(self._stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._server.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """End the server without warning, as a crash would."""
        for process in (self._server, self._minder):
            process.kill()
            process.wait()
        if self._minder.stdin is not None:
            self._minder.stdin.close()


def find_ours(pid_file: Path, marks: Sequence[str]) -> psutil.Process | None:
    """Return the live process that *pid_file* names, if each of *marks* stands in its command line."""
    pid = read_pid(pid_file)
    if pid is None:
        return None
    try:
        process = psutil.Process(pid)
        command = "\0".join(process.cmdline())
    except psutil.Error:
        return None
    return process if all(mark in command for mark in marks) else None


def read_pid(pid_file: Path) -> int | None:
    """Return the number in the first line of *pid_file*; None if there is none."""
    try:
        return int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def end_leftover(process: psutil.Process, stop_signal: signal.Signals, seconds: float = 20) -> None:
    """End the server that an earlier gateway left behind."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(stop_signal)
        try:
            process.wait(seconds)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(seconds)


def make_folder(folder: Path) -> None:
    """Make *folder* and what is above it, and prove that it can be written; raise StartError with the reason.

    What root makes can be entered by others, because PostgreSQL runs as another user then.
    """
    try:
        missing = [level for level in (folder, *folder.parents) if not level.exists()]
        for level in reversed(missing):
            level.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                level.chmod(0o711)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"The folder {folder} cannot be used for the stores' data:",
            [f"{error.strerror or error} ({error.filename or folder})"],
        ) from error
