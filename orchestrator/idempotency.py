"""A key is bound to its caller and the order's fingerprint by one atomic insert, or not at all."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from clients.call import CallLimits
from clients.database import DatabaseClient, NewOrder, StoredOrder
from orchestrator.domain import Order, OrderStatus
from orchestrator.saga.custody import Custody, Lease
from orchestrator.saga.progress import Progress
from orchestrator.saga.record import encode_order, encode_progress

_escaped: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
"""The canonical form, in ASCII. Where nothing is to be escaped, orjson's bytes are the same; where
something is, they are not, and keys that are bound already are bound to these."""


_NOTHING_DONE: Final = encode_progress(Progress())
"""The progress of every new order."""


class Claim(NamedTuple):
    """Who asks (`caller`) and under which name for the request (`key`, if any)."""

    caller: str
    key: str | None


class Fresh(NamedTuple):
    """The order is new and ours to carry out."""

    custody: Custody


class Replay(NamedTuple):
    """The key's order is final: its answer is given again."""

    stored: StoredOrder


class InFlight(NamedTuple):
    """The key's order is not final yet: whoever asks again waits for it."""

    stored: StoredOrder


@dataclass(frozen=True, slots=True)
class KeyReused:
    """The key belongs to an order with another body."""


Admitted = Fresh | Replay | InFlight | KeyReused


class IdempotencyKeys:
    """Binds keys through the database service, where two replicas cannot both win.

    `replica` names this process in owner tokens; `lease_s` and `key_ttl_s` are in seconds.
    """

    def __init__(
        self,
        database: DatabaseClient,
        *,
        replica: str,
        lease_s: float,
        key_ttl_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._replica = replica
        self._lease_s = lease_s
        self._key_ttl_s = key_ttl_s
        self._clock = clock

    def new_owner(self) -> str:
        """A token that no other worker has: it names this replica and one custody."""
        return f"{self._replica}/{os.urandom(6).hex()}"

    async def admit(self, order: Order, claim: Claim, owner: str, limits: CallLimits) -> Admitted:
        """Create the order, or find the one that the key is bound to; raises `UpstreamError`."""
        document = encode_order(order)
        mark = fingerprint(document)
        began = self._clock()
        new = NewOrder(
            id=order.id,
            owner=owner,
            lease_s=self._lease_s,
            caller=claim.caller,
            key=claim.key,
            key_ttl_s=self._key_ttl_s,
            fingerprint=mark,
            user_id=order.user_id,
            order=document,
            progress=_NOTHING_DONE,
        )
        stored = await self._database.create(new, limits)
        if stored.id == order.id and stored.owner == owner:
            lease = Lease(owner, began + self._lease_s, self._lease_s)
            custody = Custody(
                self._database, stored, lease, headers=limits.headers, clock=self._clock
            )
            return Fresh(custody)
        return known(stored, mark)

    async def find(self, claim: Claim, order: Order, limits: CallLimits) -> Admitted | None:
        """The order that the key is bound to, without creating one."""
        if claim.key is None:
            return None
        stored = await self._database.get_by_key(claim.caller, claim.key, limits)
        return None if stored is None else known(stored, fingerprint(encode_order(order)))


def known(stored: StoredOrder, mark: str) -> Admitted:
    """What a key means that is bound already, to a request whose fingerprint is `mark`."""
    if stored.fingerprint != mark:
        return KeyReused()
    return Replay(stored) if OrderStatus(stored.status).final else InFlight(stored)


def fingerprint(document: dict[str, Any]) -> str:
    """SHA-256 of method, route and the validated order in canonical form.

    White space, the order of members, and "499.5" for 499.50 make no difference; anything that was
    ordered does.
    """
    ordered = {**document}
    ordered.pop("trace", None)
    canonical = orjson.dumps(ordered, option=orjson.OPT_SORT_KEYS)
    if not canonical.isascii():
        canonical = _escaped(ordered).encode()
    return hashlib.sha256(b"POST /orders\n" + canonical).hexdigest()
