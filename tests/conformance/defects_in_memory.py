"""Small services with one defect each, in what they remember: one method overridden."""
# ruff: noqa: D102, ARG002 - a method is described where it is overridden, and has its parameters

import httpx

from tests.conformance.small import Small
from tests.conformance.small_stock import Body, Refused, Said, Thing


class NoMemory(Small):
    """Does everything anew, each time it is asked."""

    def stored(self, key: str, fingerprint: str) -> None:
        return None

    def exists(self, thing: Thing, body: Body) -> Said:
        self.move(body, reserved=1)
        thing.status = self.contract.created
        return Said(201, self.shown(thing))


class RepeatsSayOk(Small):
    """Answers a repeat with 200, whatever the first answer was."""

    def stored(self, key: str, fingerprint: str) -> Said | None:
        said = super().stored(key, fingerprint)
        return said and Said(200, said.body)


class RefusalsAreNotStored(Small):
    """Thinks about a refused request anew when it is repeated."""

    def store_refusal(self, key: str, fingerprint: str, refusal: Refused) -> None:
        pass


class ComparesBytes(Small):
    """Tells requests apart by their bytes."""

    def fingerprint(self, request: httpx.Request, body: Body) -> str:
        return request.content.decode()


class KeysOnly(Small):
    """Repeats the answer of a key, whatever comes with it."""

    def stored(self, key: str, fingerprint: str) -> Said | None:
        return self.answers[key][1] if key in self.answers else None


class IdsAreNoNames(Small):
    """Lets a create under another key replace what has its id."""

    def exists(self, thing: Thing, body: Body) -> Said:
        self.move(body, reserved=1)
        thing.body = body
        return Said(201, self.shown(thing))


class UnknownIsNotFound(Small):
    """Answers 404 to the undo of an unknown id."""

    async def undo(self, name: str) -> Said:
        if name not in self.things:
            raise Refused(404, "unknown")
        return await super().undo(name)


class NoMark(Small):
    """Answers 200 to the undo of an unknown id, and remembers nothing."""

    async def undo(self, name: str) -> Said:
        if name not in self.things:
            return Said(200, {"id": name, "status": self.contract.undone[0]})
        return await super().undo(name)


class MarkGoesWhenHit(Small):
    """Deletes a tombstone because it was hit."""

    def expect_no_mark(self, name: str, key: str) -> None:
        try:
            super().expect_no_mark(name, key)
        except Refused:
            if not self.things[name].body:
                del self.things[name]
            raise


class MarkOnTheKey(Small):
    """Hangs the tombstone of an unknown id on the key of its create."""

    def expect_no_mark(self, name: str, key: str) -> None:
        if key.endswith((":reserve", ":authorize", ":ship")):
            super().expect_no_mark(name, key)
        elif (thing := self.things.get(name)) is not None and not thing.body:
            del self.things[name]


class StoredAnswerFirst(Small):
    """Looks for the stored answer before the mark."""

    def expect_no_mark(self, name: str, key: str) -> None:
        if key not in self.answers:
            super().expect_no_mark(name, key)


class UndoDeletes(Small):
    """Deletes what it undoes; only unknown ids leave a mark."""

    async def undo(self, name: str) -> Said:
        known = name in self.things and bool(self.things[name].body)
        said = await super().undo(name)
        if known:
            del self.things[name]
            self.answers = {k: v for k, v in self.answers.items() if name not in v[0]}
        return said


class UndoOfUndoneClears(Small):
    """Clears the mark at the second undo."""

    async def undo(self, name: str) -> Said:
        said = await super().undo(name)
        if name in self.marked:
            del self.things[name]
        self.marked.add(name)
        return said

    def __init__(self, service: str, *, ttl_s: float = float("inf")) -> None:
        super().__init__(service, ttl_s=ttl_s)
        self.marked: set[str] = set()


class Forgets(Small):
    """Keeps everything in memory."""

    async def restart(self) -> None:
        self.things.clear()
        self.answers.clear()
        self.stock = {sku: [on_hand, 0] for sku, (on_hand, _) in self.stock.items()}


class ForgetsMarks(Small):
    """Keeps tombstones in memory."""

    async def restart(self) -> None:
        self.things = {n: t for n, t in self.things.items() if t.body}


class ForgetsAnswers(Small):
    """Keeps stored answers in memory."""

    async def restart(self) -> None:
        self.answers.clear()

    def exists(self, thing: Thing, body: Body) -> Said:
        raise Refused(409, "id_in_use")
