"""Run every test that touches Mongo on FerretDB: `python -m tests.on_ferretdb PROGRAM`, more arguments go to pytest."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.embedded.process import ServerProcess
from tests.servers import GIVEN


@contextmanager
def ferretdb(program: str) -> Iterator[str]:
    """Run *program* on a folder of its own for as long as this context is open; answer its address."""
    with tempfile.TemporaryDirectory(prefix="ferretdb-") as name:
        data, log = Path(name) / "data", Path(name) / "log"
        data.mkdir()
        command = [str(Path(program).resolve()), str(data)]
        server = ServerProcess(command, log=log, stop_signal=signal.SIGTERM)
        try:
            server.wait_until(lambda: _address(log) is not None, what="FerretDB", seconds=30)
            yield _address(log) or ""
            if not server.is_running:
                raise RuntimeError("\n".join(["FerretDB ended too early:", *server.last_lines()]))
        finally:
            server.stop(10)


def main(program: str, *arguments: str) -> int:
    """Start *program*, run the tests on it, stop it; answer their exit status."""
    tests = [sys.executable, "-m", "pytest", "-m", "mongo", *arguments]
    status = 0
    try:
        with ferretdb(program) as address:
            environment = {**os.environ, GIVEN: address}
            status = subprocess.run(tests, check=False, env=environment).returncode  # noqa: S603 - our own command line
    except RuntimeError as ended:
        sys.stderr.write(f"{ended}\n")
        return status or 1
    return status


def _address(log: Path) -> str | None:
    """Read where the server listens: it says so in a line of its own."""
    lines = log.read_text(errors="replace").splitlines()
    return next((line for line in lines if line.startswith("mongodb://")), None)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
