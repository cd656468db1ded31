"""Stories told in words, a line for each move."""

from collections.abc import Iterator, Mapping
from typing import Final

from orchestrator.domain import OrderStatus
from proof.model.search import Model, Story
from proof.model.state import FINAL, Kind, Move, State, Told, Version
from proof.model.words import stands

_ANSWERS: Final[Mapping[Told, str]] = {
    Told.CONFIRMED: "201",
    Told.ACCEPTED: "202",
    Told.FAILED: "that the order failed",
}

_LINES: Final[Mapping[Kind, str]] = {
    Kind.CALLS: "{who} sends {what}{again}: {effect}",
    Kind.IS_REFUSED: "{who} sends {what}{again}: refused",
    Kind.HEARS_NOTHING: "{who} sends {what} and hears nothing; the request is still on its way",
    Kind.CANNOT_SEND: "{who} cannot even connect to send {what}",
    Kind.GIVES_UP: "{who} gives up waiting for an answer to {what}",
    Kind.WRITES: "{who} {written}{told}",
    Kind.WRITES_UNHEARD: "{who} sends the write {what} and hears nothing; it is still on its way",
    Kind.LOSES: "{who} may not write {what}, for another has written since{goes_on}{told}",
    Kind.CRASHES: "{who} crashes",
    Kind.HANDS_OVER: "{who} shuts down and gives the lease up",
    Kind.ANSWERS_EARLY: "{who} is about to write {what}{told}",
    Kind.TAKES_OVER: "{who} takes the order over, which is {status}",
    Kind.TAKES_OVER_TOO_OLD: "{who} takes the order over, too old to go on with",
    Kind.LEASE_ENDS: "{asleep}the lease ends",
    Kind.ARRIVES_LATE: "the late {what} arrives: {effect}",
    Kind.IS_LOST: "the late {what} is lost",
    Kind.EXPIRES: "the reservation runs out",
    Kind.LEAVES: "the parcel leaves the warehouse",
    Kind.RETURNS: "the parcel comes back",
    Kind.CLIENT_READS: "the client looks at the order{told}",
    Kind.FORGOTTEN: "much later, the upstreams have forgotten the order",
}


def told(model: Model, story: Story) -> Iterator[str]:
    """The story's lines, without numbers."""
    telling = _Telling(model)
    before = model.start()
    for move, after in story:
        yield telling.line(move, before, after)
        before = after


class _Telling:
    """Remembers who is who: every worker that takes the order over gets the next number."""

    def __init__(self, model: Model) -> None:
        self._participants = model.setup.participants
        self._calls = {call.name: call for call in self._participants.calls}
        self._names = ["w1"] + [""] * (model.setup.bounds.workers - 1)
        self._workers = 1

    def line(self, move: Move, before: State, after: State) -> str:
        """What happened between the two states."""
        if move.kind in {Kind.TAKES_OVER, Kind.TAKES_OVER_TOO_OLD}:
            self._workers += 1
            self._names[move.slot] = f"w{self._workers}"
        worker = before.workers[move.slot]
        return _LINES[move.kind].format(
            who=self._names[move.slot],
            what=move.what,
            again=" again" if worker is not None and worker.doubt else "",
            effect=self._effect(move.what, before, after),
            written=_written(move.what, after) if move.kind is Kind.WRITES else "",
            goes_on=", and does not stop" if after.workers[move.slot] is not None else "",
            asleep=self._asleep(before),
            status=after.record.status,
            told=_answer(before, after),
        )

    def _effect(self, what: str, before: State, after: State) -> str:
        call = self._calls.get(what)
        if call is None:
            return f"the order is {after.record.status}"
        held = after.books.held[call.place]
        now = stands(call.upstream, held)
        if held is not before.books.held[call.place]:
            return now
        _, done = self._participants.apply(call, before.books)
        return f"{'answered yes' if done else 'refused'}, {now}"

    def _asleep(self, before: State) -> str:
        for name, worker in zip(self._names, before.workers, strict=True):
            if worker is not None and worker.version is not Version.PASSED:
                return f"{name} falls asleep, and "
        return ""


def _written(what: str, after: State) -> str:
    status = OrderStatus(what)
    if status in FINAL or after.record.leased:
        return f"writes {status}"
    recorded = ", on record that the pivot is passed" if after.record.pivot else ""
    return f"leaves the order {status} for later{recorded}"


def _answer(before: State, after: State) -> str:
    said = _ANSWERS.get(after.told)
    return f", and the client is told {said}" if said and before.told is not after.told else ""
