"""What a service's OpenAPI document says of answers that all its operations have in common."""

import re
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from services.problem import PROBLEM_JSON

_PROBLEM: Final = {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_FASTAPIS_OWN: Final = ("HTTPValidationError", "ValidationError")
"""Models of refusals that no service here gives."""

_BODY: Final = {"400": "malformed_json", "413": "body_too_large"}
_INPUT: Final = {"422": "validation_failed (with a JSON pointer to each fault)"}
_STORAGE: Final = {"503": "storage_unavailable: repeat the request with the same key"}
_RETRY_AFTER: Final = {
    "Retry-After": {"description": "seconds", "required": True, "schema": {"type": "integer"}}
}
_WITHOUT_STORAGE: Final = frozenset({"/health", "/livez"})


class Health(BaseModel):
    """What a probe is told."""

    status: str
    service: str | None = Field(default=None, description="with /health")


class Fault(BaseModel):
    """What is wrong at one place of a request."""

    where: str = Field(alias="in", description="body, path or query")
    pointer: str = Field(description="JSON pointer (RFC 6901) into it")
    detail: str


class Problem(BaseModel):
    """A refusal (RFC 9457); some codes have members of their own beside these."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str = Field(description="a stable word for programs")
    detail: str = Field(description="a sentence for people")
    errors: list[Fault] | None = Field(default=None, description="with validation_failed")


def leads_to(path: str, *operations: str, body: str = "id") -> dict[str, Any]:
    """Return the links of an answer to what can be asked of the thing it names next.

    `path` has one parameter, which is the member `body` of the answer; `operations` are its methods
    and, after it, "/word method".
    """
    (parameter,) = re.findall(r"\{([^}]*)\}", path)
    links: dict[str, Any] = {}
    for operation in operations:
        word, _, method = operation.rpartition(" ")
        pointer = (path + word).replace("/", "~1")
        links[f"{method}{word.replace('/', '_')}"] = {
            "operationRef": f"#/paths/{pointer}/{method}",
            "parameters": {f"path.{parameter}": f"$response.body#/{body}"},
        }
    return {"links": links}


def document(app: FastAPI) -> None:
    """Make `app.openapi()` hold every refusal of every operation, as the problem that it is."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            _add_refusals(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def methods_at(app: FastAPI, request: Request) -> str:
    """Return the methods that the document has for the request's path, as `Allow` lists them."""
    paths = app.openapi()["paths"]
    templates = sorted(paths, key=lambda template: (template.count("{"), -len(template)))
    path = request.scope["path"]
    hit = (t for t in templates if re.fullmatch(re.sub(r"\{[^}]*\}", ".+", t), path, re.DOTALL))
    return ", ".join(sorted(method.upper() for method in paths.get(next(hit, ""), ())))


def _add_refusals(schema: dict[str, Any]) -> None:
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            answers = operation["responses"]
            for status, description in _refusals(path, operation).items():
                if status not in answers or _is_fastapis_own(answers[status]):
                    answers[status] = {"description": description}
            _as_problems(answers)
            if "503" in answers:
                answers["503"]["headers"] = _RETRY_AFTER
    models = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in _FASTAPIS_OWN:
        models.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    models |= problem.pop("$defs") | {"Problem": problem}


def _refusals(path: str, operation: dict[str, Any]) -> dict[str, str]:
    """Return those that come of the operation's form, whatever it does."""
    refusals = {} if path in _WITHOUT_STORAGE else dict(_STORAGE)
    if "requestBody" in operation:
        refusals |= _BODY
    if "requestBody" in operation or "parameters" in operation:
        refusals |= _INPUT
    return refusals


def _is_fastapis_own(answer: dict[str, Any]) -> bool:
    return "HTTPValidationError" in str(answer.get("content"))


def _as_problems(answers: dict[str, Any]) -> None:
    for status, answer in answers.items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            answer["content"] = _PROBLEM
