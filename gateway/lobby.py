"""How many connections a process holds, and which of them has to go where one more comes."""

import resource
from dataclasses import dataclass
from typing import Protocol

from gateway.settings import Settings

#: Files that are open beside connections: stores, logs, what is being served.
_OTHER_FILES = 100


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Hold at *most* so many; *head* bytes may come before a body, within *head_seconds*; *answer_seconds* may pass
    in which nothing is taken of an answer, and *idle_seconds* between two requests."""

    most: int
    head: int
    head_seconds: float
    idle_seconds: float
    answer_seconds: float


def connection_limits(settings: Settings) -> ConnectionLimits:
    return ConnectionLimits(
        settings.max_connections,
        settings.max_head,
        settings.head_seconds,
        settings.idle_seconds,
        settings.request_seconds,
    )


def room_for(most: int) -> int:
    """Ask the system for *most* connections and the files beside them, and answer how many of these it lets be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return most if soft == resource.RLIM_INFINITY else max(1, min(most, soft - _OTHER_FILES))


class Held(Protocol):
    """Be a connection."""

    def drop(self) -> None:
        """Close it at once."""


class Lobby:
    """Hold *most* connections: where one more comes, whoever has waited longest without asking has to go."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: set[Held] = set()
        self._waiting: dict[Held, None] = {}

    def admit(self, connection: Held) -> bool:
        """Make room for *connection*; not where all others are being answered."""
        if len(self._held) >= self._most:
            if not self._waiting:
                return False
            oldest = next(iter(self._waiting))
            self.leave(oldest)
            oldest.drop()
        self._held.add(connection)
        self.wait(connection)
        return True

    def wait(self, connection: Held) -> None:
        """Let *connection* wait for its next request, behind all others."""
        if connection in self._held:
            self._waiting.pop(connection, None)
            self._waiting[connection] = None

    def attend(self, connection: Held) -> None:
        """Let *connection* be answered."""
        self._waiting.pop(connection, None)

    def leave(self, connection: Held) -> None:
        self._held.discard(connection)
        self._waiting.pop(connection, None)
