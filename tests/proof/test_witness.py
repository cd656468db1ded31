"""The witness goes red on each rule of sections 3 and 4 that can be broken on the wire."""

import json

import pytest

from orchestrator.saga.table import ORDER_SAGA
from proof.calls import DATABASE, calls_of
from proof.upstreams import Reply, Request
from proof.witness import Witness
from services.database.schema import MIGRATIONS
from services.storage.memory import MemoryStorage

NOW_MS = 1_000_000
ORDER = "0c1f7a52-0000-4000-8000-000000000001"


class Wire:
    """An order that replica A holds, and what is sent for it."""

    def __init__(self) -> None:
        self.storage = MemoryStorage("database", MIGRATIONS, lambda: NOW_MS)
        self.witness = Witness(calls_of(ORDER_SAGA), self.storage)
        self.at = NOW_MS / 1000
        create = Request("POST", "/orders", {}, json.dumps({"owner": "A/1"}).encode())
        self.witness.leaves(self.at, "A", DATABASE, "create", create)
        self.storage.do(
            lambda tx: tx.execute(
                "INSERT INTO database_orders (id, caller, fingerprint, status, version, owner,"
                " lease_until, rounds, created_ms, updated_ms, order_json, progress_json)"
                " VALUES (:id, 'c', 'f', 'PENDING', 1, 'A/1', :until, 0, 0, 0, '{}', '{}')",
                id=ORDER,
                until=NOW_MS + 6000,
            )
        )

    def stands(self, status: str, progress: str = "{}") -> None:
        """Let the record say this."""
        self.storage.do(
            lambda tx: tx.execute(
                "UPDATE database_orders SET status = :status, progress_json = :progress",
                status=status,
                progress=progress,
            )
        )

    def send(
        self, call: str, *, replica: str = "A", key: str = "", body: bytes = b"{}", seen: int = 200
    ) -> None:
        """Send a call and let its answer be seen."""
        request = Request("POST", "/x", {"X-Idempotency-Key": key or f"{ORDER}:{call}"}, body)
        sent = self.witness.leaves(self.at, replica, "service", call, request)
        sent.done.append((self.at, seen))
        self.witness.returns(sent, Reply(seen, b"{}", {}))

    def decide(self) -> None:
        """Write the decision to compensate."""
        request = Request("PATCH", "/x", {"X-Idempotency-Key": f"{ORDER}:w"}, b"{}")
        self.witness.leaves(self.at, "A", DATABASE, "decide", request)
        self.stands("COMPENSATING")

    @property
    def broken(self) -> set[str]:
        """The rules that were."""
        return {violation.rule for violation in self.witness.violations}


@pytest.fixture
def wire() -> Wire:
    """Give an order that is held."""
    return Wire()


def test_the_protocol_as_it_is_written_breaks_nothing(wire: Wire) -> None:
    """Forward, a refusal, the decision, and the undos in reverse."""
    for call in ("reserve", "authorize", "authorize", "ship"):
        wire.send(call)
    wire.send("capture", seen=409)
    wire.decide()
    for call in ("cancel", "refund", "release"):
        wire.send(call)

    assert set() == wire.broken


def test_a_key_that_is_not_the_orders(wire: Wire) -> None:
    """Keys are the order's id and the operation, on every try."""
    wire.send("reserve", key=f"{ORDER}:reserve:2")

    assert {"3.2"} == wire.broken


def test_a_key_with_another_body(wire: Wire) -> None:
    """A repeat is a repeat to the byte."""
    wire.send("reserve")
    wire.send("reserve", body=b'{"other":1}')

    assert {"3.2"} == wire.broken


def test_a_refusal_that_is_not_taken(wire: Wire) -> None:
    """A definite no is not asked again."""
    wire.send("reserve", seen=409)
    wire.send("reserve")

    assert {"3.4"} == wire.broken


def test_a_worker_without_the_order(wire: Wire) -> None:
    """Only who has the lease may act."""
    wire.send("reserve", replica="B")

    assert {"4 lease"} == wire.broken


def test_a_worker_whose_lease_is_over(wire: Wire) -> None:
    """And only while it lasts."""
    wire.at += 6.1
    wire.send("reserve")

    assert {"4 lease"} == wire.broken


def test_an_undo_before_the_decision(wire: Wire) -> None:
    """Nothing is taken back of an order that is PENDING on record."""
    wire.send("release")

    assert {"4 decision"} == wire.broken


def test_a_step_after_the_decision(wire: Wire) -> None:
    """Nothing goes forward of an order that is COMPENSATING on record."""
    wire.stands("COMPENSATING")
    wire.send("reserve")

    assert {"4 decision"} == wire.broken


@pytest.mark.parametrize(
    ("first", "seen", "then"), [("release", 200, "refund"), ("cancel", 500, "refund")]
)
def test_undos_out_of_order(wire: Wire, first: str, seen: int, then: str) -> None:
    """In reverse, and none before the one that precedes it has succeeded."""
    wire.decide()
    wire.send(first, seen=seen)
    wire.send(then)

    assert {"4 reverse"} == wire.broken


def test_a_decision_past_the_pivot(wire: Wire) -> None:
    """Once captured, only a refusal sends an order back; what is on record counts too."""
    wire.send("capture")
    wire.send("commit", seen=503)
    wire.decide()

    assert {"4 pivot"} == wire.broken


def test_a_decision_past_a_pivot_on_record(wire: Wire) -> None:
    """A successor is bound by what its predecessor has written down."""
    wire.stands("PENDING", '{"pivotPassed":true}')
    wire.decide()

    assert {"4 pivot"} == wire.broken
