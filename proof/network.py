"""The network between replicas and services, with a plan of what goes wrong in it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from proof.calls import DATABASE, name_of
from proof.faults import Fault
from proof.replica import ProcessDied, Replica
from proof.upstreams import Participant, Reply, Request
from proof.witness import Sent, Witness

_IN_THE_MIDDLE: Final = 2
"""The call of a successor at which a sleeper wakes: one is done, others are to come."""


class Planned:
    """A fault that awaits its call."""

    def __init__(self, call: str, fault: Fault) -> None:
        self.call = call
        self.fault = fault
        self.hits = 0

    def takes(self, call: str) -> bool:
        """Whether this request is one that it befalls; if so, it counts."""
        if call != self.call or (self.fault.once and self.hits):
            return False
        self.hits += 1
        return True


@dataclass(slots=True)
class _Exchange:
    """One request that meets a fault."""

    replica: Replica
    call: str
    participant: Participant
    request: Request
    sent: Sent
    kept: "list[_Exchange]"
    dozing: dict[Replica, int]

    def carry_out(self) -> Reply:
        reply = self.participant.answer(self.request)
        self.sent.done.append((asyncio.get_running_loop().time(), reply.status))
        return reply

    def keep_for_later(self) -> None:
        self.kept.append(self)

    def wake_amid_successor(self) -> None:
        self.dozing[self.replica] = _IN_THE_MIDDLE


class Network:
    """Carries requests; `planned` is what befalls them until `heal`.

    `befell` hears of each fault that happens; `latency_s` says how long a request is under way.
    """

    def __init__(
        self,
        participants: Mapping[str, Participant],
        witness: Witness,
        planned: list[Planned],
        befell: Callable[[Fault], None],
        latency_s: Callable[[], float],
    ) -> None:
        self._latency_s = latency_s
        self.met: set[str] = set()
        """The calls that were made while faults could befall them."""
        self._befell = befell
        self._participants = participants
        self._witness = witness
        self._planned = sorted(planned, key=lambda plan: not plan.fault.once)
        self._kept: list[_Exchange] = []
        self._dozing: dict[Replica, int] = {}
        self._healed = False

    async def carry(self, replica: Replica, service: str, request: Request) -> Reply:
        """See replica.Network."""
        if not replica.alive:
            raise ProcessDied
        loop = asyncio.get_running_loop()
        call = name_of(service, request)
        sent = self._witness.leaves(loop.time(), replica.name, service, call, request)
        await asyncio.sleep(self._latency_s())
        if not replica.alive:
            raise ProcessDied
        if service != DATABASE:
            self._wake_others(replica)
        exchange = _Exchange(
            replica,
            call,
            self._participants[service],
            request,
            sent,
            self._kept,
            self._dozing,
        )
        fault = self._fault_of(call)
        if fault is None:
            reply = exchange.carry_out()
        else:
            sent.fault = fault.name
            reply = await fault.befall(exchange)
        self._witness.returns(sent, reply)
        return reply

    def heal(self) -> None:
        """Everything works from now on."""
        self._healed = True

    def deliver_belated(self) -> Iterator[str]:
        """Let what was kept arrive now, oldest first, and name the calls."""
        for exchange in self._kept:
            exchange.carry_out()
            yield exchange.call
        self._kept.clear()

    def _wake_others(self, successor: Replica) -> None:
        for sleeper in list(self._dozing):
            if sleeper is not successor:
                self._dozing[sleeper] -= 1
                if not self._dozing[sleeper]:
                    del self._dozing[sleeper]
                    sleeper.wake()

    def _fault_of(self, call: str) -> Fault | None:
        if self._healed:
            return None
        self.met.add(call)
        for plan in self._planned:
            if plan.takes(call):
                self._befell(plan.fault)
                return plan.fault
        return None
