"""Errors as the wire shows them: RFC 9457 problem details with a stable `code`."""

from http import HTTPStatus
from typing import Any

PROBLEM_JSON = "application/problem+json"


class ProblemError(Exception):
    """A refusal, raised anywhere below a route and answered as application/problem+json."""

    def __init__(self, status: int, code: str, detail: str, **extra: object) -> None:
        """`code` is a stable word for programs, `detail` a sentence for people."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = extra
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """Return the members of the problem document."""
        return problem_body(self.status, self.code, self.detail, **self.extra)


def problem_body(status: int, code: str, detail: str, **extra: object) -> dict[str, Any]:
    """Return a problem document; `extra` become members of their own beside the standard ones."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **extra,
    }
