"""A server that speaks MongoDB's wire protocol, from the wheel `nx-27017`."""

import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from domain.errors import StartError
from gateway.embedded.process import ServerProcess, end_leftover, find_ours, make_folder

_HOST = "127.0.0.1"
#: Isolated, so that none of our packages stands in for one of the server's.
_PROGRAM = ("-I", "-c", "from nx_27017.nx_27017 import main; main()")
_ATTEMPTS = 3


class EmbeddedMongo:
    """Run the server on a port of 127.0.0.1; its data (one file a database), log and pid file are in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._process: ServerProcess | None = None

    @property
    def url(self) -> str:
        """Address the database `gateway`; the same after every start, unless somebody else took the port meanwhile."""
        return f"mongodb://{_HOST}:{self._port_file.read_text()}/gateway"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the server; raise StartError if it cannot be."""
        if self._process is not None and self._process.is_running:
            return
        self.stop()
        make_folder(self.folder)
        self._clear_leftovers()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._process = self._start(self._choose_port())
            except StartError:
                # Between our look and its start, another process may have taken the port.
                self._port_file.unlink(missing_ok=True)
                if attempt == _ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop(10)
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def remove(self) -> None:
        """Stop the server and remove its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _port_file(self) -> Path:
        return self.folder / "port"

    @property
    def _pid_file(self) -> Path:
        return self.folder / "mongo.pid"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _start(self, port: int) -> ServerProcess:
        # Its log goes to standard error as well, with what went wrong before there was a log.
        options = ["--host", _HOST, "-p", str(port), "--data-dir", str(self._data)]
        process = ServerProcess(
            [sys.executable, *_PROGRAM, *options, "--pid-file", str(self._pid_file), "--log-file", os.devnull],
            log=self.folder / "mongo.log",
            stop_signal=signal.SIGTERM,
        )
        try:
            process.wait_until(lambda: _answers(process.pid, port), what="The Mongo server", seconds=60)
        except BaseException:
            process.stop()
            raise
        return process

    def _choose_port(self) -> int:
        """Return the port of last time if it is free, else one that is; the file remembers it."""
        last = int(self._port_file.read_text()) if self._port_file.exists() else 0
        try:
            port = _free_port(last)
        except OSError:
            port = _free_port(0)
        self._port_file.write_text(str(port))
        return port

    def _clear_leftovers(self) -> None:
        """End the server that a killed gateway left behind; a pid file that stays would keep the next from starting."""
        if leftover := find_ours(self._pid_file, ["nx_27017", str(self._data)]):
            end_leftover(leftover, signal.SIGTERM)
        self._pid_file.unlink(missing_ok=True)


def _free_port(wish: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_HOST, wish))
        port: int = probe.getsockname()[1]
        return port


def _answers(pid: int, port: int) -> bool:
    """Say whether it is really process *pid* that listens on *port*, and whether it answers."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return False
    if not any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections):
        return False
    client: MongoClient[dict[str, Any]]
    with MongoClient(_HOST, port, serverSelectionTimeoutMS=500, connectTimeoutMS=500, directConnection=True) as client:
        try:
            client.admin.command("ping")
        except PyMongoError:
            return False
    return True
