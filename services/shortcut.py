"""The short way of a request that is as it should be: to its endpoint, past the framework.

FastAPI's own way costs several times what the endpoint does. It stays for everything else: a
request with anything unusual about it goes the long way, which finds it valid after all or says
what is wrong. So the short way has no answers of its own, and both ways have the same endpoints.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Any, Final

from fastapi import FastAPI
from fastapi.params import Param
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

JSON: Final = b"application/json"
"""The only content type that goes the short way; its relatives are for the framework to weigh."""

Endpoint = Callable[..., Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What an endpoint takes: parts of the path, one body, the request, nothing else."""

    endpoint: Endpoint
    path: Sequence[tuple[str, str, TypeAdapter[Any]]]
    """Parameters of the endpoint, their names in the path, and their types."""
    body: tuple[str, TypeAdapter[Any]] | None
    request: str | None

    def arguments(self, scope: Scope, named: dict[str, str], body: bytes) -> dict[str, Any] | None:
        """Return what to call the endpoint with; None when that is for the long way to say."""
        given: dict[str, Any] = {}
        try:
            for name, in_path, kind in self.path:
                given[name] = kind.validate_python(named[in_path])
            if self.body is not None:
                if _content_type(scope) != JSON:
                    return None
                name, kind = self.body
                value = from_json(body, allow_inf_nan=False)
                given[name] = kind.validate_python(value, from_attributes=True)
        except ValueError:  # malformed, or (a ValidationError is one) not of the form
            return None
        if self.request is not None:
            given[self.request] = Request(scope)
        return given


class Shortcuts:
    """The ways to all endpoints of an application that have a short one."""

    def __init__(self, app: FastAPI) -> None:
        """Take the routes that `app` has now, in their order: the first that fits is the one."""
        self._plain: dict[tuple[str, str], Shortcut | None] = {}
        self._patterns: dict[str, list[tuple[Pattern[str], Shortcut | None]]] = {}
        for route in app.routes:
            if isinstance(route, Route):
                self._add(route)

    def find(self, scope: Scope, body: bytes) -> Awaitable[Response] | None:
        """Return the endpoint's answer to come, or None for the long way."""
        if scope.get("root_path"):
            return None
        method, path = scope["method"], scope["path"]
        shortcut, named = self._fitting(method, path)
        if shortcut is None:
            return None
        arguments = shortcut.arguments(scope, named, body)
        return None if arguments is None else shortcut.endpoint(**arguments)

    def _fitting(self, method: str, path: str) -> tuple[Shortcut | None, dict[str, str]]:
        if (method, path) in self._plain:
            return self._plain[method, path], {}
        for pattern, shortcut in self._patterns.get(method, ()):
            if match := pattern.match(path):
                return shortcut, match.groupdict()
        return None, {}

    def _add(self, route: Route | APIRoute) -> None:
        shortcut = shortcut_to(route) if isinstance(route, APIRoute) else None
        for method in route.methods or ():
            if route.param_convertors:
                self._patterns.setdefault(method, []).append((route.path_regex, shortcut))
            elif self._fitting(method, route.path) == (None, {}):  # no pattern before it fits
                self._plain.setdefault((method, route.path), shortcut)


def shortcut_to(route: APIRoute) -> Shortcut | None:
    """Return the short way to a route's endpoint; None when the endpoint takes more than that."""
    path = []
    body = request = None
    for parameter in inspect.signature(route.endpoint).parameters.values():
        name, kind = parameter.name, parameter.annotation
        in_path = _name_in_path(name, kind)
        if in_path in route.param_convertors:
            path.append((name, in_path, TypeAdapter(kind)))
        elif kind is Request:
            request = name
        elif body is None and inspect.isclass(kind) and issubclass(kind, BaseModel):
            body = (name, TypeAdapter[Any](kind))
        else:
            return None
    takes_all = len(path) == len(route.param_convertors)
    return Shortcut(route.endpoint, path, body, request) if takes_all else None


def _name_in_path(name: str, kind: object) -> str:
    aliases = (p.alias for p in _parameters(kind) if p.alias)
    return next(aliases, name)


def _parameters(kind: object) -> Iterator[Param]:
    return (extra for extra in getattr(kind, "__metadata__", ()) if isinstance(extra, Param))


def _content_type(scope: Scope) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == b"content-type"), None)
