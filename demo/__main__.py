"""`python -m demo` plays the demonstration, `python -m demo run` starts the system to play with."""

import argparse
import signal
import sys
from types import FrameType
from typing import NoReturn

from demo.run import run
from demo.screen import Screen
from demo.show import show
from testbed.processes import ProcessFailedError

INTERRUPTED = 130  # what a shell says of a program that ended by Ctrl-C


def main() -> int:
    """Return 0 when everything held (or the system was stopped by a person), else 1."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("show", "run"), default="show")
    what = parser.parse_args().what
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr] # a terminal without ✓
    signal.signal(signal.SIGTERM, _as_interrupt)
    screen = Screen()
    try:
        if what == "run":
            return run(screen)
        return 0 if show(screen) else 1
    except KeyboardInterrupt:
        screen.line("Stopped; nothing is left behind.")
        return INTERRUPTED
    except ProcessFailedError as failure:
        screen.line()
        screen.check("the system does not run", holds=False)
        print(failure)
        return 1


def _as_interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
