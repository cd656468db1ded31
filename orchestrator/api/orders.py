"""`POST /orders`, `GET /orders/{id}`, `GET /orders`."""

import asyncio
import logging
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from clients.call import CallLimits
from clients.database import DatabaseClient, StoredOrder
from clients.errors import Rejected, UpstreamError
from orchestrator.admission import Admission
from orchestrator.api.body import parse_json, read_body
from orchestrator.api.documented import LIST_ANSWERS, ORDER_ANSWERS, ORDER_BODY, PLACE_ANSWERS
from orchestrator.api.keys import authenticated_caller, caller_of, idempotency_key
from orchestrator.api.problems import problem_of, problem_of_upstream, when_overloaded
from orchestrator.api.render import answer, as_json, present
from orchestrator.api.schemas import parse_order
from orchestrator.checkout import Checkout
from orchestrator.domain import OrderStatus, Trace
from orchestrator.errors import (
    FieldError,
    InvalidRequestError,
    OrderNotFoundError,
    OrderServiceError,
    OverloadedError,
    RefusedError,
)
from orchestrator.idempotency import Claim
from orchestrator.ids import random_id
from orchestrator.logs import key_mark
from orchestrator.metrics import Metrics

_log = logging.getLogger("orchestrator.api")

_LARGEST_PAGE: Final = 100
"""Orders of one page (docs/api.md)."""

_PAGE: Final = 20
"""Orders of a page when nobody says: a screenful."""


_FINDABLE: Final = r"^[^\x00-\x1f\x7f]+$"
"""What the database service takes for the name of a user: without control characters."""

_LONGEST_CURSOR: Final = 500
"""The longest that the database service takes; its own are below 400."""


@dataclass(frozen=True, slots=True)
class OrderApi:
    """The handlers and what they need; `read_within_s` bounds a look at the database service."""

    admission: Admission
    checkout: Checkout
    database: DatabaseClient
    metrics: Metrics
    max_body_bytes: int
    caller_header: str
    read_within_s: float

    def router(self) -> APIRouter:
        """The routes."""
        router = APIRouter(tags=["orders"])
        router.add_api_route(
            "/orders",
            self.place,
            methods=["POST"],
            status_code=201,
            summary="Place an order",
            responses=PLACE_ANSWERS,
            openapi_extra=ORDER_BODY,
        )
        router.add_api_route(
            "/orders/{order_id}",
            self.get,
            methods=["GET"],
            summary="An order as it stands, with its timeline",
            responses=ORDER_ANSWERS,
        )
        router.add_api_route(
            "/orders",
            self.list,
            methods=["GET"],
            summary="Orders, newest first",
            responses=LIST_ANSWERS,
        )
        return router

    async def place(self, request: Request) -> Response:
        """Reserve, authorize, ship, capture, commit; or take back what was done and say why."""
        trace: Trace = request.scope["state"]["trace"]
        key = None
        try:
            self.admission.expect_room()
            key = idempotency_key(request)
            body = await read_body(request, max_bytes=self.max_body_bytes)
            order = parse_order(parse_json(body), order_id=random_id(), trace=trace)
            claim = Claim(caller_of(request, order, header=self.caller_header), key)
            placed = await self.checkout.place(order, claim)
        except OverloadedError as refusal:
            self.metrics.refused("overloaded")
            return when_overloaded(str(refusal), refusal.retry_after_s)
        except RefusedError as refusal:
            problem = problem_of(refusal)
            self.metrics.refused(problem.code)
            return problem.response()
        except OrderServiceError as error:
            return problem_of(error, keyed=key is not None).response()
        except UpstreamError as failure:
            return problem_of_upstream(failure, keyed=key is not None).response()
        if placed.replayed:
            self.metrics.replayed()
            _log.info("answered again", extra={"orderId": placed.stored.id, "key": key_mark(key)})
        return answer(placed.stored, replayed=placed.replayed, keyed=key is not None)

    async def get(self, request: Request, order_id: str) -> Response:
        """The order as it stands, whichever way it is going."""
        stored = (
            await self.database.get(order_id, self._limits(request)) if _is_id(order_id) else None
        )
        if stored is None or not self._may_see(request, stored):
            message = f"there is no order {order_id[:64]!r}"
            raise OrderNotFoundError(message)
        return as_json(present(stored))

    async def list(
        self,
        request: Request,
        userId: Annotated[str | None, Query(max_length=128, pattern=_FINDABLE)] = None,  # noqa: N803 - the wire's name
        status: OrderStatus | None = None,
        attention: Annotated[bool | None, Query(description="true: only flagged orders")] = None,
        limit: Annotated[int, Query(ge=1, le=_LARGEST_PAGE)] = _PAGE,
        cursor: Annotated[str | None, Query(max_length=_LONGEST_CURSOR)] = None,
    ) -> Response:
        """A page of orders; `nextCursor` is null on the last one."""
        filters = {
            "userId": userId,
            "status": status,
            "attention": "true" if attention else None,
            "caller": self._sees_only(request),
            "limit": str(limit),
            "cursor": cursor,
        }
        asked = {name: value for name, value in filters.items() if value is not None}
        try:
            page = await self.database.list(asked, self._limits(request))
        except Rejected as refusal:
            raise InvalidRequestError([_not_searchable(refusal)]) from refusal
        items: list[dict[str, Any]] = [present(stored) for stored in page.items]
        return as_json({"items": items, "nextCursor": page.next_cursor})

    def _may_see(self, request: Request, stored: StoredOrder) -> bool:
        return self._sees_only(request) in {None, stored.caller}

    def _sees_only(self, request: Request) -> str | None:
        """An order id is no password: where a gateway names callers, each sees its own orders."""
        if not self.caller_header:
            return None
        return authenticated_caller(request, header=self.caller_header)

    def _limits(self, request: Request) -> CallLimits:
        deadline = asyncio.get_running_loop().time() + self.read_within_s
        return CallLimits(deadline, headers=request.state.trace.headers())


def _not_searchable(refusal: Rejected) -> FieldError:
    """What of a query the database service refuses that this one has let through."""
    if refusal.code == "invalid_cursor":
        return FieldError("/cursor", "is not the nextCursor of an earlier page; leave it out")
    return FieldError("/userId", "is not one that an order can have; correct it or leave it out")


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
