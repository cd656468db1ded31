"""Errors that reach the edge become problem documents: ours, an upstream's, the framework's."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from clients.errors import UpstreamError
from orchestrator.api.documented import methods_at
from orchestrator.api.problems import Problem, problem_of, problem_of_upstream
from orchestrator.errors import FieldError, InvalidRequestError, OrderServiceError


def install_error_handlers(app: FastAPI) -> None:
    """Whatever goes wrong is answered as `application/problem+json`."""

    @app.exception_handler(OrderServiceError)
    async def own(_: Request, error: OrderServiceError) -> Response:
        return problem_of(error).response()

    @app.exception_handler(UpstreamError)
    async def upstream(_: Request, failure: UpstreamError) -> Response:
        failure.in_doubt = False  # a read changes nothing, so nothing of it is in doubt
        return problem_of_upstream(failure).response()

    @app.exception_handler(RequestValidationError)
    async def parameters(_: Request, error: RequestValidationError) -> Response:
        found = [
            FieldError("/" + "/".join(str(part) for part in problem["loc"][1:]), problem["msg"])
            for problem in error.errors()
        ]
        return problem_of(InvalidRequestError(found)).response()

    @app.exception_handler(HTTPException)
    async def framework(request: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        detail = f"{request.method} {request.url.path[:100]}: {error.detail}; see /docs"
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # The router names the methods of one route, and a path may have several.
            headers |= {"Allow": allowed} if (allowed := methods_at(app, request)) else {}
        return Problem(error.status_code, code, detail).response(headers)
