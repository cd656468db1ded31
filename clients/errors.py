"""Every way in which a call to an upstream can end badly.

    UpstreamError          a call did not end well; what may have happened is in `in_doubt`
    ├── Rejected           a final 4xx: understood and refused, nothing happened
    ├── Unreachable        no answer: not connected, cut off, or out of time
    ├── Faulty             an answer that says nothing: 5xx, or not what the contract promises
    ├── Busy               408, 425 or 429: later, please
    ├── CircuitOpen        not tried: the upstream has been failing, its circuit is open
    └── OutOfTime          not tried: the order's deadline had passed
    Fenced                 not tried: the lease under which the caller may act has run out

Only a `Rejected` is a definite "no". Everything that left this process without an answer that
can be trusted *may have been carried out* (`in_doubt`), whatever it looked like.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class UpstreamError(Exception):
    """A call to `service` for `operation` did not end well.

    `in_doubt` is true when at least one try may have been carried out upstream; it speaks of all
    tries of the call, also when the last one was cleanly refused. `retry_after_s` is what the
    upstream asked for, in seconds. `out_of_time` says that the order's deadline, not the number
    of tries, ended the call. `body` is the upstream's problem document, if it sent one.
    """

    service: str
    operation: str
    detail: str
    status: int | None = None
    code: str | None = None
    in_doubt: bool = False
    attempts: int = 0
    retry_after_s: float | None = None
    out_of_time: bool = False
    body: dict[str, Any] | None = None

    def __str__(self) -> str:
        """One line for logs: who, what, why."""
        return f"{self.service} {self.operation}: {self.detail}"


class Rejected(UpstreamError):  # noqa: N818 - an outcome, read as one at every use
    """The upstream understood and refused; this try had no effect."""


class Unreachable(UpstreamError):  # noqa: N818 - an outcome, read as one at every use
    """No answer came: the connection failed, broke, or the time-out ended it."""


class Faulty(UpstreamError):  # noqa: N818 - an outcome, read as one at every use
    """An answer came that proves nothing: a 5xx, or not what the contract promises."""


class Busy(UpstreamError):  # noqa: N818 - an outcome, read as one at every use
    """The upstream asked to be called later (408, 425, 429)."""


class CircuitOpen(UpstreamError):  # noqa: N818 - an outcome, read as one at every use
    """The call was not tried, because the upstream has been failing."""


class OutOfTime(UpstreamError):  # noqa: N818 - an outcome, read as one at every use
    """The call was not tried, because the order's deadline had passed."""


class Fenced(Exception):  # noqa: N818 - a state of the caller, not an error of an upstream
    """The caller's lease has run out: it may send nothing more, for somebody else acts now."""
