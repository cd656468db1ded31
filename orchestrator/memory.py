"""The garbage collector, told what this service is like, so that no order waits for it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_YOUNG: Final = 10_000
"""Objects made and not freed before the youngest are looked through, Python's own number being 700.
An order leaves no cycles behind (counted over 200 of them): there is nothing to find that often."""


@contextmanager
def settled_memory() -> Iterator[None]:
    """What is there at start (some 70 000 objects, for good) is never looked through again.

    A full collection over them takes tens of milliseconds, in which no order moves.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
