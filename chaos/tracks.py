"""What is done when: three tracks side by side, each a shuffled deck that is played to its end."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from chaos.deck import Deck
from chaos.diary import Diary, Injection, Kind
from chaos.link_blows import LinkBlows
from chaos.replica_blows import ReplicaBlows
from chaos.service_blows import ServiceBlows

Blow = Callable[[], Awaitable[Injection]]

_GRACE_S: Final = 120.0
"""A run goes on until nothing is missing from it, but no longer than this beyond its length; the
figures then say what was missing."""

_SHORT_S: Final = 60.0
_REST_S: Final = (0.1, 0.5)
"""Between two blows of a track in a short run, which is to meet them all."""

_LONG_REST_S: Final = (2.0, 7.0)
"""And in a long one: where nothing ever works, nothing is ordered."""


@dataclass(frozen=True)
class Track:
    """Blows that are struck one after the other: no two of them at the same thing."""

    name: str
    blows: Mapping[Kind, Blow]


def replica_track(blows: ReplicaBlows) -> Track:
    """What befalls replicas."""
    return Track(
        "replicas",
        {
            Kind.REPLICA_KILLED: blows.kill,
            Kind.REPLICA_LOST: blows.lose,
            Kind.REPLICA_ASLEEP: blows.put_to_sleep,
            Kind.ROLLING_RESTART: blows.restart_all,
            Kind.CLOCK_SKEWED: blows.skew_clock,
            Kind.NO_DATABASE_AT_START: blows.start_without_database,
        },
    )


def service_track(blows: ServiceBlows, *, postgres: bool) -> Track:
    """What befalls the services and PostgreSQL."""
    table: dict[Kind, Blow] = {
        Kind.DATABASE_KILLED: blows.kill_database,
        Kind.DATABASE_PAUSED: blows.pause_database,
        Kind.UPSTREAM_KILLED: blows.kill_upstream,
    }
    if postgres:
        table[Kind.POSTGRES_CRASHED] = blows.crash_postgres
        table[Kind.POSTGRES_PAUSED] = blows.pause_postgres
    return Track("services", table)


def link_track(blows: LinkBlows) -> Track:
    """What befalls the network."""
    return Track(
        "network",
        {
            Kind.LINK_CUT: blows.cut,
            Kind.LINK_REFUSED: blows.refuse,
            Kind.ANSWERS_LOST: blows.lose_answers,
            Kind.LINK_SLOW: blows.slow_down,
            Kind.LINK_SILENT: blows.fall_silent,
            Kind.REQUESTS_LATE: blows.hold,
        },
    )


async def rage(
    tracks: Sequence[Track],
    diary: Diary,
    least: Mapping[Kind, int],
    seconds: float,
    rng: random.Random,
) -> None:
    """Strike until the time is over and nothing is owed; return when everything is mended."""
    began = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for track in tracks:
            seeded = random.Random(rng.random())  # noqa: S311 - to be repeated, not to be secret
            group.create_task(_play(track, diary, least, (began, seconds), seeded))


async def _play(
    track: Track,
    diary: Diary,
    least: Mapping[Kind, int],
    span: tuple[float, float],
    rng: random.Random,
) -> None:
    began, seconds = span
    deck = Deck(tuple(track.blows), rng)
    rest_s = _REST_S if seconds <= _SHORT_S else _LONG_REST_S
    while True:
        owed = {kind for kind in track.blows if diary.proven[kind] < least[kind]}
        spent_s = time.monotonic() - began
        if spent_s > (seconds + _GRACE_S if owed else seconds):
            return
        playable = owed if spent_s > seconds else set(track.blows)
        kind = deck.deal_first(playable.__contains__)
        if kind is not None:
            at_s = diary.now_s
            injection = await track.blows[kind]()
            diary.note(replace(injection, at_s=at_s, took_s=diary.now_s - at_s))
            await asyncio.sleep(rng.uniform(*rest_s))
        else:
            deck.shuffle()
