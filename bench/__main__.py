"""Measure the gateway and its peers: `python -m bench --help` tells with what."""

import sys

from bench.commands import main

if __name__ == "__main__":
    sys.exit(main())
