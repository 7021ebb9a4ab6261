"""The settings: read once from the environment and `.env`, validated, frozen."""

import os
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

from dotenv import dotenv_values
from jwt import InvalidKeyError
from jwt.algorithms import HMACAlgorithm
from pymongo import MongoClient
from pymongo.errors import PyMongoError
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from domain.errors import StartError

HEADING = "The settings are wrong:"
PREFIX = "GATEWAY_"
#: Read by the tests, not by the gateway.
OTHERS = re.compile(r"GATEWAY_(TEST_\w+|CHROMIUM)")

POSTGRES_FORM = "postgresql://user:password@host:5432/database"
MONGO_FORM = "mongodb://user:password@host:27017/database"
KEY_BYTES = 32
POSTGRES_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
MONGO_HOST = r"(\[[^]/?#@]+\]|[^]\[/?#@:,\s]+)(:\d{1,5})?"
MONGO = re.compile(rf"mongodb(\+srv)?://([^/?#@]*@)?{MONGO_HOST}(,{MONGO_HOST})*/[^/?#@\s.$\"\\]+(\?.*)?")
#: `ssl` is what this module makes of `sslmode`, and reads again.
POSTGRES_OPTIONS = {"host", "port", "sslmode", "ssl"}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?")


class UrlFaultError(ValueError):
    """Say what is wrong with a URL in words that hold no secret."""


def _postgres_url(text: str) -> str:
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


def _key(text: str) -> str:
    """Refuse a key that is too short for HS256, and a public key, which anyone could sign with."""
    if len(text.encode()) < KEY_BYTES:
        raise ValueError
    try:
        HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(text)
    except InvalidKeyError as fault:
        raise ValueError from fault
    return text


def _whole(low: int, high: int) -> "Kind":
    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return Kind(parse, f"a whole number from {low} to {high}")


def _seconds(most: int) -> "Kind":
    def parse(text: str) -> float:
        seconds = float(text)
        if not 0 < seconds <= most:  # false for nan, too
            raise ValueError
        return seconds

    return Kind(parse, f"a number of seconds above 0, up to {most}")


def _seconds_or_never(most: int) -> "Kind":
    def parse(text: str) -> float:
        seconds = float(text)
        if not 0 <= seconds <= most:  # false for nan, too
            raise ValueError
        return seconds

    return Kind(parse, f"a number of seconds up to {most}, or 0 for never")


def _nothing(_: str) -> str:
    return "a value that is not shown"


def _scheme_only(text: str) -> str:
    """Show the scheme: where in a wrong URL its password ends cannot be told."""
    scheme = re.match(r"[a-z][a-z0-9+.-]*://", text)
    return f"{scheme[0] if scheme else ''}… (not shown further)"


@dataclass(frozen=True, slots=True)
class Kind:
    """Say how a text becomes a value: *parse* raises ValueError, *shown* is what a message may show of a wrong text."""

    parse: Callable[[str], object]
    expected: str
    shown: Callable[[str], str] = shortened


@dataclass(frozen=True, slots=True)
class Setting:
    """Say which variable *name* becomes which *field* of `Settings`, and what it means."""

    name: str
    field: str
    kind: Kind
    meaning: str


TEXT = Kind(str, "a text")
POSTGRES_URL = Kind(
    _postgres_url,
    f"{POSTGRES_FORM}, with the name of the database, and no options but host, port and sslmode",
    _scheme_only,
)
MONGO_URL = Kind(_mongo_url, f"{MONGO_FORM} or mongodb+srv://…, with the name of the database", _scheme_only)
HOST = Kind(_host, "a host name or an IP address, without a port")
KEY = Kind(_key, f"at least {KEY_BYTES} bytes, and no public key", _nothing)

