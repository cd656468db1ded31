"""Services of steps of your own, for the proof: by the name that `EXTRA_UPSTREAMS` gives them.

A step whose upstream is none of the four needs one here that keeps the contract's five rules
(docs/upstreams.md), in memory; an example is in tests/proof/test_own_step.py.
"""

from collections.abc import Callable, Mapping
from typing import Final

from proof.upstreams import Clock, Participant

OWN: Final[Mapping[str, Callable[[Clock], Participant]]] = {}
