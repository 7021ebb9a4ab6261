"""The kinds of settings: how a text becomes a value, and what a message may show of a wrong one."""

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from reprlib import repr as shortened
from typing import Any
from urllib.parse import urlsplit

from jwt import InvalidKeyError
from jwt.algorithms import HMACAlgorithm
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRES_FORM = "postgresql://user:password@host:5432/database"
MONGO_FORM = "mongodb://user:password@host:27017/database"
KEY_BYTES = 32
LOOPBACK = "127.0.0.1"
POSTGRES_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
MONGO_HOST = r"(\[[^]/?#@]+\]|[^]\[/?#@:,\s]+)(:\d{1,5})?"
MONGO = re.compile(rf"mongodb(\+srv)?://([^/?#@]*@)?{MONGO_HOST}(,{MONGO_HOST})*/[^/?#@\s.$\"\\]+(\?.*)?")
#: `ssl` is what this module makes of `sslmode`, and reads again.
POSTGRES_OPTIONS = {"host", "port", "sslmode", "ssl"}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
ORIGIN = re.compile(r"https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:\d{1,5})?")
HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


class UrlFaultError(ValueError):
    """Say what is wrong with a URL in words that hold no secret."""


def postgres_url(text: str) -> str:
    """Rewrite *text* as SQLAlchemy and asyncpg want it; libpq's `sslmode` is asyncpg's `ssl`."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if not url or url.drivername not in POSTGRES_SCHEMES or not url.database or not 0 < (url.port or 1) < 1 << 16:
        raise ValueError(f"This is no URL of a PostgreSQL database: expected {POSTGRES_FORM}")
    if unknown := sorted(set(url.query) - POSTGRES_OPTIONS):
        raise _options_fault(text, unknown)
    query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
    if query.get("ssl", SSL_MODES[0]) not in SSL_MODES or len(query) < len(url.query):
        raise UrlFaultError(f"sslmode is one of {', '.join(SSL_MODES)}")
    url = url.set(drivername="postgresql+asyncpg", query=query)
    _check_places(url)
    return url.render_as_string(hide_password=False)


def _check_places(url: URL) -> None:
    """Raise ValueError where the driver could not even try to reach the hosts and ports of *url*."""
    try:
        _, arguments = url.get_dialect()().create_connect_args(url)
    except ArgumentError as fault:
        raise UrlFaultError("host and port do not fit each other, or are none") from fault
    hosts, ports = (_listed(arguments.get(name)) for name in ("host", "port"))
    if not all(0 < int(port) < 1 << 16 for port in ports):
        raise UrlFaultError("a port is a whole number from 1 to 65535")
    for host in hosts:
        host.encode() if host.startswith("/") else host.encode("idna")
    if any("\0" in str(part) for part in (*hosts, url.username, url.password, url.database)):
        raise ValueError


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list | tuple):
        return [each for each in value if each is not None]
    return [] if value is None else [value]


def _options_fault(text: str, names: Sequence[str]) -> ValueError:
    """Name the options that *text* may not have, unless they may be a part of its password."""
    if "@" in text.partition("?")[2] or not names:
        return ValueError()
    return UrlFaultError(f"it cannot have {', '.join(names)} as given")


def _mongo_url(text: str) -> str:
    """Let the driver read *text* as it will; it asks the network nothing, not even for a name for srv."""
    if not MONGO.fullmatch(text):
        raise ValueError
    if not _makes_client(text):
        plain, _, query = text.partition("?")
        if not _makes_client(plain):
            raise ValueError
        options = [option for option in re.split("[&;]", query) if option]
        raise _options_fault(text, [each.partition("=")[0] for each in options if not _makes_client(f"{plain}?{each}")])
    return text


def _makes_client(url: str) -> bool:
    """Say whether the driver makes a client of *url*; what it only warns of, as an unknown option, is a fault here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            MongoClient[Any](url, connect=False).close()
        except (PyMongoError, ValueError, TypeError, OSError, Warning):
            return False
    return True


