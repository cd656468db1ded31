"""Small services with one defect each, in what they do: one method overridden."""
# ruff: noqa: D102, ARG002 - a method is described where it is overridden, and has its parameters

import contextlib

import httpx

from tests.conformance.small import Small
from tests.conformance.small_stock import Body, Refused, Said, Thing


class Careless(Small):
    """Looks first and acts then, and others come in between: no lock, no transaction."""

    def __init__(self, service: str, *, ttl_s: float = float("inf")) -> None:
        super().__init__(service, ttl_s=ttl_s)
        self.lock = contextlib.nullcontext()


class HidesOverselling(Careless):
    """Sells more than there is, and never shows more reserved than that."""

    def move(self, body: Body, *, on_hand: int = 0, reserved: int = 0) -> None:
        super().move(body, on_hand=on_hand, reserved=reserved)
        for levels in self.stock.values():
            levels[1] = min(levels)


class InProgressIsRefused(Small):
    """Answers 409 to a repeat that comes while the first is under way."""

    def __init__(self, service: str, *, ttl_s: float = float("inf")) -> None:
        super().__init__(service, ttl_s=ttl_s)
        self.lock = contextlib.nullcontext()
        self.under_way: set[str] = set()

    async def route(self, request: httpx.Request) -> Said:
        key = request.headers.get("X-Idempotency-Key", "")
        if key and key in self.under_way:
            raise Refused(409, "in_progress")
        self.under_way.add(key)
        try:
            return await super().route(request)
        finally:
            self.under_way.discard(key)


class FinishesTwice(Small):
    """Takes the units off the shelf at each commit."""

    def stored(self, key: str, fingerprint: str) -> Said | None:
        return None if key.endswith(":commit") else super().stored(key, fingerprint)

    async def finish(self, name: str) -> Said:
        if (thing := self.things.get(name)) and thing.status == self.contract.finished:
            self.move(thing.body, on_hand=-1)
        return await super().finish(name)


class UndoesTwice(Small):
    """Puts the units back at each release."""

    def stored(self, key: str, fingerprint: str) -> Said | None:
        return None if ":create" in key or "release" in key else super().stored(key, fingerprint)

    def give_back(self, thing: Thing, before: str) -> None:
        super().give_back(thing, before)
        if before in self.contract.undone:
            self.move(thing.body, reserved=-1)


class RefusedRowStays(Small):
    """Writes the row, then refuses, and does not take the row back."""

    def refuse(self, body: Body) -> None:
        try:
            super().refuse(body)
            if (
                self.contract.service == "inventory"
                and self.available(body["items"][0]["sku"]) < body["items"][0]["qty"]
            ):
                self.out_of_stock(body["items"])
        except Refused:
            self.things[body["id"]] = Thing(body["id"], self.contract.created, body)
            raise

    def store_refusal(self, key: str, fingerprint: str, refusal: Refused) -> None:
        pass


class FinishesTheUndone(Small):
    """Captures what was given back."""

    async def finish(self, name: str) -> Said:
        thing = self.things.get(name)
        if thing is not None and thing.status in self.contract.undone:
            self.move(thing.body, on_hand=-1)
            thing.status = str(self.contract.finished)
        return await super().finish(name)


class KeepsWhatIsUndone(Small):
    """Undoes in name only."""

    def give_back(self, thing: Thing, before: str) -> None:
        pass


class FinishedIsFinal(Small):
    """Refuses to undo what is committed."""

    def give_back(self, thing: Thing, before: str) -> None:
        if before == self.contract.finished:
            raise Refused(409, "committed")
        super().give_back(thing, before)


class TakesAnything(Small):
    """Checks no body."""

    def makes_sense(self, body: Body) -> bool:
        return True

    def refuse(self, body: Body) -> None:
        with contextlib.suppress(AttributeError, TypeError):
            super().refuse(body)

    async def take(self, body: Body) -> None:
        pass


class FinishLeavesATrace(Small):
    """Writes a row when it is asked to finish what is unknown."""

    async def finish(self, name: str) -> Said:
        if name not in self.things:
            self.things[name] = Thing(name, self.contract.undone[0], {"orderId": ""})
            raise Refused(404, "unknown")
        return await super().finish(name)


class LineByLine(Small):
    """Reserves one line after the other, and keeps what it has when one is short."""

    async def take(self, body: Body) -> None:
        for line in body.get("items", []):
            await super().take({"items": [line]})


class PutFrees(Small):
    """Frees what is reserved when the stock is set."""

    def put(self, sku: str, on_hand: int) -> None:
        self.stock[sku] = [on_hand, 0]


class NeverExpires(Small):
    """Keeps reservations for ever."""

    def status(self, thing: Thing) -> str:
        return thing.status


class CommitsTheExpired(Small):
    """Commits what has run out."""

    async def finish(self, name: str) -> Said:
        if name in self.things and self.status(thing := self.things[name]) == "expired":
            self.move(thing.body, reserved=0 if thing.status == self.contract.created else 1)
            thing.status, thing.expires_at = self.contract.created, float("inf")
        return await super().finish(name)


class ReleasesTheExpiredNot(Small):
    """Refuses to release what has run out."""

    def give_back(self, thing: Thing, before: str) -> None:
        if self.status(thing) == "expired":
            raise Refused(409, "expired")
        super().give_back(thing, before)


class RenewsTheExpired(Small):
    """Reserves anew when a create is repeated after its time."""

    def stored(self, key: str, fingerprint: str) -> Said | None:
        return None if key.endswith(":reserve") else super().stored(key, fingerprint)

    def exists(self, thing: Thing, body: Body) -> Said:
        self.sweep()
        if thing.status == "expired":
            self.move(body, reserved=1)
            thing.status, thing.expires_at = self.contract.created, float("inf")
        return Said(201, self.shown(thing))


class SoldExpires(Small):
    """Lets run out what was sold."""

    def sweep(self) -> None:
        super().sweep()
        for thing in self.things.values():
            if thing.status == self.contract.finished and self.ttl_s < 1:
                self.move(thing.body, on_hand=1)
                thing.status = "expired"
