"""One state of the whole: the record, the participants, the workers, the network, the client.

Nothing counts up: of a version only "mine is the latest" matters, of time only what has run out,
of faults no number is kept. So there are finitely many states, and all of them can be visited.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from orchestrator.domain import OrderStatus
from proof.model.books import Books
from proof.model.deciding import Write
from proof.model.operations import Operation


class Record(NamedTuple):
    """The order in the database service.

    `pivot`: it is recorded that the pivot is passed. `old`: older than the resume window.
    `leased`: the lease has not run out.
    """

    status: OrderStatus
    pivot: bool
    old: bool
    leased: bool


class Version(IntEnum):
    """How the version that a worker holds compares with the record's."""

    LATEST = 0
    MINE_UNHEARD = 1
    """The record's is the worker's own next write; its answer has not been heard."""
    PASSED = 2
    """Somebody else has written since."""


class Worker(NamedTuple):
    """A worker that has, or had, the order.

    `doubt`: a try of its present call or write was never answered. `origin`: it runs for the client
    that placed the order.
    """

    belief: int
    doubt: bool
    version: Version
    origin: bool


class Told(IntEnum):
    """The client's answer. One that promises nothing (504, "pending") is like none yet."""

    NOTHING = 0
    CONFIRMED = 201
    ACCEPTED = 202
    ACCEPTED_THEN_REFUSED = 203
    """202, and since then an upstream has definitely refused: the order may go back."""
    FAILED = 400
    """A failure with compensation "completed", or "none" because nothing had begun."""


class Late(NamedTuple):
    """A request that nobody waits for: it arrives some time, or never.

    A `call` to an upstream, or a `write` of the record.
    """

    name: str
    call: Operation | None
    write: Write | None


class State(NamedTuple):
    """`workers` has a fixed number of slots; an empty one may take the order over."""

    record: Record
    books: Books
    workers: tuple[Worker | None, ...]
    late: tuple[Late, ...]
    told: Told


FINAL: Final = frozenset({OrderStatus.CONFIRMED, OrderStatus.FAILED})


class Kind(IntEnum):
    """What a move is; `telling.py` words it."""

    CALLS = 0
    IS_REFUSED = 1
    HEARS_NOTHING = 2
    CANNOT_SEND = 3
    GIVES_UP = 4
    WRITES = 5
    WRITES_UNHEARD = 6
    LOSES = 7
    CRASHES = 8
    HANDS_OVER = 9
    ANSWERS_EARLY = 10
    TAKES_OVER = 11
    TAKES_OVER_TOO_OLD = 12
    LEASE_ENDS = 13
    ARRIVES_LATE = 14
    IS_LOST = 15
    EXPIRES = 16
    LEAVES = 17
    RETURNS = 18
    CLIENT_READS = 19
    FORGOTTEN = 20


class Move(NamedTuple):
    """One step of the whole; `slot` is the worker's, `what` the operation or status."""

    kind: Kind
    slot: int
    what: str


Next = tuple[Move, State]
