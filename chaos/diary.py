"""What was done to the system, and the proof that it hit something."""

import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be done."""

    REPLICA_KILLED = "replica killed and restarted"
    REPLICA_LOST = "replica lost for good, replaced"
    REPLICA_ASLEEP = "replica paused beyond its lease"
    ROLLING_RESTART = "all replicas restarted by SIGTERM"
    CLOCK_SKEWED = "replica with a wrong clock"
    NO_DATABASE_AT_START = "replica started while the database was down"
    DATABASE_KILLED = "database service killed"
    DATABASE_PAUSED = "database service paused"
    UPSTREAM_KILLED = "inventory, payment or shipping killed"
    POSTGRES_CRASHED = "PostgreSQL crashed"
    POSTGRES_PAUSED = "PostgreSQL paused"
    LINK_CUT = "connections cut"
    LINK_REFUSED = "connections refused"
    ANSWERS_LOST = "answers lost"
    LINK_SLOW = "requests delayed"
    LINK_SILENT = "connections half open"
    REQUESTS_LATE = "requests delivered after their caller gave up"


@dataclass(frozen=True)
class Injection:
    """One thing done; `proof` is None when nothing shows that it hit anything."""

    kind: Kind
    target: str
    proof: str | None
    at_s: float = 0.0
    took_s: float = 0.0

    def __str__(self) -> str:
        span = f"{self.at_s:7.1f} s +{self.took_s:4.1f} s"
        return f"{span}  {self.kind} [{self.target}]: {self.proof or 'hit nothing'}"


class Diary:
    """All injections, in time."""

    def __init__(self) -> None:
        self.injections: list[Injection] = []
        self.attempted: Counter[Kind] = Counter()
        self.proven: Counter[Kind] = Counter()
        self._began = time.monotonic()

    @property
    def now_s(self) -> float:
        """Since the diary was begun."""
        return time.monotonic() - self._began

    def note(self, injection: Injection) -> None:
        """Keep it."""
        self.injections.append(injection)
        self.attempted[injection.kind] += 1
        self.proven[injection.kind] += injection.proof is not None
