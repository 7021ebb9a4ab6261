"""Both embedded stores of one folder, for one gateway at a time."""

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from domain.errors import StartError
from gateway.embedded.mongo import EmbeddedMongo
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.embedded.process import make_folder


class EmbeddedStores:
    """Run both servers while the context is open; *fresh* removes the data that are there first."""

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.folder = folder.resolve()
        self.postgres = EmbeddedPostgres(self.folder / "postgres")
        self.mongo = EmbeddedMongo(self.folder / "mongo")
        self._fresh = fresh
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            make_folder(self.folder)
            self._lock(stack)
            if self._fresh:
                self.remove()
            for server in (self.postgres, self.mongo):
                stack.callback(server.stop)
                server.start()
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def remove(self) -> None:
        """Stop the servers and remove their data."""
        self.mongo.remove()
        self.postgres.remove()

    def _lock(self, stack: ExitStack) -> None:
        """Keep other gateways out of the folder; the lock ends with this process, however it ends."""
        path = self.folder / "lock"
        file = stack.enter_context(path.open("a+"))
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise StartError(
                f"The folder {self.folder} is in use:",
                [f"the gateway with pid {file.read().strip() or '?'} runs on it; stop it, or give another --folder"],
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
