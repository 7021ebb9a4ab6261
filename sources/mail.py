"""Letters and who carries them: an SMTP server, or a folder that they are laid in."""

import re
import uuid
from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, getaddresses, parseaddr
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

import aiosmtplib

_SECONDS = 20.0
#: What the library finds out by itself: that a server does not encrypt, or asks nobody who they are.
_OWN_WORDS = (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported)
_PORTS: Mapping[str, int] = MappingProxyType({"smtp": 587, "smtps": 465})
_STARTTLS: Mapping[str, bool | None] = MappingProxyType({"always": True, "auto": None, "never": False})
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Stricter than RFC 5322: nothing that a header, a server or a person could read as more than one address.
_ADDRESS = re.compile(r"[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f-\x9f]{1,64}@[^\s@<>()\[\]\\,;:\"\x00-\x20\x7f-\x9f]{1,253}")
_LONGEST_ADDRESS = 254


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Be a letter as text and as HTML."""

    to: str
    subject: str
    text: str
    html: str


class MailError(Exception):
    """Say that a letter was not taken, without a word of it: *why* holds no address."""


class MailUrlError(ValueError):
    """Say what is wrong with a URL in words that hold no secret."""


class Mailer(Protocol):
    async def send(self, letter: Letter) -> None:
        """Send *letter*. Raises MailError, and may be asked again."""


@dataclass(frozen=True, slots=True)
class FolderMailer:
    """Lay letters into *folder*, each a file that mail programs open."""

    folder: Path
    sender: str

    async def send(self, letter: Letter) -> None:
        try:
            await to_thread(self._write, _message(letter, self.sender).as_bytes())
        except OSError as error:
            raise MailError(type(error).__name__) from error

    def _write(self, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.folder / f"{uuid.uuid4()}.eml"
        written = path.with_suffix(".part")
        written.touch(mode=0o600)
        written.write_bytes(content)
        written.rename(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """Hand letters to the server at *host* and *port*; *start_tls* None: encrypted if the server can."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = None
    tls: bool = False
    start_tls: bool | None = None

    async def send(self, letter: Letter) -> None:
        try:
            await aiosmtplib.send(
                _message(letter, self.sender),
                hostname=self.host,
                port=self.port,
                username=self.user,
                password=self.password,
                use_tls=self.tls,
                start_tls=self.start_tls,
                timeout=_SECONDS,
            )
        except aiosmtplib.SMTPResponseException as error:
            # What the server says may repeat the address.
            raise MailError(f"{type(error).__name__} {error.code}") from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(_why(error)) from None


def _why(error: Exception) -> str:
    """Say what went wrong: in the library's own words where these cannot hold what somebody else has said."""
    names = [type(error).__name__, *([type(error.__cause__).__name__] if error.__cause__ is not None else [])]
    said = f" ({error})" if type(error) in _OWN_WORDS else ""
    return " of ".join(names) + said


def mailer_of(url: str, sender: str) -> FolderMailer | SmtpMailer:
    """Make what *url* names. Raises MailUrlError, or another ValueError."""
    parts = urlsplit(url)
    if any(character <= " " or character == "\x7f" for character in unquote(url)):
        raise MailUrlError("it holds spaces or control characters")
    if parts.scheme == "file":
        return FolderMailer(_folder(parts), sender)
    if parts.scheme not in _PORTS:
        raise MailUrlError("it is smtp://, smtps:// or file:///")
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        raise MailUrlError("it names a host, and nothing behind it but starttls")
    if (parts.password is None) != (parts.username is None):
        raise MailUrlError("it has a user and a password, or neither")
    tls = parts.scheme == "smtps"
    return SmtpMailer(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        sender=sender,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
        start_tls=False if tls else _start_tls(parts),
    )


def _folder(parts: SplitResult) -> Path:
    folder = Path(unquote(parts.path))
    if parts.netloc or parts.query or parts.fragment or not folder.is_absolute():
        raise MailUrlError("a folder is file:///with/its/whole/path")
    return folder


def _start_tls(parts: SplitResult) -> bool | None:
    """Read how the connection is to be encrypted; a password goes over the open network in no case."""
    given = parse_qs(parts.query, keep_blank_values=True)
    if set(given) - {"starttls"} or any(value not in _STARTTLS for value in given.get("starttls", ())):
        raise MailUrlError(f"starttls is one of {', '.join(_STARTTLS)}")
    secret = parts.password is not None and parts.hostname not in _LOOPBACK
    chosen = _STARTTLS[given["starttls"][0]] if given else (True if secret else None)
    if secret and not chosen:
        raise MailUrlError("with a password, starttls is always, save to this machine")
    return chosen


def is_mailable(address: str) -> bool:
    """Say whether *address* is one that a letter can be sent to, and one only."""
    return len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None and ".." not in address


def sender_of(text: str) -> str:
    """Read whom letters come from: an address, or `Name <address>`. Raises ValueError."""
    (name, address), *others = getaddresses([text])
    if others or not is_mailable(address) or any(character < " " for character in name):
        raise ValueError("this is no address")
    local, _, domain = address.rpartition("@")
    return str(Address(name, local, domain))


def _on_the_wire(address: str) -> str:
    """Write the domain of *address* so that every server knows it; only a name before the @ may take a newer one."""
    local, _, domain = address.rpartition("@")
    return address if domain.isascii() or not local.isascii() else f"{local}@{domain.encode('idna').decode()}"


def _message(letter: Letter, sender: str) -> EmailMessage:
    if not is_mailable(letter.to):
        raise ValueError("This is no address.")
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, _on_the_wire(letter.to), letter.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{uuid.uuid4()}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    # Nobody's holiday reply is wanted.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
