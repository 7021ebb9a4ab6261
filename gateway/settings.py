"""The settings: read once from the environment and `.env`, validated, frozen."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from domain.errors import StartError
from gateway.setting_kinds import (
    ADDRESS,
    HOST,
    JWKS_URL,
    KEY,
    MONGO_FORM,
    MONGO_URL,
    ORIGINS,
    POSTGRES_FORM,
    POSTGRES_URL,
    TEXT,
    Kind,
    UrlFaultError,
    is_loopback,
    key_of,
    one_of,
    postgres_url,
    seconds,
    seconds_or_never,
    whole,
)
from gateway.setting_kinds_mail import ACCOUNT_URL, PUBLIC_URL, SENDER, SMTP_URL

HEADING = "The settings are wrong:"
PREFIX = "GATEWAY_"
#: Read by the tests, not by the gateway.
OTHERS = re.compile(r"GATEWAY_(TEST_\w+|CHROMIUM)")


@dataclass(frozen=True, slots=True)
class Setting:
    """Say which variable *name* becomes which *field* of `Settings`, and what it means."""

    name: str
    field: str
    kind: Kind
    meaning: str


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
    Setting("GATEWAY_PORT", "port", whole(1, 65535), "The port to listen on"),
    Setting("GATEWAY_WORKERS", "workers", whole(1, 256), "How many processes `serve` answers in, on the one port"),
    Setting(
        "GATEWAY_STOP_SECONDS",
        "stop_seconds",
        seconds(3600),
        "How long what is under way may take when the gateway, or a worker that is replaced, is asked to end",
    ),
    Setting(
        "GATEWAY_METRICS_ADDRESS",
        "metrics_address",
        ADDRESS,
        "Where `serve` tells its metrics to whoever asks: `port`, on this machine, or `host:port`; not set, they are"
        " told at `/metrics` to a PLATFORM_ADMIN only",
    ),
    Setting(
        "GATEWAY_JWT_SECRET",
        "jwt_secret",
        KEY,
        "Signs the tokens (HS256), of 32 bytes at least; `serve` needs it or the next",
    ),
    Setting(
        "GATEWAY_JWKS_URL",
        "jwks_url",
        JWKS_URL,
        "Where the issuer's public keys are (RS256, ES256): `https://…`, or `http://…` on this machine",
    ),
    Setting(
        "GATEWAY_JWKS_SECONDS",
        "jwks_seconds",
        seconds(86_400),
        "How long these keys are kept before they are read again",
    ),
    Setting("GATEWAY_JWT_ISSUER", "jwt_issuer", TEXT, "What a token's `iss` must be; not set, it may be any"),
    Setting(
        "GATEWAY_JWT_AUDIENCE", "jwt_audience", TEXT, "What `aud` must name; not set, tokens with `aud` are refused"
    ),
    Setting("GATEWAY_MAX_PAGE", "max_page", whole(1, 10_000), "How much one page may hold, 10000 at most"),
    Setting("GATEWAY_STORE_SECONDS", "store_timeout", seconds(3600), "How long a store may take to answer"),
    Setting("GATEWAY_COUNT_SECONDS", "count_seconds", seconds(3600), "How long counting all customers may take"),
    Setting("GATEWAY_COUNT_RECORDS", "count_records", whole(1, 10**9), "How many records such a count may look at"),
    Setting(
        "GATEWAY_INDEX_SECONDS",
        "index_seconds",
        seconds_or_never(86_400),
        "How often new records are taken into the index that finds them by e-mail, phone and name; 0: never",
    ),
    Setting(
        "GATEWAY_SMTP_URL",
        "smtp_url",
        SMTP_URL,
        "Who sends mail: `smtp://user:password@host:587` (`?starttls=always`, `auto` or `never`), `smtps://…`, or"
        " `file:///folder` for `.eml` files; not set, nobody is mailed",
    ),
    Setting("GATEWAY_SMTP_FROM", "smtp_from", SENDER, "Whom mail comes from"),
    Setting(
        "GATEWAY_ACCOUNT_URL",
        "account_url",
        ACCOUNT_URL,
        "A frontend's page for links that set a password: `https://…` with `{token}` in it, and `{purpose}` (`password`"
        " or `login`) and `{tenant}` where it wants them; not set, the gateway's own page",
    ),
    Setting(
        "GATEWAY_PUBLIC_URL",
        "public_url",
        PUBLIC_URL,
        "Where people reach this gateway, for links to its own page; not set, its host and port",
    ),
    Setting("GATEWAY_MAX_BODY", "max_body", whole(1024, 100 << 20), "How many bytes the body of a request may have"),
    Setting("GATEWAY_CORS_ORIGINS", "cors_origins", ORIGINS, "Whose pages may ask from a browser: origins, by commas"),
    Setting(
        "GATEWAY_DOCUMENTS",
        "documents",
        TEXT,
        "Trusted documents: the manifest that graphql-codegen writes; only these are answered, by `documentId`",
    ),
    Setting(
        "GATEWAY_INTROSPECTION",
        "introspection",
        one_of("everyone", "signed-in", "nobody"),
        "Who may ask about the schema, read `/schema.graphql`, and is told what was nearly right",
    ),
    Setting("GATEWAY_MAX_TOKENS", "max_tokens", whole(1, 10**6), "How many words and signs a document may have"),
    Setting("GATEWAY_MAX_DEPTH", "max_depth", whole(1, 100), "How deep fields may be nested"),
    Setting("GATEWAY_MAX_ALIASES", "max_aliases", whole(0, 10**5), "How many aliases a document may have"),
    Setting(
        "GATEWAY_MAX_ROOT_FIELDS", "max_root_fields", whole(1, 10**5), "How many fields an operation may begin with"
    ),
    Setting("GATEWAY_MAX_DIRECTIVES", "max_directives", whole(0, 10**5), "How many directives a document may use"),
    Setting(
        "GATEWAY_MAX_FRAGMENTS", "max_fragments", whole(0, 1000), "How many fragments a document may have, and spread"
    ),
    Setting(
        "GATEWAY_MAX_INTROSPECTION",
        "max_introspection",
        whole(0, 20),
        "How deep lists may be nested in questions about the schema; GraphiQL needs 2",
    ),
    Setting("GATEWAY_MAX_LIST", "max_list", whole(1, 10**5), "How many items a list may have that is given"),
    Setting(
        "GATEWAY_MAX_COST", "max_cost", whole(1, 10**9), "What an operation may cost, by the weights in the schema"
    ),
    Setting("GATEWAY_REQUEST_SECONDS", "request_seconds", seconds(3600), "How long a request may take"),
    Setting(
        "GATEWAY_MAX_CONNECTIONS",
        "max_connections",
        whole(1, 10**6),
        "How many connections a process holds; where one more comes, whichever has asked nothing for longest is closed",
    ),
    Setting("GATEWAY_MAX_HEAD", "max_head", whole(1024, 1 << 20), "How many bytes address and headers may have"),
    Setting("GATEWAY_HEAD_SECONDS", "head_seconds", seconds(3600), "How long these may take to arrive"),
    Setting(
        "GATEWAY_IDLE_SECONDS",
        "idle_seconds",
        seconds(3600),
        "How long a connection is kept between two requests; behind a load balancer, longer than that keeps one",
    ),
    Setting(
        "GATEWAY_MAX_AT_ONCE",
        "max_at_once",
        whole(0, 10**6),
        "How many requests of one subject may be under way in a process; 0: any number",
    ),
    Setting(
        "GATEWAY_RATE", "rate", whole(0, 10**6), "How many requests a minute one subject may send to a process; 0: any"
    ),
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
    workers: int = 1
    stop_seconds: float = 30.0
    metrics_address: str | None = None
    jwt_secret: str | None = field(default=None, repr=False)
    jwks_url: str | None = None
    jwks_seconds: float = 300.0
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    #: No tokens: everyone is an administrator. Only ever on a loopback address, and never by the environment.
    open: bool = False
    max_page: int = 100
    store_timeout: float = 5.0
    count_seconds: float = 20.0
    count_records: int = 2_000_000
    index_seconds: float = 60.0
    smtp_url: str | None = field(default=None, repr=False)
    smtp_from: str = "gateway@localhost"
    account_url: str | None = None
    public_url: str | None = None
    max_body: int = 1 << 20
    cors_origins: tuple[str, ...] = ()
    documents: str | None = None
    introspection: str = "everyone"
    max_tokens: int = 10_000
    max_depth: int = 20
    max_aliases: int = 100
    max_root_fields: int = 30
    max_directives: int = 50
    max_fragments: int = 100
    max_introspection: int = 3
    max_list: int = 1_000
    max_cost: int = 50_000
    request_seconds: float = 30.0
    max_connections: int = 2_000
    max_head: int = 32 << 10
    head_seconds: float = 10.0
    idle_seconds: float = 5.0
    max_at_once: int = 50
    rate: int = 3_000

    def __post_init__(self) -> None:
        if self.postgres_url is not None:
            object.__setattr__(self, "postgres_url", postgres_url(self.postgres_url))
        if self.open and not is_loopback(self.host):
            raise StartError(HEADING, [f"open to everyone, it may listen on 127.0.0.1 only, not on {self.host}"])

    def require_key(self) -> str | None:
        """Answer the secret that tokens are signed with: None for an open gateway, or where there are only public keys.

        Raises StartError where there is no key at all, or a secret that is no good.
        """
        if self.open or (self.jwks_url and not self.jwt_secret):
            return None
        try:
            return key_of(self.jwt_secret or "")
        except ValueError:
            faults = [
                f"GATEWAY_JWT_SECRET: expected {KEY.expected}",
                "or GATEWAY_JWKS_URL: the public keys of whoever issues tokens",
                "or `serve --no-auth`: open to everyone on this machine, and to nobody beyond it",
            ]
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
    return "" if value is None or value == () else f"`{value}`"


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
