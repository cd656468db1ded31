"""The database service: orders with their keys, leases and versions.

Every change is conditional: on the key being free (create), on version and owner (update), on the
lease having run out (claim). Its clock is the only clock that leases know.

What is made for every order is a named tuple (see call.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote, urlencode

from clients.call import Call, CallLimits
from clients.errors import Rejected
from clients.upstream import Upstream

Document = Mapping[str, Any]


class StoredOrder(NamedTuple):
    """An order as the database service keeps it; `order` and `progress` are the orchestrator's own.

    `owner` is the token of the worker that holds the lease; `rounds` counts how often the order was
    claimed by recovery; `age_s` is its age in seconds by the database service's clock.
    """

    id: str
    caller: str
    fingerprint: str
    status: str
    version: int
    owner: str | None
    rounds: int
    attention: Mapping[str, str] | None
    created_at: str
    updated_at: str
    age_s: float
    order: Document
    progress: Document

    @classmethod
    def parse(cls, record: Document) -> Self:
        """Read the wire form; a `KeyError` or `TypeError` means that it is not one."""
        return cls._make((*_head(record), record["order"], record["progress"]))

    @classmethod
    def completed(cls, record: Document, order: Document, progress: Document) -> Self:
        """Read an answer to a write, which may leave out what the write itself has said."""
        said = record.get("order", order), record.get("progress", progress)
        return cls._make((*_head(record), *said))


class NewOrder(NamedTuple):
    """What it takes to create an order; `key` is bound to `caller` and `fingerprint` with it."""

    id: str
    owner: str
    lease_s: float
    caller: str
    key: str | None
    key_ttl_s: float
    fingerprint: str
    user_id: str | None
    order: Document
    progress: Document


class Update(NamedTuple):
    """A compare-and-set: applied only while `version` and `owner` are the order's own.

    `write_id` names this write, so that its repeat after a lost answer is recognised. Exactly one
    of `lease_s` (keep the order) and `release_for_s` (give it up; claimable after that many
    seconds). `order` is not sent: it is what the record has had since its creation.
    """

    id: str
    owner: str
    version: int
    write_id: str
    status: str
    progress: Document
    order: Document
    attention: str | None = None
    lease_s: float | None = None
    release_for_s: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Orders, newest first, and where the next page begins."""

    items: list[StoredOrder]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """Orders that are not final, and those flagged for attention; ages in seconds."""

    unfinished: int
    flagged: int
    oldest_unfinished_age_s: float | None
    oldest_flagged_age_s: float | None


class VersionConflictError(Exception):
    """Somebody else has changed the order since; whoever sees this stops and reads it again."""


