"""A real SMTP server for the tests, and what arrived in it."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.smtp import SMTP


@dataclass
class Box:
    """Hold the letters that arrived at *url*, and who each was for."""

    url: str = ""
    letters: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    #: Of each letter, whether STARTTLS came before it, and who had logged in.
    encrypted: list[bool] = field(default_factory=list)
    senders: list[str | None] = field(default_factory=list)
    #: How many letters are refused before one is taken.
    refusing: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusing:
            self.refusing -= 1
            return f"451 try again, {envelope.rcpt_tos[0]}"
        letter = message_from_bytes(envelope.content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.receivers += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        self.senders.append(session.auth_data and session.auth_data.decode())
        self._arrived.set()
        return "250 taken"

    async def next(self) -> EmailMessage:
        """Wait for a letter, and take it out of the box."""
        while not self.letters:
            self._arrived.clear()
            async with asyncio.timeout(120):
                await self._arrived.wait()
        return self.letters.pop(0)


@asynccontextmanager
async def post_office(
    *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None, **how: Any
) -> AsyncIterator[Box]:
    """Run an SMTP server on a free port: encrypted from the start by *tls*, or once it is asked to, by *starttls*."""
    box = Box()
    loop = asyncio.get_running_loop()

    def serve() -> SMTP:
        return SMTP(box, loop=loop, tls_context=starttls, auth_require_tls=tls is None, **how)

    server = await loop.create_server(serve, "127.0.0.1", 0, ssl=tls)
    box.url = f"smtp{'s' if tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


def link_in(letter: EmailMessage) -> str:
    """Find the one address in the text of *letter*."""
    body = letter.get_body(("plain",))
    assert body is not None
    (link,) = set(re.findall(r"https?://\S+", body.get_content()))
    return str(link)


def token_in(link: str) -> str:
    return parse_qs(urlsplit(link).fragment)["token"][0]
