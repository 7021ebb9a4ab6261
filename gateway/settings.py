"""The settings: read once from the environment and `.env`, validated, frozen."""
from dataclasses import dataclass

@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    profile: str = "demo"
    postgres_url: str | None = None
    mongo_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    jwt_secret: str | None = None
    jwt_issuer: str | None = None
    jwt_audience: str | None = None
    #: No tokens: everyone is an administrator. Only ever on a loopback address.
    open: bool = False
    max_page: int = 100
    store_timeout: float = 5.0
    count_seconds: float = 20.0
    count_records: int = 2_000_000