#: In the order of the README.
SETTINGS = (
    Setting(
        "GATEWAY_POSTGRES_URL",
        "postgres_url",
        POSTGRES_URL,
        f"The PostgreSQL store: `{POSTGRES_FORM}`, or for a socket `postgresql://user@/database?host=/folder`",
    ),
    Setting("GATEWAY_MONGO_URL", "mongo_url", MONGO_URL, f"The MongoDB store: `{MONGO_FORM}` or `mongodb+srv://…`"),
    Setting("GATEWAY_PROFILE", "profile", TEXT, "The store profile: the name of one in `sources/profiles`, or a path"),
    Setting("GATEWAY_HOST", "host", HOST, "The address to listen on"),
    Setting("GATEWAY_PORT", "port", _whole(1, 65535), "The port to listen on"),
    Setting(
        "GATEWAY_JWT_SECRET", "jwt_secret", KEY, "Signs the tokens (HS256); `serve` needs it, of 32 bytes at least"
    ),
    Setting("GATEWAY_JWT_ISSUER", "jwt_issuer", TEXT, "What a token's `iss` must be; not set, it may be any"),
    Setting(
        "GATEWAY_JWT_AUDIENCE", "jwt_audience", TEXT, "What `aud` must name; not set, tokens with `aud` are refused"
    ),
    Setting("GATEWAY_MAX_PAGE", "max_page", _whole(1, 10_000), "How much one page may hold, 10000 at most"),
    Setting("GATEWAY_STORE_SECONDS", "store_timeout", _seconds(3600), "How long a store may take to answer"),
    Setting("GATEWAY_COUNT_SECONDS", "count_seconds", _seconds(3600), "How long counting all customers may take"),
    Setting("GATEWAY_COUNT_RECORDS", "count_records", _whole(1, 10**9), "How many records such a count may look at"),
    Setting(
        "GATEWAY_INDEX_SECONDS",
        "index_seconds",
        _seconds_or_never(86_400),
        "How often new records are taken into the index that finds them by e-mail, phone and name; 0: never",
    ),
    Setting("GATEWAY_MAX_BODY", "max_body", _whole(1024, 100 << 20), "How many bytes the body of a request may have"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Hold what the gateway runs with; *postgres_url* is rewritten for asyncpg, whichever scheme it was given in.

    Raises ValueError for a *postgres_url* that cannot be one, StartError for an open gateway within others' reach.
    """

    profile: str = "demo"
    postgres_url: str | None = field(default=None, repr=False)
    mongo_url: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    jwt_secret: str | None = field(default=None, repr=False)
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    #: No tokens: everyone is an administrator. Only ever on a loopback address, and never by the environment.
    open: bool = False
    max_page: int = 100
    store_timeout: float = 5.0
    count_seconds: float = 20.0
    count_records: int = 2_000_000
    index_seconds: float = 60.0
    max_body: int = 1 << 20

    def __post_init__(self) -> None:
        if self.postgres_url is not None:
            object.__setattr__(self, "postgres_url", _postgres_url(self.postgres_url))
        if self.open and not _is_loopback(self.host):
            raise StartError(HEADING, [f"open to everyone, it may listen on 127.0.0.1 only, not on {self.host}"])

    def require_key(self) -> str | None:
        """Answer the key that tokens are signed with, or None for an open gateway.

        Raises StartError where there is none, or one that is no good.
        """
        if self.open:
            return None
        try:
            return _key(self.jwt_secret or "")
        except ValueError:
            faults = [f"GATEWAY_JWT_SECRET: expected {KEY.expected}"]
            raise StartError("There is no key to check tokens with:", faults) from None


def read_settings(environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")) -> Settings:
    """Read the settings from *environ* (the process's own if None), and what it leaves unsaid from *env_file*.

    An empty value counts as not given; given empty in *environ*, it takes back what *env_file* says.
    Raises StartError with every fault.
    """
    merged = _env_file(env_file) | dict(os.environ if environ is None else environ)
    given = {name: text for name, text in merged.items() if name.startswith(PREFIX)}
    faults = [
        _unknown(name)
        for name in sorted(given.keys() - {setting.name for setting in SETTINGS})
        if not OTHERS.fullmatch(name)
    ]
    values: dict[str, Any] = {}
    for setting in SETTINGS:
        text = given.get(setting.name)
        if not text:
            continue
        try:
            values[setting.field] = setting.kind.parse(text)
        except UrlFaultError as fault:
            faults.append(f"{setting.name} is {setting.kind.shown(text)}: {fault}; expected {setting.kind.expected}")
        except ValueError:
            faults.append(f"{setting.name} is {setting.kind.shown(text)}; expected {setting.kind.expected}")
    if faults:
        raise StartError(HEADING, faults)
    return Settings(**values)


def settings_table() -> str:
    """Print the settings as the Markdown table that stands in the README."""
    defaults = {each.name: each.default for each in fields(Settings)}
    return "\n".join(
        [
            "| variable | default | what it says |",
            "| --- | --- | --- |",
            *(f"| `{one.name}` | {_default(defaults[one.field])} | {one.meaning} |" for one in SETTINGS),
        ]
    )


def _default(value: object) -> str:
    return "" if value is None else f"`{value}`"


def _env_file(path: Path | None) -> dict[str, str]:
    """Read the file at *path* as it stands: `$` in a password refers to nothing, a byte order mark is no letter."""
    if path is None:
        return {}
    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeError) as fault:
        raise StartError(HEADING, [f"{path} cannot be read as text: {type(fault).__name__}"]) from fault
    return {name: text or "" for name, text in values.items()}


def _unknown(name: str) -> str:
    """Name the fault without its value, which may be a secret under a misspelt name."""
    near = get_close_matches(name, [setting.name for setting in SETTINGS], n=1)
    return f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
