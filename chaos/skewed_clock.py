"""Runs a program whose wall clock is wrong: `python -m chaos.skewed_clock SECONDS MODULE ARGS…`.

Shifted, in that process only, is what Python code calls the time of day: `time.time`, `time_ns`,
`clock_gettime(CLOCK_REALTIME)`, `gmtime`, `localtime` and `ctime` without an argument,
`datetime.now`, `utcnow` and `today`, `date.today`. Not shifted is what a wrong wall clock leaves
alone as well (`monotonic`, `perf_counter`, the event loop's timers), what C code asks the system
for by itself, and the time stamps of files.
"""

import datetime as dt
import runpy
import sys
import time
from collections.abc import Callable
from datetime import datetime as TrueDatetime  # noqa: N812 - it is a class
from typing import Any, Self

_NANO = 1_000_000_000


def skew(seconds: float) -> None:
    """Put this process's wall clock forward by so many seconds; back, when negative.

    Must run before the modules that take `datetime` or functions of `time` by name are imported.
    """
    _skew_time(seconds)
    _skew_datetime()


def _skew_time(seconds: float) -> None:
    true_time, true_ns, true_get = time.time, time.time_ns, time.clock_gettime
    shift_ns = round(seconds * _NANO)

    def clock_gettime(clock: int) -> float:
        return true_get(clock) + (seconds if clock == time.CLOCK_REALTIME else 0)

    def now() -> float:
        return true_time() + seconds

    replaced: dict[str, Callable[..., Any]] = {
        "time": now,
        "time_ns": lambda: true_ns() + shift_ns,
        "clock_gettime": clock_gettime,
    }
    for name in ("gmtime", "localtime", "ctime"):
        replaced[name] = _by_default_now(getattr(time, name), now)
    for name, function in replaced.items():
        setattr(time, name, function)


def _by_default_now(
    true: Callable[[float], Any], now: Callable[[], float]
) -> Callable[[float | None], Any]:
    def function(seconds: float | None = None) -> Any:  # noqa: ANN401 - whatever the true one gives
        return true(now() if seconds is None else seconds)

    return function


def _skew_datetime() -> None:
    """`date.today` and `datetime.today` ask `time.time` by themselves; the others are replaced."""
    setattr(dt, "datetime", SkewedDatetime)  # noqa: B010 - mypy lets nobody assign to a class


class AnyDatetime(type):
    """What C code makes is of the true type; to `isinstance` both are one."""

    def __instancecheck__(cls, value: object) -> bool:
        """As it is of the true type."""
        return isinstance(value, TrueDatetime)


class SkewedDatetime(TrueDatetime, metaclass=AnyDatetime):
    """Has the moment of `time.time`."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Self:
        """The moment that is now, by the skewed clock."""
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls) -> Self:
        """As `now`, in UTC, and without saying so."""
        return cls.fromtimestamp(time.time(), dt.UTC).replace(tzinfo=None)


def main() -> None:
    """Skew the clock, then run the module as `python -m` would."""
    seconds, module, *arguments = sys.argv[1:]
    skew(float(seconds))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
