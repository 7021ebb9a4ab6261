"""Answers that are whole before their first byte goes out: head and body are written together.

The server looks through every header for what may not be in one, which for a dozen that never change takes it longer
than everything else it does.
"""

from collections.abc import Sequence

from starlette.types import Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from gateway.connections import Connection

RawHeader = tuple[bytes, bytes]
_CLOSES = b"connection: close\r\n"


def lines_of(headers: Sequence[RawHeader]) -> bytes:
    """Write *headers*, which have been made here."""
    return b"".join([b"%b: %b\r\n" % header for header in headers])


async def send_in_parts(send: Send, status: int, lines: bytes, body: bytes) -> None:
    """Answer with *status*, the headers *lines* and *body* as any server understands it."""
    headers = [tuple(line.split(b": ", 1)) for line in lines.splitlines()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def is_written(connection: Connection | None, status: int, lines: bytes, body: bytes) -> bool:
    """Write all at once, as our own server does with an answer in parts; not where that would have to wait."""
    if connection is None or connection.flow.write_paused:
        return False
    cycle = connection.current
    if cycle is None or cycle.disconnected:
        return False
    for header in connection.server_state.default_headers:
        lines = b"%b: %b\r\n%b" % (*header, lines)
    if _CLOSES in lines:
        cycle.keep_alive = False
    elif not cycle.keep_alive or (cycle.waiting_for_100_continue and cycle.more_body):
        # Whoever was not asked for the body may send it or not: what comes next could be either, body or request.
        cycle.keep_alive = False
        lines += _CLOSES
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    connection.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], lines, body))
    cycle.message_event.set()
    if not cycle.keep_alive:
        connection.transport.close()
    cycle.on_response()
    return True