class DatabaseClient:
    """Calls of the database service; every method raises what `Upstream.send` raises."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def create(self, new: NewOrder, limits: CallLimits) -> StoredOrder:
        """Create the order and bind its key in one step, or return the order of a known key."""
        body = {
            "id": new.id,
            "owner": new.owner,
            "leaseS": new.lease_s,
            "caller": new.caller,
            "key": new.key,
            "keyTtlS": new.key_ttl_s,
            "fingerprint": new.fingerprint,
            "userId": new.user_id,
            "order": new.order,
            "progress": new.progress,
        }
        call = Call("create", "POST", "/orders", f"{new.id}:create", body, _answers_write(new.id))
        answer = await self._upstream.send(call, limits)
        return StoredOrder.completed(answer.body, new.order, new.progress)

    async def abandon(self, order_id: str, owner: str, limits: CallLimits) -> None:
        """Make sure that a create whose answer was lost has not happened and never will.

        Raises `Rejected` when the order exists and another worker has taken it over.
        """
        path = f"/orders/{order_id}/abandon"
        call = Call("abandon", "POST", path, f"{order_id}:abandon", {"owner": owner})
        await self._upstream.send(call, limits)

    async def update(self, update: Update, limits: CallLimits) -> StoredOrder:
        """Apply the compare-and-set; raises `VersionConflictError` when it was lost."""
        body: dict[str, Any] = {
            "owner": update.owner,
            "version": update.version,
            "writeId": update.write_id,
            "status": update.status,
            "progress": update.progress,
            "attention": update.attention,
        }
        if update.lease_s is not None:
            body["leaseS"] = update.lease_s
        else:
            body["releaseForS"] = update.release_for_s
        path = f"/orders/{update.id}"
        key, accepts = f"{update.id}:{update.write_id}", _answers_write(update.id)
        try:
            answer = await self._upstream.send(
                Call("update", "PATCH", path, key, body, accepts), limits
            )
        except Rejected as refusal:
            if refusal.code in {"version_conflict", "illegal_transition"}:
                raise VersionConflictError from refusal
            raise
        return StoredOrder.completed(answer.body, update.order, update.progress)

    async def claim(
        self, owner: str, lease_s: float, limit: int, limits: CallLimits
    ) -> list[StoredOrder]:
        """Take up to `limit` orders whose lease has run out; `owner` is new for every claim."""
        body = {"owner": owner, "leaseS": lease_s, "limit": limit}
        call = Call("claim", "POST", "/orders/claim", f"{owner}:claim", body, _is_list)
        answer = await self._upstream.send(call, limits)
        return [StoredOrder.parse(record) for record in answer.body["items"]]

    async def get(self, order_id: str, limits: CallLimits) -> StoredOrder | None:
        """The order, or `None` when there is none of this id."""
        path = f"/orders/{quote(order_id, safe='')}"
        return await self._find(Call("get", "GET", path, accepts=_is_record), limits)

    async def get_by_key(self, caller: str, key: str, limits: CallLimits) -> StoredOrder | None:
        """The order that `caller` bound `key` to, or `None`."""
        path = "/keys?" + urlencode({"caller": caller, "key": key})
        return await self._find(Call("get_by_key", "GET", path, accepts=_is_record), limits)

    async def list(self, filters: Mapping[str, str], limits: CallLimits) -> Page:
        """A page of orders, newest first; raises `Rejected` for a cursor that is not one."""
        call = Call("list", "GET", "/orders?" + urlencode(filters), accepts=_is_list)
        body = (await self._upstream.send(call, limits)).body
        return Page([StoredOrder.parse(record) for record in body["items"]], body.get("nextCursor"))

    async def backlog(self, limits: CallLimits) -> Backlog:
        """How much is unfinished and how much needs attention."""
        call = Call("stats", "GET", "/stats", accepts=lambda body: "unfinished" in body)
        body = (await self._upstream.send(call, limits)).body
        return Backlog(
            unfinished=body["unfinished"],
            flagged=body["flagged"],
            oldest_unfinished_age_s=body["oldestUnfinishedAgeS"],
            oldest_flagged_age_s=body["oldestFlaggedAgeS"],
        )

    async def _find(self, call: Call, limits: CallLimits) -> StoredOrder | None:
        try:
            answer = await self._upstream.send(call, limits)
        except Rejected as refusal:
            if refusal.status == _NOT_FOUND:
                return None
            raise
        return StoredOrder.parse(answer.body)


_NOT_FOUND: Final = 404

_HEAD: Final = (
    "id",
    "caller",
    "fingerprint",
    "status",
    "version",
    "owner",
    "rounds",
    "attention",
    "createdAt",
    "updatedAt",
    "ageS",
)
"""What every record has, in the order of the fields of `StoredOrder`; `order` and `progress`, which
may be large, follow."""

_head: Final = itemgetter(*_HEAD)
_HEAD_NAMES: Final = frozenset(_HEAD)

BRIEF: Final[Mapping[str, str]] = {"Prefer": "return=minimal"}
"""Sent with every request: the answer to a write need not say again what the write has said
(RFC 7240). A service that does not know it answers in full, and a record of somebody else's always
comes in full."""


def _has_head(body: dict[str, Any]) -> bool:
    return body.keys() >= _HEAD_NAMES and isinstance(body["version"], int)


def _is_record(body: dict[str, Any]) -> bool:
    return _has_head(body) and isinstance(body.get("order"), dict) and "progress" in body


def _answers_write(order_id: str) -> Callable[[dict[str, Any]], bool]:
    """Accept a record, or one without what was written if it is of the order that was written."""

    def accepts(body: dict[str, Any]) -> bool:
        if "order" in body or "progress" in body:
            return _is_record(body)
        return _has_head(body) and body["id"] == order_id

    return accepts


def _is_list(body: dict[str, Any]) -> bool:
    items = body.get("items")
    return isinstance(items, list) and all(
        isinstance(item, dict) and _is_record(item) for item in items
    )
