"""Points at which a test ends the process as a crash would: between any two writes of an operation."""

import os
import signal

_POINT = os.environ.get("GATEWAY_TEST_CRASH_AT")


def crash_point(name: str) -> None:
    """End this process at once, if a test has asked for it to end at *name*."""
    if _POINT is not None and name == _POINT:
        os.kill(os.getpid(), signal.SIGKILL)
