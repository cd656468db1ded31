"""Stories of commands, told to the database service and to the reference at once."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from services.database.model import Abandon, Claim, CreateOrder, OrderStatus, UpdateOrder
from tests.fuzz.ledger import Clock, Ledger
from tests.fuzz.reference import Order, Reference

IDS = st.sampled_from([f"o-{n}" for n in range(10)])
FIRST = ("o-1", "o-2", "o-3")
"""Orders that every story begins with; the second and third have keys."""
FEW_DEAD: Final = 3
"""Ids that are given up in one story: the dead have no story any more."""
WHICH = st.integers(0, 9)
"""One of the orders that there are."""
STATUSES = st.sampled_from(
    [*OrderStatus, *[OrderStatus.PENDING, OrderStatus.COMPENSATING] * 3]  # most orders live on
)
OWNERS = st.sampled_from(["w-1", "w-2", "w-3"])
CALLERS = st.sampled_from(["shop", "other shop"])
KEYS = st.sampled_from(["k-1", "k-2"])
PAUSES_S = st.sampled_from([0.0, 0.001, 1.0, 60.0])
"""Leases and lives of keys: over at once, in a moment, or not before much else has happened."""
TICKS_MS = st.sampled_from([0, 1, 500, 1000, 60_000])


class Commands(RuleBasedStateMachine):
    """Each rule asks the service and the reference; after each, all that is kept is compared."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        super().__init__()
        self.ledger = ledger
        self.clock = clock
        self.reference = Reference()
        self.writes = 0
        self.last_write: tuple[str, UpdateOrder] | None = None
        self.last_claim: Claim | None = None
        self.seen: dict[str, Order] = {}

    @initialize()
    def begin(self) -> None:
        """Every story begins with three orders on their way, and nothing else."""
        self.ledger.clear()
        for order_id, key in zip(FIRST, (None, "k-1", "k-2"), strict=True):
            self.create(order_id, "w-1", 60.0, "shop", key, 600.0)

    @rule(ms=TICKS_MS)
    def wait(self, ms: int) -> None:
        """Leases and keys run out."""
        self.clock.now_ms += ms

    @rule(
        order_id=IDS,
        owner=OWNERS,
        lease_s=PAUSES_S,
        caller=CALLERS,
        key=st.none() | KEYS,
        ttl_s=PAUSES_S,
    )
    def create(
        self,
        order_id: str,
        owner: str,
        lease_s: float,
        caller: str,
        key: str | None,
        ttl_s: float,
    ) -> None:
        """A new order, the same one again, another one under a key that is bound, or a dead one."""
        asked = CreateOrder.model_validate(
            {
                "id": order_id,
                "owner": owner,
                "leaseS": lease_s,
                "caller": caller,
                "key": key,
                "fingerprint": "f",
                "keyTtlS": ttl_s,
                "userId": None,
                "order": {},
                "progress": {},
            }
        )

        assert self.reference.create(self.clock.now_ms, asked) == self.ledger.create(asked)

    @precondition(lambda self: self.reference.keys)
    @rule(which=WHICH, order_id=IDS, owner=OWNERS, ttl_s=PAUSES_S)
    def reuse_key(self, which: int, order_id: str, owner: str, ttl_s: float) -> None:
        """Another order, mostly, under a key that has one."""
        keys = [*self.reference.keys]
        caller, key = keys[which % len(keys)]
        self.create(order_id, owner, 60.0, caller, key, ttl_s)

    @rule(
        which=WHICH,
        status=STATUSES,
        keep=st.booleans(),
        pause_s=PAUSES_S,
        attention=st.none() | st.sampled_from(["stuck", "still stuck"]),
    )
    def go_on(
        self, which: int, status: OrderStatus, keep: bool, pause_s: float, attention: str | None
    ) -> None:
        """A write by the owner at the present version."""
        owned = [order for order in self.reference.orders.values() if order.owner]
        if owned:
            order = owned[which % len(owned)]
            asked = self._new_write(order.owner, order.version, status, keep, pause_s, attention)
            self._write(order.id, asked)

    @rule(
        which=WHICH,
        behind=st.sampled_from([0, 0, 1, 2, -1]),
        owner=OWNERS,
        status=STATUSES,
        keep=st.booleans(),
        pause_s=PAUSES_S,
    )
    def write(
        self,
        which: int,
        behind: int,
        owner: str,
        status: OrderStatus,
        keep: bool,
        pause_s: float,
    ) -> None:
        """A write by anybody at any version to any order, or to one that is not there."""
        ids = [*self.reference.orders, "unknown"]
        order = self.reference.orders.get(ids[which % len(ids)])
        version = max(1, order.version - behind) if order else 1
        asked = self._new_write(owner, version, status, keep, pause_s, None)
        self._write(order.id if order else "unknown", asked)

    @precondition(lambda self: self.last_write is not None)
    @rule()
    def write_again(self) -> None:
        """The last write once more, its answer being lost: at once, or after much else."""
        assert self.last_write is not None
        self._write(*self.last_write)

    @rule(
        owner=OWNERS,
        lease_s=PAUSES_S,
        limit=st.sampled_from([1, 2, 100]),
    )
    def claim(self, owner: str, lease_s: float, limit: int) -> None:
        """A worker asks for what is left over."""
        asked = Claim.model_validate({"owner": owner, "leaseS": lease_s, "limit": limit})
        self.last_claim = asked
        self._claim(asked)

    @precondition(lambda self: self.last_claim is not None)
    @rule()
    def claim_again(self) -> None:
        """The last claim once more, its answer being lost."""
        assert self.last_claim is not None
        self._claim(self.last_claim)

    @precondition(lambda self: len(self.reference.dead) < FEW_DEAD)
    @rule(order_id=IDS, owner=OWNERS)
    def abandon(self, order_id: str, owner: str) -> None:
        """A create is taken back, or kept from ever coming."""
        asked = Abandon(owner=owner)

        assert self.reference.abandon(order_id, asked) == self.ledger.abandon(order_id, asked)

    @rule()
    def purge(self) -> None:
        """The chore comes round."""
        assert self.reference.purge(self.clock.now_ms) == self.ledger.purge()

    @rule(caller=CALLERS, key=KEYS)
    def look_up(self, caller: str, key: str) -> None:
        """A key names one order, or none."""
        expected = self.reference.bound(self.clock.now_ms, caller, key)

        assert expected == self.ledger.bound(caller, key)

    @rule(limit=st.integers(1, 3), newcomers=st.lists(st.integers(0, 5), unique=True))
    def read_all_pages(self, limit: int, newcomers: list[int]) -> None:
        """Pages give each order once, in order, while new ones come in at the front."""
        before = self.reference.newest()
        read: list[str] = []
        cursor: str | None = None
        for page in range(len(before) + len(newcomers) + 1):
            ids, cursor = self.ledger.page(limit, cursor)
            read += ids
            if cursor is None:
                break
            if page < len(newcomers):
                self.clock.now_ms += 1
                self.create(f"n-{newcomers[page]}", "w-1", 60.0, "shop", None, 0.0)

        assert before == [order_id for order_id in read if order_id in before]

    @invariant()
    def everything_is_as_the_reference_has_it(self) -> None:
        """No command changes anything that it should not, of any order."""
        kept = self.ledger.orders()

        assert self.reference.orders == kept
        for order_id, order in kept.items():
            self._follow(self.seen.get(order_id), order)
        self.seen = kept

    def _follow(self, before: Order | None, after: Order) -> None:
        """What must hold of any step of any order, whatever the reference says."""
        if before is None or before == after:
            return
        assert before.version + 1 == after.version
        assert not before.status.final
        assert (before.status, after.status) != (OrderStatus.COMPENSATING, OrderStatus.PENDING)
        if after.owner not in {before.owner, None}:
            assert before.lease_until is not None
            assert before.lease_until <= self.clock.now_ms

    def _new_write(
        self,
        owner: str | None,
        version: int,
        status: OrderStatus,
        keep: bool,
        pause_s: float,
        attention: str | None,
    ) -> UpdateOrder:
        self.writes += 1
        return UpdateOrder.model_validate(
            {
                "owner": owner,
                "version": version,
                "writeId": f"write-{self.writes}",
                "status": status,
                "progress": {},
                "attention": attention,
                "leaseS" if keep else "releaseForS": pause_s,
            }
        )

    def _write(self, order_id: str, asked: UpdateOrder) -> None:
        self.last_write = (order_id, asked)
        progress = f'{{"by":"{asked.write_id}"}}'
        expected = self.reference.update(self.clock.now_ms, order_id, asked, progress)

        assert expected == self.ledger.update(order_id, asked, progress)

    def _claim(self, asked: Claim) -> None:
        expected = self.reference.claim(self.clock.now_ms, asked)
        given = self.ledger.claim(asked)

        assert _by_id(expected) == _by_id(given)
        if asked.lease_s:  # else it is over already, and another claim is another
            assert _by_id(given) == _by_id(self.ledger.claim(asked))


def _by_id(orders: list[Order]) -> list[Order]:
    return sorted(orders, key=lambda order: order.id)
