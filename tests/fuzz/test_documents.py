"""Every OpenAPI document is true: of valid requests, of invalid ones, and of stories of several."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from schemathesis import BaseSchema, Response, checks

from tests.fuzz.documents import (
    CHECKS,
    LEFT_OUT,
    Customer,
    Request,
    anything,
    check,
    load,
    operations,
    probes,
)
from tests.fuzz.effort import examples
from tests.fuzz.served import served, upstream, whole_shop

SERVICES: Final = ("order", "inventory", "payment", "shipping", "database")

USUAL_EXAMPLES: Final = 10
"""Random requests of each operation in every run. Its probes are up to some hundreds, each time."""

USUAL_STORIES: Final = 8
STEPS: Final = 10
"""Requests of one story: enough to make something, change it, end it, and ask for it again."""

pytestmark = pytest.mark.filterwarnings(
    # The services' threads draw their jitter from the generator that hypothesis watches.
    "ignore:Do not use the `random` module inside strategies"
)

UNHURRIED: Final = settings(suppress_health_check=[*HealthCheck])
"""What takes long here is a service that is asked."""


@dataclass(frozen=True)
class Fuzzed:
    """The document of a running service, and a customer of it."""

    schema: BaseSchema
    customer: Customer


@pytest.fixture(params=SERVICES)
def fuzzed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fuzzed]:
    """Serve a service by itself, or the order service with all that it needs."""
    with ExitStack() as stack:
        if request.param == "order":
            url, shelf = stack.enter_context(whole_shop(tmp_path))
            customer = Customer(shelf)
        else:
            app = upstream(request.param, f"sqlite:///{tmp_path}/service.db")
            url, customer = stack.enter_context(served(app)), Customer()
        stack.callback(customer.close)
        yield Fuzzed(load(url), customer)


def test_probes(fuzzed: Fuzzed, subtests: pytest.Subtests) -> None:
    """Every parameter alone is as documented.

    No probe gets a 5xx or an undocumented answer; what is not valid by the document is refused,
    what is valid is not, and a method that it does not have is answered 405.
    """
    for operation in operations(fuzzed.schema):
        with subtests.test(operation.label):
            for case in probes(operation):
                fuzzed.customer.ask(case)

            assert fuzzed.customer.answers(operation)


def test_requests(fuzzed: Fuzzed, subtests: pytest.Subtests) -> None:
    """The same holds of random requests, in which much may be odd at once."""
    for operation in operations(fuzzed.schema):

        @settings(UNHURRIED, max_examples=examples(USUAL_EXAMPLES))
        @given(case=anything(operation))
        def ask(case: Request) -> None:
            fuzzed.customer.ask(case)

        with subtests.test(operation.label):
            ask()


def test_stories(fuzzed: Fuzzed) -> None:
    """The same holds of requests that go by the answers to earlier ones; what was made is there."""
    customer = fuzzed.customer

    class Story(fuzzed.schema.as_state_machine()):  # type: ignore[misc]  # made at run time
        def call(self, case: Request, **_: object) -> Response:
            return customer.send(case)

        def validate_response(self, response: Response, case: Request, **_: object) -> None:
            check(case, response, self.recorder)

    stories = examples(USUAL_STORIES)
    Story.run(settings=settings(UNHURRIED, max_examples=stories, stateful_step_count=STEPS))

    assert customer.sent > stories


def test_no_check_is_forgotten() -> None:
    """Each check that there is, is made or left out for a reason."""
    assert {*checks.CHECKS.get_all_names()} == {*CHECKS, *LEFT_OUT}
