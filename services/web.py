"""What every service has in common on the wire: life cycle, health, errors, keys, documents."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Annotated, Any, cast

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from pydantic import StringConstraints
from pydantic_core import from_json, to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from services.answers import Answer
from services.documented import Health, document, methods_at
from services.edge import INTERNAL_ERROR, Edge, problem_response, unavailable
from services.periodic import Periodic
from services.problem import PROBLEM_JSON, ProblemError
from services.settings import ServiceSettings
from services.shortcut import Shortcuts
from services.storage import Storage, StorageUnavailable, open_storage

__all__ = [
    "Answer",
    "Identifier",
    "PlainText",
    "ProblemError",
    "create_service",
    "idempotency_key",
    "json_response",
    "respond",
]

KEY_HEADER = "x-idempotency-key"
KEY_FORM = re.compile(r"[\x21-\x7e]{1,255}")
# An answer on readiness that takes longer is a no.
READY_TIMEOUT_S = 2.0
# Nobody here listens, and to find that out anew for every request costs more than the routing.
NO_TELEMETRY = {"tracing": False, "metrics": False, "logs": False}
# A list of errors is for a person to read; a body can be wrong in a million places.
MAX_ERRORS = 20

Identifier = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]
"""An id as callers choose them: 1-255 visible ASCII characters (no blank, no control character)."""
PlainText = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,255}$")]
"""Text for people, 1-255 characters: control characters (PostgreSQL keeps no NUL) are refused."""

Routes = Callable[[FastAPI, Callable[[], Storage]], None]


def create_service(
    name: str,
    title: str,
    migrations: Sequence[str],
    routes: Routes,
    settings: ServiceSettings,
    *,
    periodic: Sequence[Periodic] = (),
) -> FastAPI:
    """Return the application of service `name`; its lifespan opens and closes the storage.

    `routes` adds the service's own routes and gets the way to the open storage; `periodic` are the
    chores that run while it is open.
    """
    opened: list[Storage] = []

    def storage() -> Storage:
        return opened[-1]

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        opened.append(await open_storage(settings.database_url_for(name), name, migrations))
        chores = [asyncio.create_task(chore.run_forever(storage())) for chore in periodic]
        try:
            yield
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)
            await opened.pop().close()

    app = FastAPIOffline(
        redoc_url=None,
        title=title,
        lifespan=lifespan,
        strict_content_type=False,
        telemetry=NO_TELEMETRY,
    )
    app.router.route_class = JsonRoute
    _add_error_answers(app)
    _add_health(app, title, storage)
    routes(app, storage)
    document(app)
    _surround(app, name)
    return app


def _surround(app: FastAPI, name: str) -> None:
    """Put `Edge` around all of the application's layers: a short way need not pass through them.

    They could not help it: what goes wrong on a short way, `Edge` answers itself.
    """
    shortcuts = Shortcuts(app)
    build = app.build_middleware_stack

    def with_edge() -> ASGIApp:
        return Edge(build(), name, shortcuts)

    app.build_middleware_stack = with_edge  # type: ignore[method-assign]  # as FastAPI itself does


class JsonRequest(Request):
    """Reads JSON strictly: no NaN, no lone surrogates, no nesting beyond 200 levels."""

    async def json(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the parsed body; raises JSONDecodeError, which is answered 400."""
        try:
            return from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise json.JSONDecodeError(str(error), "", 0) from error


class JsonRoute(APIRoute):
    """A route whose requests are read by JsonRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, given the stricter request."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return handle_strictly


def json_response(body: bytes, status: int = 200) -> Response:
    """Return JSON that has been rendered already."""
    return Response(body, status, media_type="application/json")


def respond(answer: Answer) -> Response:
    """Return an answer as a response: a refusal as a problem document."""
    media_type = PROBLEM_JSON if answer.status >= 400 else "application/json"  # noqa: PLR2004
    return Response(to_json(answer.body), answer.status, media_type=media_type)


def idempotency_key(request: Request, *, default: str) -> str:
    """Return the caller's X-Idempotency-Key, or `default` (the natural key) when it sent none.

    Raises ProblemError (400) when the key is not 1-255 visible ASCII characters.
    """
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return default
    if not KEY_FORM.fullmatch(key):
        detail = "X-Idempotency-Key must be 1 to 255 visible ASCII characters."
        raise ProblemError(400, "invalid_idempotency_key", detail)
    return key


def _add_health(app: FastAPI, title: str, storage: Callable[[], Storage]) -> None:
    said: dict[int | str, dict[str, Any]] = {200: {"model": Health}}

    @app.get("/health", tags=["health"], responses=said)
    async def health() -> Response:
        """Say who answers."""
        return json_response(to_json({"status": "ok", "service": title}))

    @app.get("/livez", tags=["health"], responses=said)
    async def livez() -> Response:
        """Say that this process works."""
        return json_response(b'{"status":"ok"}')

    @app.get("/readyz", tags=["health"], responses=said)
    async def readyz() -> Response:
        """Say whether the storage answers; 503 when it does not."""
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await storage().run(lambda tx: tx.execute("SELECT 1 AS one"))
        except TimeoutError as error:
            raise StorageUnavailable("the storage did not answer in time") from error
        return json_response(b'{"status":"ok"}')


def _add_error_answers(app: FastAPI) -> None:
    # Coroutines: the framework would run plain functions in a thread.
    def answers(kind: type[Exception], make: Callable[[Any], ProblemError]) -> None:
        async def handle(_: Request, error: Exception) -> Response:
            return problem_response(make(error))

        app.add_exception_handler(kind, handle)

    async def framework(request: Request, error: Exception) -> Response:
        problem = _http(cast("HTTPException", error))
        if problem.status == HTTPStatus.METHOD_NOT_ALLOWED:
            # The router names the methods of one route, and a path may have several.
            problem.headers |= {"Allow": allowed} if (allowed := methods_at(app, request)) else {}
        return problem_response(problem)

    answers(ProblemError, lambda problem: problem)
    answers(StorageUnavailable, lambda _: unavailable())
    answers(RequestValidationError, _invalid)
    answers(Exception, lambda _: INTERNAL_ERROR)  # then it is raised on, to be logged by `Edge`
    app.add_exception_handler(HTTPException, framework)


def _invalid(error: RequestValidationError) -> ProblemError:
    errors = error.errors()
    if errors[0]["type"] == "json_invalid":
        reason = errors[0].get("ctx", {}).get("error", "")
        return ProblemError(400, "malformed_json", f"The body is not JSON: {reason}.")
    listed = [
        {"in": str(e["loc"][0]), "pointer": _pointer(e["loc"][1:]), "detail": e["msg"][:200]}
        for e in errors[:MAX_ERRORS]
    ]
    detail = "The request does not have the form that /docs describes; see errors."
    return ProblemError(422, "validation_failed", detail, errors=listed)


def _pointer(location: Sequence[str | int]) -> str:
    """Return a JSON pointer (RFC 6901), cut where a hostile member name makes it endless."""
    escaped = (str(part).replace("~", "~0").replace("/", "~1")[:100] for part in location)
    return "".join(f"/{part}" for part in escaped)


HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 415: "unsupported_media_type"}


def _http(error: HTTPException) -> ProblemError:
    code = HTTP_CODES.get(error.status_code, "bad_request")
    problem = ProblemError(error.status_code, code, f"{error.detail}: see /docs for what exists.")
    problem.headers.update(error.headers or {})
    return problem
