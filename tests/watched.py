"""Run a command of the gateway that tells what its process holds: python -m tests.watched COMMAND."""

import asyncio
import gc
import json
import sys
import threading

from gateway.__main__ import main


def tell() -> None:
    """Answer each line on standard input with a line of JSON."""
    for _ in sys.stdin:
        gc.collect()
        held = gc.get_objects()
        tasks = sum(isinstance(each, asyncio.Task) and not each.done() for each in held)
        print(json.dumps({"tasks": tasks, "objects": len(held)}), flush=True)  # noqa: T201 - to whoever asked
        del held


if __name__ == "__main__":
    threading.Thread(target=tell, daemon=True).start()
    sys.exit(main(sys.argv[1:]))
