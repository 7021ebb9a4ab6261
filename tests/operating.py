"""A gateway as operators run it: `python -m gateway serve`, in processes of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from gateway.settings import Settings
from tests.commanding import environment
from tests.tokens import SECRET

_CHECKOUT = str(Path(__file__).parents[1])
_SECONDS = 600.0


@dataclass(slots=True)
class Served:
    """Be a gateway on *port*; *said* is what it has said so far."""

    port: int
    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def workers(self) -> list[psutil.Process]:
        found: list[psutil.Process] = psutil.Process(self.process.pid).children()
        return found

    async def until_said(self, text: str, *, times: int = 1) -> None:
        """Wait until so many lines were said with *text* in them."""
        try:
            async with asyncio.timeout(_SECONDS), self._changed:
                await self._changed.wait_for(lambda: sum(text in line for line in self.said) >= times)
        except TimeoutError:
            raise AssertionError(f"{text} was not said, but: {self.said}") from None

    async def until_ended(self) -> int:
        async with asyncio.timeout(_SECONDS):
            return await self.process.wait()

    async def listen(self) -> None:
        """Take down what it says, as long as it says something."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            async with self._changed:
                self.said.append(line.decode().rstrip("\n"))
                self._changed.notify_all()


@asynccontextmanager
async def serving(settings: Settings, folder: Path, port: int, *options: str, **environ: str) -> AsyncIterator[Served]:
    """Serve the stores of *settings* from *folder* on *port*, with settings in *environ*; wait until it says so."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    own = {"GATEWAY_JWT_SECRET": SECRET, "GATEWAY_PORT": str(port), "GATEWAY_RATE": "0", "GATEWAY_MAX_AT_ONCE": "0"}
    if "--no-auth" in options:
        del own["GATEWAY_JWT_SECRET"]
    path = filter(None, [_CHECKOUT, environ.get("PYTHONPATH")])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "serve", *options),
        cwd=folder,
        env=others | environment(settings) | own | environ | {"PYTHONPATH": os.pathsep.join(path)},
        stderr=asyncio.subprocess.PIPE,
    )
    served = Served(port, process)
    listening = asyncio.create_task(served.listen())
    try:
        await served.until_said("Customer Gateway")
        yield served
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
        await listening
