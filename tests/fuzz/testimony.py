"""What must be true of many workers' accounts of the same orders, whoever came first."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from tests.fuzz.crowd import Event, Record

Version: TypeAlias = tuple[str, int]
"""An order's id, and one of its versions."""

_PASSING: Final = "ageS"
"""The one member of a record that its reader's moment decides."""

OK: Final = 200
CREATED: Final = 201
FINAL: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})


class Accounts:
    """All events of a run, by what they made."""

    def __init__(self, events: Iterable[Event], left: list[Record]) -> None:
        """`left` is every order as it stands in the end."""
        self._events = list(events)
        self._left = left
        self._seen: dict[Version, Record] = dict(self._all())
        self._made = dict(self._makers())

    def faults(self) -> list[str]:
        """What cannot be true."""
        return [
            *self._contradictions(),
            *self._gaps(),
            *self._wrong_ways(),
            *self._thefts(),
            *self._stale_writes(),
            *self._lost_writes(),
            *self._steps_back(),
            *self._shared_keys(),
        ]

    def _all(self) -> Iterator[tuple[Version, Record]]:
        for event in self._events:
            for record in event.records:
                yield (record["id"], record["version"]), record
        for record in self._left:
            yield (record["id"], record["version"]), record

    def _makers(self) -> Iterator[tuple[Version, Event]]:
        """Which event made which version; of a worker's several with one answer it was the first.

        The later ones are repeats: they were shown what the first had made.
        """
        for event in sorted(self._events, key=lambda event: event.began, reverse=True):
            for record in event.records:
                if self._is_maker(event, record):
                    yield _version(record), event

    def _is_maker(self, event: Event, record: Record) -> bool:
        match event.did:
            case "create":
                mine = record["owner"] == event.worker and record["id"] == event.asked["id"]
                return event.status == CREATED and record["version"] == 1 and mine
            case "write":
                return event.status == OK
            case "claim":
                before = self._seen.get((record["id"], record["version"] - 1))
                return before is not None and before["rounds"] + 1 == record["rounds"]
            case _:
                return False

    def _contradictions(self) -> Iterator[str]:
        """One version of an order is one record, whoever reads it."""
        for version, record in self._all():
            if _lasting(record) != _lasting(self._seen[version]):
                yield f"{version} was seen as two: {record} and {self._seen[version]}"

    def _gaps(self) -> Iterator[str]:
        """Each order's versions are 1, 2, 3 … and each was somebody's doing."""
        for record in self._left:
            for number in range(1, record["version"] + 1):
                if (record["id"], number) not in self._made:
                    yield f"nobody made version {number} of {record['id']}"

    def _wrong_ways(self) -> Iterator[str]:
        """Nothing comes after a final status, and nothing forward after COMPENSATING."""
        for before, after in self._pairs():
            way = (before["status"], after["status"])
            if before["status"] in FINAL or way == ("COMPENSATING", "PENDING"):
                yield f"{before['id']} went from {way[0]} to {way[1]}"

    def _thefts(self) -> Iterator[str]:
        """A claim takes no order whose lease is running."""
        for before, after in self._pairs():
            taker, holder = self._made[_version(after)], self._made.get(_version(before))
            if taker.did == "claim" and holder is not None and _leases(holder):
                yield f"{taker.worker} took {_version(before)} from {holder.worker}"

    def _stale_writes(self) -> Iterator[str]:
        """Who wrote a version owned the one before it."""
        for before, after in self._pairs():
            writer = self._made[_version(after)]
            if writer.did == "write" and before["owner"] != writer.worker:
                yield f"{writer.worker} wrote {_version(before)}, which {before['owner']} owned"

    def _lost_writes(self) -> Iterator[str]:
        """A write that was acknowledged is what its version says."""
        for event in self._events:
            if event.did == "write" and event.status == OK:
                (record,) = event.records
                if record["progress"] != event.asked["progress"]:
                    yield f"{event.worker} was told of {record}, but wrote {event.asked}"
                if record["version"] != event.asked["version"] + 1:
                    yield f"the write of {event.asked} was told as version {record['version']}"

    def _steps_back(self) -> Iterator[str]:
        """Who asks after another was answered sees what that one saw, or later."""
        newest: defaultdict[str, int] = defaultdict(int)
        answered = deque(sorted(self._events, key=lambda event: event.ended))
        for event in sorted(self._events, key=lambda event: event.began):
            while answered and answered[0].ended < event.began:
                for record in answered.popleft().records:
                    newest[record["id"]] = max(newest[record["id"]], record["version"])
            for record in event.records:
                if record["version"] < newest[record["id"]]:
                    yield f"{event.did} saw {_version(record)} after {newest[record['id']]}"

    def _shared_keys(self) -> Iterator[str]:
        """A key names one order: the others that were to have it are not there."""
        named: defaultdict[str, set[str]] = defaultdict(set)
        left = {record["id"] for record in self._left}
        for event in self._events:
            key = event.asked.get("key") if event.did == "create" else None
            if key is not None and event.status == OK:
                named[key] |= {record["id"] for record in event.records} & left
        for key, ids in named.items():
            if len(ids) > 1:
                yield f"{key} named {sorted(ids)}"

    def _pairs(self) -> Iterator[tuple[Record, Record]]:
        """Each version that was seen, with the one before it."""
        for (order_id, number), after in self._seen.items():
            before = self._seen.get((order_id, number - 1))
            if before is not None and (order_id, number) in self._made:
                yield before, after


def _version(record: Record) -> Version:
    return record["id"], record["version"]


def _lasting(record: Record) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != _PASSING}


def _leases(event: Event) -> bool:
    """Whether what the event made stays its maker's, or nobody's, for long."""
    return bool(event.asked.get("leaseS") or event.asked.get("releaseForS"))
