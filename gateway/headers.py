"""The headers that tell browsers what nobody may do with an answer: on every answer, whoever made it.

The list is that of the OWASP Secure Headers Project; docs/decisions/0012-http.md says what of it is otherwise here.
"""

from collections.abc import Mapping
from types import MappingProxyType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Nothing inline, nothing evaluated, nothing from or to another host.
CONTENT_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",  # GraphiQL's style sheet draws its small signs from data
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "object-src 'none'",
)
#: What a page could use of a machine, as far as Chromium knows it by name everywhere; GraphiQL's buttons copy.
NOBODYS = (
    *("accelerometer", "autoplay", "camera", "clipboard-read", "cross-origin-isolated", "display-capture"),
    *("encrypted-media", "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "keyboard-map"),
    *("magnetometer", "microphone", "midi", "payment", "picture-in-picture", "publickey-credentials-get"),
    *("screen-wake-lock", "serial", "sync-xhr", "usb", "xr-spatial-tracking"),
)

#: For every answer that a browser may show, pages and their files alike.
SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": "; ".join(CONTENT_POLICY),
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join([*(f"{name}=()" for name in NOBODYS), "clipboard-write=(self)"]),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-DNS-Prefetch-Control": "off",
        "X-Frame-Options": "DENY",
        "X-Permitted-Cross-Domain-Policies": "none",
    }
)
#: For a year, whoever came over TLS comes over TLS.
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_EVERY = tuple((name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items())
_UNSAID = (b"cache-control", b"no-store")
#: As they are added to an answer that says none of them.
ADDED = (*_EVERY, _UNSAID)


class SecureHeaders:
    """Let every answer of *app* carry them, and over TLS, or where *tls* says that all comes over it, say so."""

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        self._tls = tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        over_tls = self._tls or scope["scheme"] == "https"

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = [name for name, _ in given]
                # Whoever says one of them has said them all.
                missing = () if _EVERY[0][0] in names else _EVERY
                unsaid = () if _UNSAID[0] in names else (_UNSAID,)
                message["headers"] = [*given, *missing, *unsaid, *([STRICT_TRANSPORT] if over_tls else [])]
            await send(message)

        await self._app(scope, receive, send_secured)
