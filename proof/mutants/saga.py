"""Errors of the saga: what is done, undone, decided and written, and in which order."""

from typing import Final

from proof.mutants.mutant import Edit, Mutant

_RUNNER: Final = "orchestrator/saga/runner.py"
_NEXT_MOVE: Final = "orchestrator/saga/next_move.py"
_CUSTODY: Final = "orchestrator/saga/custody.py"

SAGA: Final = (
    Mutant(
        "undo only what answered",
        "the compensation is registered after the step has succeeded, as most tutorials do",
        (Edit(_RUNNER, "begun=result.in_doubt,", "begun=False,"),),
    ),
    Mutant(
        "undo before the decision is written",
        "rollback is a `catch` block: a crash in it forgets that the order was to fail",
        (Edit(_RUNNER, "        await errand.custody.keep(progress)\n", ""),),
    ),
    Mutant(
        "begun is not counted on takeover",
        "the successor undoes what it has begun itself, not what the dead worker had",
        (
            Edit(
                "orchestrator/saga/progress.py",
                "return self.inherited or step.name in self.begun",
                "return step.name in self.begun",
            ),
        ),
    ),
    Mutant(
        "undo in forward order",
        "compensations are kept in a list and run from its beginning",
        (Edit(_NEXT_MOVE, "    for step in reversed(saga):", "    for step in saga:"),),
    ),
    Mutant(
        "undo all at once",
        "a workflow engine ran its compensation handlers in parallel; its users complained",
        (
            Edit(
                _RUNNER,
                "                        called = await self._undo(errand, step, undo)\n"
                "                        errand.progress ="
                " _after_undo(errand.progress, step, called)\n",
                "                        begun = [\n"
                "                            (each, each.undo)\n"
                "                            for each in reversed(self._saga)\n"
                "                            if each.undo and errand.progress.has_begun(each)\n"
                "                        ]\n"
                "                        calls = [self._undo(errand, *each) for each in begun]\n"
                "                        for (each, _), called in zip(\n"
                "                            begun, await asyncio.gather(*calls), strict=True\n"
                "                        ):\n"
                "                            errand.progress = _after_undo(\n"
                "                                errand.progress, each, called\n"
                "                            )\n",
            ),
        ),
    ),
    Mutant(
        "an undo that fails is skipped",
        "`except Exception: log; continue` in the rollback, found in most hand-written sagas",
        (
            Edit(
                _NEXT_MOVE,
                "                # before.\n                return Park()\n",
                "                # before.\n                continue\n",
            ),
        ),
    ),
    Mutant(
        "refund dropped after N tries",
        "a dead-letter queue that nobody reads: the order is marked failed, the money stays",
        (
            Edit(
                _RUNNER,
                "        pause_s = park_pause_s(rounds,",
                "        if stuck and progress.status is OrderStatus.COMPENSATING:\n"
                "            return await errand.custody.finish(progress, OrderStatus.FAILED)\n"
                "        pause_s = park_pause_s(rounds,",
            ),
        ),
    ),
    Mutant(
        "compensate after the pivot on a time-out",
        "one error handler for all steps: the customer has paid, and is told that it failed",
        (
            Edit(
                _NEXT_MOVE,
                "        return Park()\n    return Finish(OrderStatus.CONFIRMED)",
                "        return _turn_back(saga, progress)\n"
                "    return Finish(OrderStatus.CONFIRMED)",
            ),
        ),
    ),
    Mutant(
        "past its pivot, sent back for its age",
        "the reaper of old orders does not ask whether the client was told 202",
        (
            Edit(
                _NEXT_MOVE,
                "if progress.give_up and not progress.passed_pivot(saga):",
                "if progress.give_up:",
            ),
        ),
    ),
    Mutant(
        "202 before the pivot is on record",
        "the promise is made from memory; a successor knows nothing of it",
        (
            Edit(
                _RUNNER,
                "progress = progress.but(pivot_recorded=True, failure=None)",
                "progress = progress.but(failure=None)",
            ),
        ),
    ),
    Mutant(
        "confirm before the commit",
        "the order is marked as done when the money is in; stock is somebody's later job",
        (
            Edit(
                _RUNNER,
                "                        called = await self._act(errand, step)\n",
                "                        if errand.progress.passed_pivot(self._saga):\n"
                "                            done = await errand.custody.finish(\n"
                "                                errand.progress, OrderStatus.CONFIRMED\n"
                "                            )\n"
                "                            await self._act(errand, step)\n"
                "                            return done\n"
                "                        called = await self._act(errand, step)\n",
            ),
        ),
    ),
    Mutant(
        "answer before the last write",
        "the final status is written in the background, to save the client a round trip",
        (
            Edit(
                _CUSTODY,
                "from collections.abc import",
                "import asyncio\nfrom collections.abc import",
            ),
            Edit(
                _CUSTODY,
                "        return await self._write(self._update(progress, status=status,"
                " release_for_s=0.0))\n",
                "        update = self._update(progress, status=status, release_for_s=0.0)\n"
                "        seen = await self._database.get(self.order_id, CallLimits(self.fence))\n"
                "        asyncio.get_running_loop().create_task(self._write(update))\n"
                "        return seen._replace(status=status, progress=update.progress)\n",
            ),
        ),
    ),
    Mutant(
        "COMPENSATING turns back to PENDING",
        "recovery knows one way only: it starts every order that it finds from the beginning",
        (
            Edit(
                "orchestrator/saga/record.py",
                "        status=OrderStatus(stored.status),\n        inherited=True,",
                "        status=OrderStatus.PENDING,\n        inherited=True,",
            ),
        ),
    ),
    Mutant(
        "fence ignored",
        "a worker that was only asleep goes on where it was, with a lease that another has",
        (Edit(_CUSTODY, "return self._lease.ends_at", 'return float("inf")'),),
    ),
    Mutant(
        "an order in doubt is told as none",
        "no answer from the database is taken for no order: the client buys again",
        (
            Edit(
                "orchestrator/checkout.py",
                "            if failure.in_doubt:\n",
                "            if failure.in_doubt and False:\n",
            ),
            Edit(
                "orchestrator/api/problems.py",
                "    if failure.in_doubt:\n",
                "    if failure.in_doubt and False:\n",
            ),
        ),
    ),
    Mutant(
        "a duplicate in progress looks like a failure",
        "shops showed 'payment failed' on it, and customers paid twice",
        (
            Edit(
                "orchestrator/api/problems.py",
                '            str(error),\n            compensation="pending",',
                '            str(error),\n            compensation="none",',
            ),
        ),
    ),
)
