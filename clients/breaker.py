"""A circuit breaker: an upstream that keeps failing is left alone for a while.

Closed: calls pass; `failures` in a row open it. Open: calls are refused for `open_s` seconds.
Then it is half open: exactly one caller (the probe) is let through; its success closes the circuit,
its failure opens it again, and if it ends without having called, the next caller becomes the probe.
"""

from collections.abc import Callable
from enum import IntEnum


class State(IntEnum):
    """The numbers are those of the metric `orders_circuit_state`."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class CircuitBreaker:
    """The circuit of one upstream in this process; not shared between replicas, on purpose.

    Every replica sees its own network path; agreeing on a state would need one more upstream.
    """

    def __init__(self, *, failures: int, open_s: float, clock: Callable[[], float]) -> None:
        if failures < 1 or open_s <= 0:
            message = "a circuit breaker needs failures >= 1 and open_s > 0"
            raise ValueError(message)
        self._threshold = failures
        self._open_s = open_s
        self._clock = clock
        self._failed_in_row = 0
        self._opened_at: float | None = None
        self._probe: object = None
        self.era = 0
        """Changes with every change of state, so that late results of before can be told apart."""

    @property
    def state(self) -> State:
        """The state now; an open circuit whose pause has passed counts as half open."""
        if self._opened_at is None:
            return State.CLOSED
        return State.OPEN if self.wait_s > 0 else State.HALF_OPEN

    @property
    def wait_s(self) -> float:
        """Seconds until a probe may pass; 0 when one may, or when the circuit is closed."""
        if self._opened_at is None:
            return 0.0
        return max(0.0, self._opened_at + self._open_s - self._clock())

    def admits(self, caller: object) -> bool:
        """Whether `caller` may call; in a half-open circuit the first to ask becomes the probe."""
        if self._opened_at is None:
            return True
        match self.state:
            case State.CLOSED:
                return True
            case State.OPEN:
                return False
            case State.HALF_OPEN:
                if self._probe is None:
                    self._probe = caller
                return self._probe == caller

    def release(self, caller: object) -> None:
        """`caller` is through; if it held the probe without a result, the next may have it."""
        if self._probe == caller:
            self._probe = None

    def succeeded(self, era: int) -> None:
        """A call begun in `era` was answered."""
        if era != self.era:
            return
        self._failed_in_row = 0
        if self._opened_at is not None:
            self._change(opened_at=None)

    def failed(self, era: int) -> None:
        """A call begun in `era` was not answered, or by a 5xx or nonsense."""
        if era != self.era:
            return
        self._failed_in_row += 1
        half_open = self.state is State.HALF_OPEN
        if half_open or (self._opened_at is None and self._failed_in_row >= self._threshold):
            self._change(opened_at=self._clock())

    def _change(self, *, opened_at: float | None) -> None:
        self._opened_at = opened_at
        self._failed_in_row = 0
        self._probe = None
        self.era += 1
