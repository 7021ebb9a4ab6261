"""Collect garbage seldom while the gateway serves: what lives from the start is never looked at again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Objects made, less those freed, before the young are looked through. A page of customers makes tens of thousands,
#: nearly all of which go by themselves once it is answered; Python's own 700 looks at them while they are in use.
_YOUNG = 20_000
#: How often the young are looked through before the middle, and the middle before all that came after the start.
_MIDDLE = _OLD = 10


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Leave alone whatever is there now, and look through what comes at great intervals, as long as this is open."""
    before = gc.get_threshold()
    # Twice: what the first pass finds may have kept more alive.
    gc.collect()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
