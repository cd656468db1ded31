"""Hears every request, and holds sections 3 and 4 of the protocol against it.

What is wrong on the wire is wrong even where it happens to do no harm: the books of the same run
may be right because another rule has saved them.
"""

import json
from dataclasses import dataclass, field
from typing import Final

from proof.calls import DATABASE, Call, Way
from proof.upstreams import Reply, Request
from proof.violation import Violation
from services.storage.memory import MemoryStorage

_ROUNDING_MS: Final = 2
"""The database service's clock has whole milliseconds, a worker's own has all digits."""

_LATER: Final = frozenset({408, 425, 429})
"""The 4xx that are no refusal."""


@dataclass(slots=True)
class Sent:
    """A request that left, and what became of it."""

    at: float
    replica: str
    call: str
    key: str | None
    order_id: str
    fault: str | None = None
    done: list[tuple[float, int]] = field(default_factory=list)
    """When the service carried it out, and with which status."""
    seen: int | None = None
    """The status that the caller got to see."""

    @property
    def succeeded(self) -> bool:
        """Whether its caller knows that it was done."""
        return bool(self.done) and self.seen is not None and self.seen < 300  # noqa: PLR2004 - the 2xx class

    @property
    def refused(self) -> bool:
        """Whether its caller was told a definite no."""
        return self.seen is not None and 400 <= self.seen < 500 and self.seen not in _LATER  # noqa: PLR2004 - the 4xx class


@dataclass(frozen=True, slots=True)
class _Holding:
    """Whose the order is, as the database service has it."""

    status: str
    owner: str | None
    lease_until: int | None
    pivot_on_record: bool


class Witness:
    """Everything that was sent in one run, and what was wrong with it."""

    def __init__(self, calls: tuple[Call, ...], records: MemoryStorage) -> None:
        self.sent: list[Sent] = []
        self.violations: list[Violation] = []
        self._calls = {call.name: (rank, call) for rank, call in enumerate(calls)}
        self._records = records
        self._replica_of: dict[str, str] = {}
        self._bodies: dict[str, bytes] = {}
        self._round: dict[str, list[Sent]] = {}
        """What each replica has sent upstream since it was given an order or wrote of one."""

    def leaves(self, at: float, replica: str, service: str, call: str, request: Request) -> Sent:
        """A request leaves its replica."""
        key = request.key
        sent = Sent(at, replica, call, key, key.partition(":")[0] if key else "")
        self.sent.append(sent)
        if service == DATABASE:
            self._note_record(sent, request)
        else:
            self._judge(sent, request)
            self._round.setdefault(replica, []).append(sent)
        return sent

    def _note_record(self, sent: Sent, request: Request) -> None:
        if sent.call in {"create", "claim"}:
            self._replica_of[json.loads(request.content)["owner"]] = sent.replica
        if sent.call == "decide":
            self._judge_decision(sent)
        if sent.call in {"claim", "park", "decide"}:
            # Another round begins: what was refused in the last one may be tried again.
            self._round.pop(sent.replica, None)

    def _judge(self, sent: Sent, request: Request) -> None:
        operation = (request.key or "").partition(":")[2]
        rank, call = self._calls.get(operation, (0, None))
        holding = self._holding(sent.order_id)
        if call is None or holding is None:
            self._wrong("3.2", sent, f"carries the key {request.key!r}, not order:operation")
            return
        if self._bodies.setdefault(request.key or "", request.content) != request.content:
            self._wrong("3.2", sent, "repeats a key with another body")
        before = [one for one in self._round.get(sent.replica, ()) if one.order_id == sent.order_id]
        if any(one.call == sent.call and one.refused for one in before):
            self._wrong("3.4", sent, "is sent again after a definite refusal")
        self._judge_custody(sent, holding)
        self._judge_way(sent, call, holding)
        if call.way is Way.BACK:
            self._judge_order(sent, rank, before)

    def _judge_custody(self, sent: Sent, holding: _Holding) -> None:
        owner, lease_until = holding.owner, holding.lease_until
        if owner is None or self._replica_of.get(owner) != sent.replica:
            self._wrong("4 lease", sent, "is sent by a worker that does not have the order")
        elif lease_until is not None and sent.at * 1000 > lease_until + _ROUNDING_MS:
            self._wrong("4 lease", sent, "is sent by a worker whose lease is over")

    def _judge_way(self, sent: Sent, call: Call, holding: _Holding) -> None:
        if call.way is Way.BACK and holding.status != "COMPENSATING":
            self._wrong("4 decision", sent, f"takes back what is still {holding.status} on record")
        if call.way is Way.FORWARD and holding.status != "PENDING":
            self._wrong("4 decision", sent, f"goes forward with what is {holding.status} on record")

    def _judge_order(self, sent: Sent, rank: int, before: list[Sent]) -> None:
        """Undo in reverse, one after the other."""
        undos = [one for one in before if self._calls[one.call][1].way is Way.BACK]
        if not undos or undos[-1].call == sent.call:
            return
        last = undos[-1]
        if self._calls[last.call][0] > rank:
            self._wrong("4 reverse", sent, f"comes after {last.call}: undo is in reverse")
        elif not last.succeeded:
            self._wrong("4 reverse", sent, f"is sent before {last.call} has succeeded")

    def _judge_decision(self, sent: Sent) -> None:
        """Past the pivot only a definite refusal sends an order back."""
        before = [one for one in self._round.get(sent.replica, ()) if one.order_id == sent.order_id]
        holding = self._holding(sent.order_id)
        passed = (holding is not None and holding.pivot_on_record) or any(
            one.succeeded and self._calls[one.call][1].pivot for one in before
        )
        if passed and not any(one.refused for one in before):
            self._wrong(
                "4 pivot", sent, "sends back, unrefused, what is known to be past its pivot"
            )

    def _holding(self, order_id: str) -> _Holding | None:
        rows = self._records.look(
            lambda tx: tx.execute(
                "SELECT status, owner, lease_until, progress_json FROM database_orders"
                " WHERE id = :id",
                id=order_id,
            )
        )
        if not rows:
            return None
        row = rows[0]
        pivot = '"pivotPassed":true' in row["progress_json"]
        return _Holding(row["status"], row["owner"], row["lease_until"], pivot)

    def returns(self, sent: Sent, reply: Reply) -> None:
        """Its caller gets to see the answer."""
        sent.seen = reply.status

    def _wrong(self, rule: str, sent: Sent, text: str) -> None:
        self.violations.append(Violation(rule, f"{sent.call} by {sent.replica}", text))
