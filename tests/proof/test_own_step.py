"""A step of your own, with a service of its own, is met by every fault without being asked for."""

import json
from collections.abc import Callable, Iterator

import pytest

from clients.call import Answer, Call, CallLimits
from clients.shape import known_as
from orchestrator.domain import Order
from orchestrator.saga.step import Step, Undo, Upstreams
from orchestrator.saga.table import ORDER_SAGA
from proof import faults
from proof.matrix import bases, find_case
from proof.stage import Stage
from proof.upstreams import Reply, Request, reply
from proof.world import World


async def screen(upstreams: Upstreams, order: Order, limits: CallLimits) -> Answer:
    """Open a case."""
    case = order.resource_id("screening")
    call = Call(
        "screen", "POST", f"/{case}", f"{order.id}:screen", {}, known_as(case, "passed", "dropped")
    )
    return await upstreams.others["fraud"].send(call, limits)


async def drop(upstreams: Upstreams, order: Order, limits: CallLimits) -> Answer:
    """Drop it."""
    case = order.resource_id("screening")
    call = Call("drop", "POST", f"/{case}/drop", f"{order.id}:drop", {}, known_as(case, "dropped"))
    return await upstreams.others["fraud"].send(call, limits)


SCREEN = Step("screen", "fraud", screen, Undo("drop", drop))
SAGA = (*ORDER_SAGA[:2], SCREEN, *ORDER_SAGA[2:])


class Fraud:
    """A fraud service that keeps the contract's five rules."""

    def __init__(self, clock: Callable[[], int]) -> None:
        del clock
        self.cases: dict[str, str] = {}

    def answer(self, request: Request) -> Reply:
        """Open or drop a case; a dropped one is never opened again."""
        _, case, *undo = request.path.split("/")
        if undo:
            self.cases[case] = "dropped"
        elif self.cases.setdefault(case, "passed") == "dropped":
            return reply(410, {"status": 410, "code": "cancelled"})
        return reply(200, {"id": case, "status": self.cases[case]})

    def forget(self) -> None:
        """Be as new."""
        self.cases.clear()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Give a stage whose orders are screened."""
    with Stage(World(saga=SAGA, others={"fraud": Fraud})) as opened:
        yield opened


@pytest.mark.parametrize("fault", faults.OF_A_PARTICIPANT, ids=lambda fault: fault.name)
@pytest.mark.parametrize(("base", "call"), [("well", "screen"), ("refused", "drop")])
def test_it_is_met_by_every_fault(stage: Stage, base: str, call: str, fault: faults.Fault) -> None:
    """Every fault of its call and of its undo happens, and nothing is left over, also in it."""
    outcome = stage.play(find_case(SAGA, f"{base}/{call}:{fault.name}"))
    fraud = stage.world.participants["fraud"]
    assert isinstance(fraud, Fraud)
    left_open = "passed" in fraud.cases.values()

    assert [] == outcome.violations
    assert outcome.fired[f"{call}:{fault.name}"]
    assert (outcome.statuses == "CONFIRMED") == left_open


def test_the_matrix_grows_by_its_pairs() -> None:
    """Two more calls raise the number of runs to what the table sizes multiply to."""
    for before, after in zip(bases(ORDER_SAGA), bases(SAGA), strict=True):
        n = len(after.injections)

        assert len(before.injections) <= n
        assert 1 + n + n * (n - 1) // 2 == after.runs


def test_a_step_whose_service_is_missing_is_an_error() -> None:
    """The proof does not go on without a participant: it says what to give."""
    with pytest.raises(LookupError, match="the step 'screen' calls 'fraud'"):
        World(saga=SAGA)


def test_the_made_up_service_speaks_json() -> None:
    """Its answers are what the step accepts."""
    opened = Fraud(lambda: 0).answer(Request("POST", "/c-1", {}, b"{}"))

    assert {"id": "c-1", "status": "passed"} == json.loads(opened.content)
