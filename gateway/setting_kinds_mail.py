"""How the settings of mail and of the links in it become values."""

import re
from urllib.parse import urlsplit

from domain.account_links import PURPOSE, TENANT, TOKEN
from gateway.setting_kinds import Kind, UrlFaultError, is_loopback, scheme_only
from sources.mail import MailUrlError, mailer_of, sender_of

_ANYBODY = "gateway@localhost"


def _smtp_url(text: str) -> str:
    try:
        mailer_of(text, _ANYBODY)
    except MailUrlError as fault:
        raise UrlFaultError(str(fault)) from None
    except ValueError:
        # The standard library's own faults repeat what they were given.
        raise ValueError from None
    return text


def _public_url(text: str) -> str:
    """Take only an address on whose way nobody can read along: a link in it is a password."""
    url = urlsplit(text)
    plain = url.scheme == "http" and is_loopback(url.hostname or "")
    if not (url.hostname and (url.scheme == "https" or plain)) or url.port == 0 or re.search(r"[\s\x00-\x20\\]", text):
        raise ValueError
    return text


def _own_url(text: str) -> str:
    if re.search(r"[?#@]", text):
        raise ValueError
    return _public_url(text)


def _account_url(text: str) -> str:
    """Read a frontend's address with the places that a link fills in; none of them may say where it leads."""
    plain = text
    for place in (TOKEN, PURPOSE, TENANT):
        plain = plain.replace(place, "x")
    if TOKEN not in text or re.search(r"[{}]", plain) or "{" in urlsplit(text).netloc:
        raise ValueError
    _public_url(plain)
    return text


SMTP_URL = Kind(_smtp_url, "an address smtp://user:password@host:587, smtps://… or file:///folder", scheme_only)
SENDER = Kind(sender_of, "an address, or Name <address>")
PUBLIC_URL = Kind(_own_url, "an address https://host, or http://… on this machine")
ACCOUNT_URL = Kind(_account_url, f"an address https://host/path with {TOKEN} in it, or http://… on this machine")
