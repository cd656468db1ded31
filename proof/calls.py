"""The calls of a saga, read from its own table: a new step is met by every fault unasked."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from orchestrator.saga.step import Step
from proof.upstreams import Request

DATABASE: Final = "database"
_FINAL: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED"})


class Way(StrEnum):
    """Which way an order is going when the call is made."""

    FORWARD = "forward"
    BACK = "back"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a worker makes for an order; `name` is the operation in its idempotency key."""

    name: str
    service: str
    way: Way
    pivot: bool = False


RECORD_CALLS: Final = tuple(
    Call(name, DATABASE, Way.RECORD)
    for name in (
        "create",  #  the first durable write: order, key and lease
        "decide",  #  the decision to compensate
        "finish",  #  the last durable write
        "park",  #    the lease is given up, to be tried again later
        "abandon",  # an order in doubt is withdrawn
        "claim",  #   a recovery takes what is due
        "get",  #     somebody waits for an order that another works on
    )
)


def calls_of(saga: tuple[Step, ...]) -> tuple[Call, ...]:
    """Every call that an order can need: steps, undos (newest first), the record."""
    forward = [Call(step.name, step.upstream, Way.FORWARD, step.pivot) for step in saga]
    back = [
        Call(step.undo.operation, step.upstream, Way.BACK)
        for step in reversed(saga)
        if step.undo is not None
    ]
    return (*forward, *back, *RECORD_CALLS)


def name_of(service: str, request: Request) -> str:  # noqa: PLR0911 - one for each path
    """The name of the call that a request makes; of an unknown one, what it looks like."""
    if service != DATABASE:
        return request.key.rpartition(":")[2] if request.key else f"{request.method} {request.path}"
    path = request.path.partition("?")[0]
    match request.method, path.split("/")[1:]:
        case "POST", ["orders"]:
            return "create"
        case "POST", ["orders", "claim"]:
            return "claim"
        case "POST", ["orders", _, "abandon"]:
            return "abandon"
        case "GET", ["orders", _]:
            return "get"
        case "PATCH", _:
            return _kind_of_update(request)
    return path


def _kind_of_update(request: Request) -> str:
    update = json.loads(request.content)
    if update["status"] in _FINAL:
        return "finish"
    return "park" if "releaseForS" in update else "decide"
