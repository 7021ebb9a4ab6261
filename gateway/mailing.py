"""What the settings make of mail: who carries it, and where its links lead."""

from domain.account_links import AccountLinks
from gateway.settings import Settings
from sources.mail import Mailer, mailer_of

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - named, not bound


def mailer_for(settings: Settings) -> Mailer | None:
    """Make what carries letters; None where the settings name nothing."""
    return None if settings.smtp_url is None else mailer_of(settings.smtp_url, settings.smtp_from)


def links_of(settings: Settings) -> AccountLinks:
    """Say where links lead; never to where a request says that it was sent to."""
    host = "localhost" if settings.host in _EVERYWHERE else settings.host
    host = f"[{host}]" if ":" in host else host
    return AccountLinks(settings.public_url or f"http://{host}:{settings.port}", settings.account_url)