def _host(text: str) -> str:
    if not HOST_NAME.fullmatch(text):
        ip_address(text)
    return text


def _address(text: str) -> str:
    """Read a port, of this machine alone, or a host and a port; IPv6 in brackets, as everywhere."""
    host, _, port = text.rpartition(":")
    host = host or LOOPBACK
    if not 0 < int(port) < 1 << 16:
        raise ValueError
    if host.startswith("["):
        if not host.endswith("]") or ip_address(host[1:-1]).version != 6:  # noqa: PLR2004
            raise ValueError
    elif ":" in host:
        raise ValueError
    else:
        _host(host)
    return f"{host}:{int(port)}"


def host_and_port(address: str) -> tuple[str, int]:
    """Take apart what the setting holds as an address."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def _jwks_url(text: str) -> str:
    """Take keys only from where nobody on the way can change them: over TLS, or from this machine."""
    url = urlsplit(text)
    plain = url.scheme == "http" and is_loopback(url.hostname or "")
    if not (url.hostname and (url.scheme == "https" or plain)) or url.port == 0 or re.search(r"\s", text):
        raise ValueError
    return text


def _origins(text: str) -> tuple[str, ...]:
    """Read what browsers send as Origin: a scheme, a host, a port, and nothing else; `*` is none, and so is `null`."""
    found = tuple(part.strip() for part in text.split(","))
    if not all(ORIGIN.fullmatch(each) for each in found):
        raise ValueError
    return found


def one_of(*choices: str) -> "Kind":
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError
        return text

    return Kind(parse, f"one of {', '.join(choices)}")


def key_of(text: str) -> str:
    """Refuse a key that is too short for HS256, and a public key, which anyone could sign with."""
    if len(text.encode()) < KEY_BYTES:
        raise ValueError
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(text)
    except InvalidKeyError as fault:
        raise ValueError from fault
    return text


def whole(low: int, high: int) -> "Kind":
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return Kind(parse, f"a whole number from {low} to {high}")


def seconds(most: int) -> "Kind":
    def parse(text: str) -> float:
        given = float(text)
        if not 0 < given <= most:  # false for nan, too
            raise ValueError
        return given

    return Kind(parse, f"a number of seconds above 0, up to {most}")


def seconds_or_never(most: int) -> "Kind":
    def parse(text: str) -> float:
        given = float(text)
        if not 0 <= given <= most:  # false for nan, too
            raise ValueError
        return given

    return Kind(parse, f"a number of seconds up to {most}, or 0 for never")


def _nothing(_: str) -> str:
    return "a value that is not shown"


def scheme_only(text: str) -> str:
    """Show the scheme: where in a wrong URL its password ends cannot be told."""
    scheme = re.match(r"[a-z][a-z0-9+.-]*://", text)
    return f"{scheme[0] if scheme else ''}… (not shown further)"


@dataclass(frozen=True, slots=True)
class Kind:
    """Say how a text becomes a value: *parse* raises ValueError, *shown* is what a message may show of a wrong text."""

    parse: Callable[[str], object]
    expected: str
    shown: Callable[[str], str] = shortened


TEXT = Kind(str, "a text")
POSTGRES_URL = Kind(
    postgres_url,
    f"{POSTGRES_FORM}, with the name of the database, and no options but host, port and sslmode",
    scheme_only,
)
MONGO_URL = Kind(_mongo_url, f"{MONGO_FORM} or mongodb+srv://…, with the name of the database", scheme_only)
HOST = Kind(_host, "a host name or an IP address, without a port")
ADDRESS = Kind(_address, "a port, such as 9464, or host:port")
ORIGINS = Kind(_origins, "origins such as https://shop.example, with commas between them")
JWKS_URL = Kind(_jwks_url, "https://host/path, or http://… on this machine", scheme_only)
KEY = Kind(key_of, f"at least {KEY_BYTES} bytes, and no public key", _nothing)


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
