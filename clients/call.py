"""One call to an upstream, as values: what is sent, under which limits, what came back.

Named tuples: as fixed as frozen dataclasses, and made in half of the time, seven times an order.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

Body = Mapping[str, Any]

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class Call(NamedTuple):
    """A request and what a good answer to it looks like.

    `accepts` judges the body of a 2xx: an answer that is not what the contract promises is treated
    as no answer at all (unknown outcome), never as success.
    """

    operation: str
    method: str
    path: str
    key: str | None = None
    body: Body | None = None
    accepts: Callable[[dict[str, Any]], bool] = lambda _: True


class CallLimits(NamedTuple):
    """Until when, how often and on whose behalf a call may be tried. Times are of the loop's clock.

    `deadline`: no try begins after it, and none lasts beyond it.
    `fence`: the end of the caller's lease; at it everything stops with `Fenced`.
    `max_tries`: overrides the number of tries of the retry policy; `None` keeps it.
    `obligatory`: an undo, or a step of an order that is already charged or recovered, is tried even
    while the circuit is open: not to try would leave money or stock where it does not belong.
    `caller`: identifies the order, so that the one order let through a half-open circuit is known;
    without one, a call stands for itself.
    """

    deadline: float
    fence: float = float("inf")
    max_tries: int | None = None
    obligatory: bool = False
    headers: Mapping[str, str] = _NO_HEADERS
    caller: object = None

    @property
    def end(self) -> float:
        """The moment after which nothing of this call may be going on."""
        return min(self.deadline, self.fence)


class Answer(NamedTuple):
    """A good answer: its status, its JSON object, and how many tries it took."""

    status: int
    body: dict[str, Any]
    attempts: int
