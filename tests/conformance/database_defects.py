"""Small database services with one defect each: one method overridden."""
# ruff: noqa: D102, ARG002 - a method is described where it is overridden, and has its parameters

import asyncio
import contextlib
import time

import httpx

from tests.conformance.small_database import FINAL, Row, SmallDatabase
from tests.conformance.small_stock import Body, Refused, Said


class CarelessDatabase(SmallDatabase):
    """Looks first and acts then, and others come in between: no lock, no transaction."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = contextlib.nullcontext()


class KeepsAFloat(SmallDatabase):
    """Reads numbers as floats, and knows what belongs into an order."""

    def first_record(self, body: Body) -> Body:
        record = super().first_record(body)
        known = {n: float(v) if isinstance(v, int) else v for n, v in record["order"].items()}
        return record | {"order": known}


class BeginsAtZero(SmallDatabase):
    """Counts versions from zero."""

    def first_record(self, body: Body) -> Body:
        return super().first_record(body) | {"version": 0}


class RefusesRepeats(SmallDatabase):
    """Answers 409 to a create that came before."""

    def repeated(self, row: Row) -> Said:
        raise Refused(409, "exists")


class NoKeys(SmallDatabase):
    """Binds no key."""

    def bound(self, key: tuple[str, str | None]) -> None:
        return None


class KeysOfEverybody(SmallDatabase):
    """Takes keys for unique, whoever sends them."""

    def key_of(self, body: Body) -> tuple[str, str | None]:
        return ("everybody", body["key"])


class NullIsAKey(SmallDatabase):
    """Binds orders without a key to no key."""

    def key_of(self, body: Body) -> tuple[str, str | None]:
        return (body["caller"], body["key"] or "null")


class KeysEndEarly(SmallDatabase):
    """Lets a key end by its time alone."""

    def bound(self, key: tuple[str, str | None]) -> Row | None:
        name, until = self.state.keys.get(key, ("", 0.0))
        return self.state.rows.get(name) if until > time.monotonic() else None


class KeysNeverEnd(SmallDatabase):
    """Keeps keys for ever."""

    def bound(self, key: tuple[str, str | None]) -> Row | None:
        return self.state.rows.get(self.state.keys.get(key, ("", 0.0))[0]) if key[1] else None


class WritesNothing(SmallDatabase):
    """Answers 200 to a write, and keeps nothing of its progress."""

    async def update(self, name: str, body: Body) -> Said:
        return await super().update(name, body | {"progress": {}})


class LastWriterWins(SmallDatabase):
    """Looks at neither version nor owner."""

    def expect_ours(self, row: Row, body: Body) -> None:
        pass


class AnyOwner(SmallDatabase):
    """Looks at the version only."""

    def expect_ours(self, row: Row, body: Body) -> None:
        super().expect_ours(row, body | {"owner": row.record["owner"]})


class NoWriteIds(SmallDatabase):
    """Takes the repeat of a write for a late one."""

    def is_repeat(self, row: Row, body: Body) -> bool:
        return False


class AnyTransition(SmallDatabase):
    """Lets any status follow any other."""

    def expect_allowed(self, now: str, then: str, row: Row) -> None:
        pass


class WritesCreate(SmallDatabase):
    """Answers 200 to a write to what does not exist."""

    async def update(self, name: str, body: Body) -> Said:
        if name not in self.state.rows:
            return Said(200, {"id": name, "version": 2})
        return await super().update(name, body)


class NothingIsDue(SmallDatabase):
    """Never lets a lease run out."""

    def is_due(self, row: Row) -> bool:
        return False


class EverythingIsDue(SmallDatabase):
    """Gives away what is leased."""

    def is_due(self, row: Row) -> bool:
        return row.record["status"] not in FINAL


class FinalIsDue(SmallDatabase):
    """Gives away what is final."""

    def is_due(self, row: Row) -> bool:
        return super().is_due(row) or (row.lease_until is None and row.record["rounds"] == 0)


class ClaimsWithoutVersion(SmallDatabase):
    """Leaves the version, and the owner that a write is held against, as they were."""

    def give(self, row: Row, body: Body) -> None:
        version = row.record["version"]
        super().give(row, body)
        row.record["version"] = version

    def expect_ours(self, row: Row, body: Body) -> None:
        super().expect_ours(row, body | {"owner": row.record["owner"]})


class ClaimsOnce(SmallDatabase):
    """Never gives an owner again what it has."""

    def held(self, owner: str) -> list[Body]:
        return []


class ReleasesNothing(SmallDatabase):
    """Takes the release of an order for one more lease."""

    def lease(self, row: Row, body: Body) -> None:
        super().lease(row, {"leaseS": 60, "status": body["status"]})


class RenewsNothing(SmallDatabase):
    """Leaves the lease as it was when a write comes."""

    def lease(self, row: Row, body: Body) -> None:
        if body["status"] in FINAL or "releaseForS" in body:
            super().lease(row, body)


class BuriesNothing(SmallDatabase):
    """Leaves no mark of what was abandoned."""

    def bury(self, name: str) -> None:
        pass


class UnknownIsNotFound(SmallDatabase):
    """Answers 404 to the abandoning of an unknown order."""

    async def abandon(self, name: str, body: Body) -> Said:
        self.row(name)
        return await super().abandon(name, body)


class KeysStayBound(SmallDatabase):
    """Leaves the key bound to what was abandoned."""

    def bound(self, key: tuple[str, str | None]) -> Row | None:
        if key in self.state.keys and self.state.keys[key][0] in self.state.dead:
            raise Refused(409, "key_in_use")
        return super().bound(key)

    def free_keys(self, name: str) -> None:
        pass


class AbandonsAnything(SmallDatabase):
    """Takes back what somebody works on."""

    def expect_untouched(self, row: Row, body: Body) -> None:
        pass


class LosesAnOrder(SmallDatabase):
    """Skips an order between two pages."""

    def page(self, query: dict[str, str]) -> Said:
        said = super().page(query)
        cursor = said.body["nextCursor"]
        return Said(200, said.body | {"nextCursor": cursor and str(int(cursor) + 1)})


class OldestFirst(SmallDatabase):
    """Sorts the wrong way round."""

    def sorted_rows(self) -> list[Row]:
        return super().sorted_rows()[::-1]


class NoFilter(SmallDatabase):
    """Ignores the status that is asked for."""

    def page(self, query: dict[str, str]) -> Said:
        return super().page({name: value for name, value in query.items() if name != "status"})


class BareDatabase(SmallDatabase):
    """Sends errors as bare JSON."""

    def on_the_wire(self, said: Said) -> httpx.Response:
        if said.status < 400:
            return super().on_the_wire(said)
        return httpx.Response(said.status, json={"code": said.body["code"], "record": {}})


class ForgetsOrders(SmallDatabase):
    """Keeps everything in memory."""

    async def restart(self) -> None:
        await asyncio.sleep(0)
        self.state = type(self.state)()


class ForgetsWriteIds(SmallDatabase):
    """Keeps the last write's id in memory."""

    async def restart(self) -> None:
        for row in self.state.rows.values():
            row.write_id = ""
