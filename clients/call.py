"""One call to an upstream, as values: what is sent, under which limits, what came back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
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


@dataclass(frozen=True, slots=True)
class CallLimits:
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
    headers: Mapping[str, str] = field(default_factory=dict)
    caller: object = None

    @property
    def end(self) -> float:
        """The moment after which nothing of this call may be going on."""
        return min(self.deadline, self.fence)


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its status, its JSON object, and how many tries it took."""

    status: int
    body: dict[str, Any]
    attempts: int
