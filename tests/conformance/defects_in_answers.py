"""Small services with one defect each, in what they say: one method overridden."""
# ruff: noqa: D102, ARG002 - a method is described where it is overridden, and has its parameters

import json
from typing import ClassVar

import httpx

from tests.conformance.small import Small
from tests.conformance.small_stock import Body, Refused, Said, Thing


class OtherWords(Small):
    """Says "ok" where the contract has a status."""

    async def create(self, body: Body) -> Said:
        said = await super().create(body)
        return Said(said.status, said.body | {"status": "ok"})


class SaysNothing(Small):
    """Answers finish and undo with 204."""

    async def finish(self, name: str) -> Said:
        await super().finish(name)
        return Said(204)

    async def undo(self, name: str) -> Said:
        await super().undo(name)
        return Said(204)


class LeavesOut(Small):
    """Leaves members out of what it shows."""

    def shown(self, thing: Thing) -> Body:
        shown = super().shown(thing)
        return {n: v for n, v in shown.items() if n not in {"expiresAt", "trackingNumber"}}


class FloatMoney(Small):
    """Keeps money as a binary float."""

    def shown(self, thing: Thing) -> Body:
        shown = super().shown(thing)
        return shown | {"amount": float(shown["amount"])} if "amount" in shown else shown


class TwoDigits(Small):
    """Takes every currency for one of two digits."""

    def shown(self, thing: Thing) -> Body:
        shown = super().shown(thing)
        return shown | {"amount": f"{float(shown['amount']):.2f}"} if "amount" in shown else shown


class PlainText(Small):
    """Sends everything as text."""

    def on_the_wire(self, said: Said) -> httpx.Response:
        return httpx.Response(said.status, text=json.dumps(said.body))


class StaleReads(Small):
    """Shows everything as it was when it was new."""

    def read(self, name: str) -> Said:
        said = super().read(name)
        return Said(200, said.body | {"status": "new"})


class EverythingExists(Small):
    """Answers 200 to a GET of whatever is asked for."""

    def read(self, name: str) -> Said:
        return super().read(name) if name in self.things else Said(200, {"id": name})

    def on_stock(self, request: httpx.Request, sku: str) -> Said:
        return (
            super().on_stock(request, sku)
            if request.method == "PUT" or sku in self.stock
            else (Said(200, {"sku": sku, "onHand": 0, "reserved": 0, "available": 0}))
        )


class ForgetsTheUndone(Small):
    """Answers 404 to a GET of what was undone."""

    def read(self, name: str) -> Said:
        said = super().read(name)
        if said.body["status"] in self.contract.undone:
            raise Refused(404, "unknown")
        return said


class OneUndoneWord(Small):
    """Calls everything refunded, captured or not."""

    def undone_word(self, before: str) -> str:
        return self.contract.undone[-1]


class OtherCodes(Small):
    """Refuses everything as 400."""

    def on_the_wire(self, said: Said) -> httpx.Response:
        if said.status < 400:
            return super().on_the_wire(said)
        return super().on_the_wire(Said(400, said.body | {"status": 400, "code": "error"}))


class BareErrors(Small):
    """Sends errors as bare JSON, as frameworks do."""

    def on_the_wire(self, said: Said) -> httpx.Response:
        if said.status < 400:
            return super().on_the_wire(said)
        return httpx.Response(said.status, json={"detail": said.body["code"]})


class OneShortage(Small):
    """Tells unknown and sold-out products not apart, and says not what is short."""

    def out_of_stock(self, short: list[Body]) -> None:
        raise Refused(409, "out_of_stock")


class OnHandIsAvailable(Small):
    """Shows what is reserved as available."""

    def on_stock(self, request: httpx.Request, sku: str) -> Said:
        said = super().on_stock(request, sku)
        return Said(200, said.body | {"available": said.body["onHand"]})


class BusyForAYear(Small):
    """Says 503 to the first request, and to come again in a year."""

    said: ClassVar[Body] = {"status": 503, "code": "busy"}

    def on_the_wire(self, said: Said) -> httpx.Response:
        if self.turned_away:
            return super().on_the_wire(said)
        self.turned_away = True
        return httpx.Response(503, json=self.said, headers={"Retry-After": "next year"})

    turned_away = False
