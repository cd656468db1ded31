"""What the processes wrote: a stack trace is a defect that nobody was told of."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from chaos.evidence import Violation

_LENGTH: Final = 600  # characters of the line that are told
_TOLD: Final = 3  # of each log; the others are like them, mostly


def stack_traces(logs: Sequence[Path]) -> Iterator[Violation]:
    """The first few of each log."""
    for log in logs:
        lines = log.read_text(errors="replace").splitlines()
        found = [line for line in lines if "Traceback (most recent call last)" in line]
        for line in found[:_TOLD]:
            yield Violation("process", f"{log.stem} logged an exception: {line[:_LENGTH]}")
