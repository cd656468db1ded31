"""Where cases are played, one after the other: one loop, one world, the same chances every time."""

import gc
import logging
import random
from types import TracebackType
from typing import Final, Self

from proof.cases import Case
from proof.outcome import Outcome
from proof.pausing import PausingLoop
from proof.run import Run
from proof.world import World

_GC_THRESHOLDS: Final = (20_000, 50, 100)
"""A run leaves cycles behind, but not many; to look for them thirty times as often costs a tenth of
the time."""

_SEED: Final = 20
"""Every run has the same chances: cases that differ in nothing that happens are one run."""


class Stage:
    """Plays cases in a world; used as a context manager."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self._loop = PausingLoop()
        self._loop.set_exception_handler(lambda _, __: None)

    def __enter__(self) -> Self:
        self._logging = logging.root.manager.disable
        logging.disable(logging.CRITICAL)  # what the replicas say of the faults would fill a disk
        self._thresholds = gc.get_threshold()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLDS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.close()
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()
        logging.disable(self._logging)

    def play(self, case: Case) -> Outcome:
        """Play one case; the same case is the same run, whatever was played before it."""
        random.seed(_SEED if case.chance is None else case.chance)
        outcome = self._loop.run_until_complete(self._play(case))
        try:
            self._loop.restart()
        except RuntimeError as error:
            error.add_note(f"in the case {case.id}")
            raise
        return outcome

    async def _play(self, case: Case) -> Outcome:
        return await Run(self.world, case).play()
