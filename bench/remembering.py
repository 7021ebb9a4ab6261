"""Stand in front of a Mongo server and answer from memory what it has answered before, for stores that do not change.

The embedded server goes through a whole collection for each question, and would be all that is measured. With this in
front of it everybody gets the same bytes over the same protocol, and a question costs its server next to nothing, as
on a server with indexes and a processor of its own.
"""

import asyncio
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from signal import SIGTERM
from urllib.parse import urlsplit

import bson
from uvicorn.loops.auto import auto_loop_factory

from bench.servers import REPOSITORY, free_port
from bench.stores import Loaded
from gateway.embedded.process import ServerProcess

#: The length of a message, its id, the one it answers, its kind; then come flags, and of what kind its first part is.
_HEAD, _BEHIND_HEAD = struct.Struct("<iiii"), 21
_MESSAGE, _MORE_TO_COME = 2013, 2
_READS = (b"find", b"aggregate", b"count", b"distinct")
#: What differs each time that the same is asked.
_SESSION = b"\x03lsid\x00"


@contextmanager
def remembering(stores: Loaded) -> Iterator[Loaded]:
    """Be *stores* whose Mongo server has a process in front of it that remembers what it answered."""
    parts, port, log = urlsplit(stores.mongo_url), free_port(), stores.folder / "remembering.log"
    log.write_bytes(b"")
    command = [sys.executable, "-m", "bench.remembering", stores.mongo_url, str(port)]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    process = ServerProcess(command, log=log, stop_signal=SIGTERM, env=environment)
    try:
        process.wait_until(lambda: b"ready" in log.read_bytes(), what="bench.remembering", seconds=30)
        url = parts._replace(netloc=f"127.0.0.1:{port}").geturl()
        yield replace(stores, mongo_url=url, pids=(*stores.pids, process.pid))
    finally:
        process.stop()


class Memory:
    """Pass on messages to the server at *host* and *port*, and keep what it answers to reads."""

    def __init__(self, host: str, port: int) -> None:
        self._beyond = (host, port)
        self._known: dict[bytes, bytes] = {}

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer whoever has connected until they leave."""
        from_server, to_server = await asyncio.open_connection(*self._beyond)
        try:
            while True:
                asked = await _read(reader)
                key = _key(asked)
                answer = None if key is None else self._known.get(key)
                if answer is not None:
                    writer.write(_answering(asked, answer))
                    continue
                to_server.write(asked)
                if _goes_on(asked):
                    continue
                answer = await _read(from_server)
                while _goes_on(answer):
                    writer.write(answer)
                    answer = await _read(from_server)
                writer.write(answer)
                if key is not None and _is_whole(answer):
                    self._known[key] = answer
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            to_server.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(_HEAD.size)
    return head + await reader.readexactly(_HEAD.unpack(head)[0] - _HEAD.size)


def _goes_on(message: bytes) -> bool:
    """Say whether nothing is to be said to *message*: more comes behind it."""
    flags: int = struct.unpack_from("<I", message, _HEAD.size)[0]
    return _HEAD.unpack_from(message)[3] == _MESSAGE and bool(flags & _MORE_TO_COME)


def _key(message: bytes) -> bytes | None:
    """Be what *message* asks, whoever asks it; None where it is no read."""
    if _HEAD.unpack_from(message)[3] != _MESSAGE or message[_BEHIND_HEAD - 1]:
        return None
    # Behind the length of the document, and the type of its first field.
    first = message[_BEHIND_HEAD + 5 : message.index(b"\0", _BEHIND_HEAD + 5)]
    if first not in _READS:
        return None
    start = message.find(_SESSION, _BEHIND_HEAD)
    if start < 0:
        return message[_BEHIND_HEAD:]
    within = start + len(_SESSION)
    return message[_BEHIND_HEAD:start] + message[within + struct.unpack_from("<i", message, within)[0] :]


def _is_whole(answer: bytes) -> bool:
    """Say whether *answer* has all that was found, and is no error."""
    said = bson.decode(answer[_BEHIND_HEAD:])
    return bool(said.get("ok")) and not said.get("cursor", {}).get("id")


def _answering(asked: bytes, answer: bytes) -> bytes:
    length, own, _, kind = _HEAD.unpack_from(answer)
    return _HEAD.pack(length, own, _HEAD.unpack_from(asked)[1], kind) + answer[_HEAD.size :]


async def _serve(url: str, port: int) -> None:
    parts = urlsplit(url)
    memory = Memory(parts.hostname or "127.0.0.1", parts.port or 27017)
    async with await asyncio.start_server(memory.meet, "127.0.0.1", port) as server:
        sys.stderr.write("ready\n")
        sys.stderr.flush()
        await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=auto_loop_factory(use_subprocess=False)) as runner:
        runner.run(_serve(sys.argv[1], int(sys.argv[2])))
