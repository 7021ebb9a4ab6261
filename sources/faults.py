"""Points at which a test ends the process as a crash would, or halts it: between any two writes of an operation."""

import os
import signal

_CRASH, _HALT = os.environ.get("GATEWAY_TEST_CRASH_AT"), os.environ.get("GATEWAY_TEST_HALT_AT")


def crash_point(name: str) -> None:
    """End this process at once, or halt it until it is told to go on, if a test has asked for that at *name*."""
    if name == _CRASH:
        os.kill(os.getpid(), signal.SIGKILL)
    elif name == _HALT:
        os.kill(os.getpid(), signal.SIGSTOP)
