"""Speak HTTP by hand over a socket: whatever a client may send, however slowly, and wherever it stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson

#: Longer than any answer takes on a machine that is busy: whoever waits so long hangs.
PATIENCE = 120
_TO_THE_END = -1


@dataclass(frozen=True, slots=True)
class Reply:
    """Be an answer; *headers* by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Connection:
    """Be a connection on which anything may be sent."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    async def reply(self) -> Reply:
        """Read one answer. Raises IncompleteReadError or ConnectionError where the other side has closed before it."""
        return await asyncio.wait_for(self._reply(), PATIENCE)

    async def ended(self) -> bytes:
        """Wait until the other side closes, and answer what it said before."""
        try:
            return await asyncio.wait_for(self.reader.read(_TO_THE_END), PATIENCE)
        except ConnectionError:
            return b""

    def vanish(self) -> None:
        """Be gone at once, whatever is under way."""
        self.writer.transport.abort()

    async def _reply(self) -> Reply:
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1])
        if headers.get("transfer-encoding") == "chunked":
            body = await self._chunks()
        else:
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Reply(status, headers, body)

    async def _chunks(self) -> bytes:
        parts = []
        while size := int(await self.reader.readline(), 16):
            parts.append(await self.reader.readexactly(size))
            await self.reader.readline()
        await self.reader.readline()
        return b"".join(parts)


@asynccontextmanager
async def connected(host: str, port: int) -> AsyncIterator[Connection]:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


@asynccontextmanager
async def dripping(connection: Connection, content: bytes) -> AsyncIterator[None]:
    """Send *content* a byte at a time, for as long as the other side is there."""

    async def drip() -> None:
        with suppress(ConnectionError):
            for at in range(len(content)):
                await connection.send(content[at : at + 1])
                await asyncio.sleep(0.1)

    task = asyncio.create_task(drip())
    try:
        yield
    finally:
        task.cancel()


def written(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Write a request of JSON, unless *headers* say otherwise."""
    usual = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body))}
    said = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body
