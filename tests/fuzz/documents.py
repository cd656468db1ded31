"""An OpenAPI document, the requests that follow from it, and what every answer to them must be."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, cast
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import (
    APIOperation,
    BaseSchema,
    Case,
    CheckContext,
    CheckFunction,
    Config,
    GenerationMode,
    Response,
    checks,
)
from schemathesis.config import (
    GenerationConfig,
    OutputConfig,
    SanitizationConfig,
)
from schemathesis.core.result import Err
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.openapi.checks import RejectedPositiveData

from tests.api.in_process import PLENTY
from tests.fuzz.effort import examples

Request: TypeAlias = Case[Any]
Operation: TypeAlias = APIOperation[Any, Any, Any, Any]

CHECKS: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
    "ensure_resource_availability",
)
LEFT_OUT: Final[Mapping[str, str]] = {
    "positive_data_acceptance": "`understood` is sharper: it goes by the code, not by the status",
    "use_after_free": "no operation deletes; what an undo leaves is for the conformance kit",
    "missing_required_header": "no header is required",
    "ignored_auth": "no operation asks for credentials: a gateway does that",
    "object_level_authorization": "as ignored_auth; tests/api/test_caller_header.py has the rule",
}

NOT_UNDERSTOOD: Final = frozenset(
    {"malformed_json", "validation_failed", "invalid_idempotency_key", "invalid_cursor"}
)
BEYOND_SCHEMAS: Final = tuple(
    map(
        re.compile,
        (
            # 2.0 is an integer to JSON Schema, which knows values and not how they are written.
            r"\S+ (Input should be a valid integer|.*valid integer).*",
            # How many digits an amount has, and so its bound, depends on another member.
            r"/amount .*(digits after the point|the amount is larger than).*",
            r"/items/\d+/price has more than the \d decimal digits of .*",
            # Bounds on a decimal string, and on a sum of products.
            r"/items/\d+/price is too large to be money",
            r"/items the total is too large to be money.*",
            # A cursor is what the service gave, whatever it looks like.
            r"/cursor is not the nextCursor of an earlier page.*",
            r"/cursor .*should have at most 500 characters",
        ),
    )
)
"""Rules that no schema can say, as the refusals word them: "pointer detail"."""

_ALL_OF: Final = 30
_ONE_IN: Final = 10
"""Of more than 30 probes of one kind, every tenth."""

_KEY: Final = "X-Idempotency-Key"
_GOOD_KEY: Final = re.compile(r"[!-~]{1,200}")
_GOOD_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,50}")
_SAME_NAMES_EVERY: Final = 4
"""One in so many requests keeps the names that were made up for it, which others have had."""


def load(url: str) -> BaseSchema:
    """The document as a client gets it."""
    # What is printed of a failure must be enough to repeat it; there are no secrets here.
    output = OutputConfig(sanitization=SanitizationConfig(enabled=False))
    return schemathesis.openapi.from_url(f"{url}/openapi.json", config=Config(output=output))


def understood(_: CheckContext, response: Response, case: Request) -> None:
    """A request that is valid by the document is not refused as malformed or invalid."""
    if (
        not _is_positive(case)
        or response.status_code not in {400, 422}
        or response.json()["code"] not in NOT_UNDERSTOOD
    ):
        return
    problem = response.json()
    if problem["code"] == "invalid_cursor" or _is_beyond_schemas(problem.get("errors", [])):
        return
    raise RejectedPositiveData(
        operation=case.operation.label,
        message=f"valid by the document, but refused: {response.text}",
        status_code=response.status_code,
        allowed_statuses=["anything but a refusal of its form"],
    )


def _is_beyond_schemas(errors: list[dict[str, str]]) -> bool:
    told = [f"{error['pointer']} {error['detail']}" for error in errors]
    return bool(told) and all(any(rule.fullmatch(t) for rule in BEYOND_SCHEMAS) for t in told)


class Customer:
    """Sends cases as they were made up, but for names that nobody else has.

    Most good ids and keys are made new ones: else nearly all requests would meet the id or the
    answer of another, and end there.
    """

    def __init__(self, shelf: str | None = None) -> None:
        """`shelf` is the URL of an inventory that is to have whatever is ordered."""
        self._session = requests.Session()
        self._shelf = shelf
        self.sent = 0
        self._known: set[str] = set()
        self._seen: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def ask(self, case: Request) -> None:
        """Send the case, and check the answer."""
        check(case, self.send(case))

    def send(self, case: Request) -> Response:
        """Send the case."""
        self.sent += 1
        if self.sent % _SAME_NAMES_EVERY and _is_positive(case):
            self._rename(case)
        self._stock(case)
        response = case.call(session=self._session)
        self._seen[case.operation.label][response.status_code] += 1
        return response

    def answers(self, operation: Operation) -> Counter[int]:
        """How often the operation was answered with which status."""
        return self._seen[operation.label]

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _rename(self, case: Request) -> None:
        if _GOOD_KEY.fullmatch(str(case.headers.get(_KEY, ""))):
            case.headers[_KEY] = f"{case.headers[_KEY]}-{self.sent}"
        if isinstance(case.body, dict) and _GOOD_ID.fullmatch(str(case.body.get("id", ""))):
            case.body = {**case.body, "id": f"{case.body['id']}-{self.sent}"}

    def _stock(self, case: Request) -> None:
        if self._shelf is None or not _is_positive(case):
            return
        for sku in _skus(case.body) - self._known:
            self._known.add(sku)
            path = f"{self._shelf}/stock/{quote(sku, safe='')}"
            self._session.put(path, json={"onHand": PLENTY})


def _is_positive(case: Request) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


def _skus(body: object) -> set[str]:
    items = body.get("items") if isinstance(body, dict) else None
    lines = items if isinstance(items, list) else []
    return {
        line["sku"]
        for line in lines
        if isinstance(line, dict) and isinstance(line.get("sku"), str) and line["sku"].isprintable()
    }


def check(case: Request, response: Response, recorder: ScenarioRecorder | None = None) -> None:
    """Raise `FailureGroup` unless the answer is as the document says; `recorder` has the story."""
    chosen = [cast("CheckFunction", checks.CHECKS.get_one(name)) for name in CHECKS]
    case.validate_response(response, checks=[*chosen, understood], recorder=recorder)


def probes(operation: Operation) -> Iterator[Request]:
    """Each parameter and member in turn: at its bounds, beyond them, of another type, missing.

    And all methods that the document does not have. Of long lists of like ones (every country)
    the usual profile takes some.
    """
    schema: BaseSchema = operation.schema
    alike: Counter[tuple[object, ...]] = Counter()
    for case in schema.iter_coverage_cases(
        operation, generation_modes=[*GenerationMode], generation_config=GenerationConfig()
    ):
        kind = _kind(case)
        alike[kind] += 1
        if alike[kind] <= _ALL_OF or alike[kind] % _ONE_IN == 0 or examples(1) > 1:
            yield case


def _kind(case: Request) -> tuple[object, ...]:
    assert case.meta is not None
    return case.meta.generation.mode, getattr(case.meta.phase.data, "scenario", None)


def anything(operation: Operation) -> SearchStrategy[Request]:
    """Random requests, valid ones and invalid ones."""
    return st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode])


def operations(schema: BaseSchema) -> Iterator[Operation]:
    """Everything that the document says can be asked; raises `InvalidSchema` where it is none."""
    for found in schema.get_all_operations():
        if isinstance(found, Err):
            raise found.err()
        yield found.ok()
