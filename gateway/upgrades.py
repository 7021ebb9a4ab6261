"""Bodies behind heads that offer another protocol, which no HTTP server has to speak.

The parser takes whatever stands behind such a head for that protocol's. Java's own client offers HTTP/2 in this way
with the first request that it sends.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from httptools import HttpRequestParser

_FRAMING = (b"content-length", b"transfer-encoding")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Be all that the parser tells of a body."""

    on_body: Callable[[bytes], None]
    on_message_complete: Callable[[], None]


def body_parser(
    headers: Iterable[tuple[bytes, bytes]], on_body: Callable[[bytes], None], on_end: Callable[[], None]
) -> HttpRequestParser | None:
    """Make a parser of the body that *headers* tell of, to be fed with what stands behind them.

    Answers None where they tell of none. Raises HttpParserError where they contradict each other.
    """
    framing = b"".join([b"%b: %b\r\n" % header for header in headers if header[0] in _FRAMING])
    if not framing:
        return None
    parser = HttpRequestParser(_Reader(on_body, on_end))
    parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % framing)
    return parser
