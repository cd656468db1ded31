"""One run of a case: a client, replicas, faults; then everything works again; then the audit."""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from clients.errors import UpstreamError
from orchestrator.errors import OrderServiceError
from orchestrator.idempotency import Claim
from proof.audit import Answered, audit
from proof.books import read_books, record_of
from proof.calls import calls_of
from proof.cases import Case, Event, Injection
from proof.client import Told, ask
from proof.faults import Fault
from proof.network import Network, Planned
from proof.outcome import Outcome
from proof.pausing import context_of
from proof.replica import ProcessDied, Replica
from proof.successors import Successors
from proof.times import (
    BOUND_S,
    EAGER_S,
    EXPIRES_S,
    HEAL_AFTER_LEASE_S,
    HEAL_LATE_S,
    HEAL_S,
    LATENCY_S,
    LOOK_S,
    latency,
)
from proof.violation import Violation
from proof.witness import Witness
from proof.world import RESUME_WINDOW_S, SKU, UNITS, World

EXPECTED: Final = OrderServiceError | UpstreamError | ProcessDied
"""In what a task of the order service may end; anything else is a defect in itself."""


class Run:
    """A case, played in a world."""

    def __init__(self, world: World, case: Case) -> None:
        self._world = world
        self._case = case
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        world.begin(ttl_s=EXPIRES_S if case.has(Event.EXPIRED) else None)
        self._witness = Witness(calls_of(world.saga), world.database.storage)
        self._plans = {
            injection.name: Planned(injection.call.name, injection.fault)
            for injection in case.all
            if injection.call is not None and injection.fault is not None
        }
        plans = list(self._plans.values())
        self._network = Network(
            world.participants, self._witness, plans, self._befell, latency(case.chance)
        )
        self._successors = Successors(
            self._replica, world.database.storage, at_once=2 if case.has(Event.TWO_LOOK) else 1
        )
        self._replicas: dict[str, Replica] = {}
        self._answered: list[Answered] = []
        self._asking: list[asyncio.Task[None]] = []
        self._notes: list[tuple[float, str]] = []
        self._happened: set[Event] = set()
        self._heals_at = self._began + HEAL_S
        self._healing = self._loop.call_at(self._heals_at, self._heal)
        if case.has(Event.FOUND_LATE):
            self._find_late()

    async def play(self) -> Outcome:
        """Everything, from the request to the audit."""
        self._ask("A", "client", "first")
        self._begin_events()
        await self._until_all_is_over()
        if self._case.has(Event.ASKED_AGAIN):
            self._happened.add(Event.ASKED_AGAIN)
            self._ask("Z", "client", "again")
            await self._until_all_is_over()
        outcome = self._outcome()
        await self._clear_away()
        return outcome

    def _befell(self, fault: Fault) -> None:
        """Leave its successors the time to meet the faults too."""
        if fault.back:
            self._find_late()
        elif fault.costs_worker:
            self._heal_not_before(HEAL_AFTER_LEASE_S)

    def _find_late(self) -> None:
        self._successors.not_before = self._began + RESUME_WINDOW_S + LOOK_S
        self._heal_not_before(HEAL_LATE_S)

    def _heal_not_before(self, seconds: float) -> None:
        if self._began + seconds > self._heals_at:
            self._heals_at = self._began + seconds
            self._healing.cancel()
            self._healing = self._loop.call_at(self._heals_at, self._heal, context=context_of(""))

    def _begin_events(self) -> None:
        for event, replica, caller in (
            (Event.ASKED_ELSEWHERE, "B", "client"),
            (Event.ASKED_TWICE, "A", "client"),
            (Event.RIVAL, "B", "rival"),
        ):
            if self._case.has(event):
                self._happened.add(event)
                self._ask(replica, caller, event)
        if self._case.has(Event.EXPIRED):
            self._happened.add(Event.EXPIRED)
        if self._case.has(Event.EAGER):
            self._happened.add(Event.EAGER)
            self._loop.call_later(EAGER_S, self._successors.look, ["B"])

    def _replica(self, name: str) -> Replica:
        if name not in self._replicas:
            self._replicas[name] = Replica(name, self._network, self._world.take_parts())
        return self._replicas[name]

    def _ask(self, name: str, caller: str, request: str) -> None:
        """Let a client ask; what it is told is kept with what was true then."""
        replica = self._replica(name)
        order = self._world.order(f"{caller}/{request}", caller)
        asked = replica.start(ask(replica.service.checkout, order, Claim(caller, f"key-{caller}")))

        async def wait() -> None:
            try:
                told = await asked
            except ProcessDied:
                self._note(f"the connection of {caller}'s request ({request}) breaks")
                return
            self._hear(caller, order.id, told)

        self._note(f"{caller} asks {name} ({request})")
        self._asking.append(self._loop.create_task(wait()))

    def _hear(self, caller: str, own_order: str, told: Told) -> None:
        record = record_of(self._world.database.storage, told.order_id or own_order)
        self._answered.append(Answered(caller, own_order, told, record))
        said = told.body.get("code") or told.body.get("status")
        compensation = told.body.get("compensation")
        self._note(
            f"{caller} is told {told.status} {said}"
            + (f", compensation {compensation}" if compensation else "")
            + (", replayed" if told.replayed else "")
        )

    async def _until_all_is_over(self) -> None:
        await self._successors.until_final(self._asking, lambda: self._heals_at)
        await self._let_all_end()
        if late := list(self._network.deliver_belated()):
            self._note(f"what was under way all the time arrives: {', '.join(late)}")
            # What comes so late may even be the order itself: it too must become final.
            await self._successors.until_final(self._asking, lambda: self._heals_at)
            await self._let_all_end()

    async def _let_all_end(self) -> None:
        """Sleepers wake, and whoever still works comes to an end."""
        if Event.EAGER in self._happened:
            await asyncio.sleep(self._began + EAGER_S + LATENCY_S - self._loop.time())
        until = max(self._loop.time(), self._heals_at) + BOUND_S
        while (left := until - self._loop.time()) > 0:
            asleep_until = max(replica.asleep_until for replica in self._replicas.values())
            if asleep_until > self._loop.time():
                await asyncio.sleep(asleep_until - self._loop.time())
            elif working := self._working():
                await asyncio.wait(
                    working, timeout=min(left, 1.0), return_when=asyncio.FIRST_COMPLETED
                )
            elif any(r.alive and len(r.service.running) for r in self._replicas.values()):
                await asyncio.sleep(min(left, LOOK_S))
            else:
                break

    def _working(self) -> set[asyncio.Task[Any]]:
        return {
            task
            for replica in self._replicas.values()
            if replica.alive
            for task in replica.tasks
            if not task.done()
        }

    def _heal(self) -> None:
        self._note("everything works again")
        self._network.heal()

    def _note(self, text: str) -> None:
        self._notes.append((self._loop.time(), text))

    def _outcome(self) -> Outcome:
        books = read_books(self._world.storages)
        outcome = Outcome(
            self._case,
            books,
            self._witness.sent,
            self._answered,
            self._notes,
            {injection.name: self._has_fired(injection) for injection in self._case.all},
            frozenset(self._network.met),
        )
        outcome.violations = [
            *self._witness.violations,
            *audit(books, {SKU: UNITS}, self._answered),
            *self._defects(),
        ]
        return outcome

    def _has_fired(self, injection: Injection) -> bool:
        looks = self._successors.looks
        match injection.event:
            case None:
                return self._plans[injection.name].hits > 0
            case Event.TWO_LOOK:
                return any(number > 1 for _, number in looks)
            case Event.FOUND_LATE:
                return any(at >= self._successors.not_before for at, _ in looks)
            case event:
                return event in self._happened

    def _defects(self) -> Iterator[Violation]:
        """Tasks that ended in what nobody raises on purpose, or not at all."""
        for replica in self._replicas.values():
            for task in replica.tasks:
                if not task.done():
                    if replica.alive:
                        yield Violation("5.4", f"replica {replica.name}", "is still at work")
                elif not task.cancelled() and not isinstance(
                    error := task.exception(), EXPECTED | None
                ):
                    yield Violation("0", f"replica {replica.name}", f"broke: {error!r}")

    async def _clear_away(self) -> None:
        """Nothing of this run may be left in the loop for the next."""
        self._healing.cancel()
        for replica in self._replicas.values():
            replica.alive = False
            replica.wake()
        here = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not here]
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        for replica in self._replicas.values():
            for task in replica.tasks:
                if not task.cancelled():
                    task.exception()  # seen; a task that nobody asks complains when it is dropped
            if not replica.disturbed:
                self._world.give_back(replica.parts)
