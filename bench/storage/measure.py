"""One operation, asked for by many at once until enough has been answered."""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.storage.line import Line
from bench.storage.operations import Operation
from bench.storage.scene import Scene

AT_ONCE: Final = 32
"""Requests under way: as many orders as one replica is usually busy with."""


@dataclass(frozen=True)
class Cost:
    """Of one operation, in microseconds where nothing else is said."""

    name: str
    count: int
    per_s: float
    median_us: float
    p99_us: float
    service_cpu_us: float
    server_cpu_us: float


class WrongAnswerError(Exception):
    """The service did not do what was asked: a figure for that would mean nothing."""


async def measure(scene: Scene, operation: Operation, count: int) -> Cost:
    """Ask `count` times, AT_ONCE at a time, and return what it cost.

    Raises:
        WrongAnswerError: An answer had another status than it should have.
    """
    lines = [await Line.to(*scene.address) for _ in range(AT_ONCE)]
    requests = itertools.islice(operation.requests, count)
    before, began = scene.cpu_s(), time.perf_counter()
    took = await asyncio.gather(*(_ask(line, requests, operation) for line in lines))
    wall_s, after = time.perf_counter() - began, scene.cpu_s()
    for line in lines:
        line.close()
    each = sorted(itertools.chain.from_iterable(took))
    return Cost(
        operation.name,
        count,
        per_s=count / wall_s,
        median_us=statistics.median(each) * 1e6,
        p99_us=each[len(each) * 99 // 100] * 1e6,
        service_cpu_us=(after[0] - before[0]) / count * 1e6,
        server_cpu_us=(after[1] - before[1]) / count * 1e6,
    )


async def _ask(line: Line, requests: Iterator[bytes], operation: Operation) -> Sequence[float]:
    took = []
    for request in requests:
        began = time.perf_counter()
        reply = await line.ask(request)
        took.append(time.perf_counter() - began)
        if reply.status != operation.status:
            text = reply.body[:200].decode(errors="replace")
            raise WrongAnswerError(f"{operation.name}: {reply.status} {text}")
    return took
