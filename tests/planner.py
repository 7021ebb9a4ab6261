"""Run a command of many steps as a gateway process of its own does: `python -m tests.planner LOT WRITES COMMAND …`.

LOT is how many steps are done together at the most, with 1 one by one, WRITES how many documents a statement writes.
"""

import sys

from gateway.__main__ import main
from resolvers import operations_together, planned

if __name__ == "__main__":
    planned.LOT, operations_together.WRITES = map(int, sys.argv[1:3])
    sys.exit(main(sys.argv[3:]))
