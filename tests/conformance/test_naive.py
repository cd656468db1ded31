"""A tutorial's inventory, payment and shipping fail the kit in the places that matter."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI

from conformance.door import Door
from conformance.result import Outcome
from conformance.run import run
from conformance.target import Target
from tests.conformance import naive
from tests.conformance.trial import ids

PASSES = {
    "inventory": """
        answers/created answers/reservation-members answers/json-type answers/read answers/unknown
        answers/finished answers/undone repeats/reordered-body undo/created errors/finish-unknown
        errors/all-or-nothing stock/shown stock/unknown stock/put
    """,
    "payment": """
        answers/created answers/json-type answers/read answers/unknown answers/finished
        answers/undone answers/undone-is-shown repeats/create repeats/create-at-once
        repeats/finish-at-once repeats/reordered-body keys/other-key undo/created undo/finished
        undo/then-finish undo/then-finish-again errors/finish-unknown
    """,
    "shipping": """
        answers/created answers/json-type answers/read answers/unknown answers/undone
        answers/undone-is-shown answers/tracking-number repeats/undo repeats/undo-at-once
        keys/other-key undo/created undo/undone undo/at-once-under-many-keys errors/nonsense
    """,
}
"""What a sunny day shows, and little else."""

FAILS = {
    "inventory": """
        answers/undone-is-shown repeats/create repeats/create-at-once repeats/create-after-finish
        repeats/finish repeats/finish-at-once repeats/undo repeats/undo-at-once repeats/refusal
        repeats/refusal-stays keys/other-body keys/other-id keys/other-key keys/other-key-and-body
        tombstones/undo-unknown tombstones/create-refused tombstones/refused-every-time
        tombstones/refused-under-a-new-key tombstones/refused-at-once tombstones/repeat-after-undo
        tombstones/new-key-after-undo tombstones/repeat-after-finish-and-undo
        tombstones/finish-refused tombstones/outlasts-undo late/create-races-undo
        late/finish-races-undo undo/finished undo/undone undo/at-once-under-many-keys undo/refused
        undo/then-finish undo/then-finish-again errors/refused errors/refused-holds-nothing
        errors/problem-documents errors/nonsense errors/unknown-sku errors/shortages
        errors/refused-at-once stock/last-unit stock/crosswise stock/conserved
    """,
    "payment": """
        answers/money-is-text answers/money-of-other-digits answers/voided-or-refunded
        repeats/create-after-finish repeats/finish repeats/undo repeats/undo-at-once
        repeats/refusal keys/other-body keys/other-id keys/other-key-and-body
        tombstones/undo-unknown tombstones/create-refused tombstones/refused-every-time
        tombstones/refused-under-a-new-key tombstones/refused-at-once tombstones/repeat-after-undo
        tombstones/new-key-after-undo tombstones/repeat-after-finish-and-undo
        tombstones/finish-refused tombstones/outlasts-undo late/create-races-undo
        late/finish-races-undo undo/undone undo/at-once-under-many-keys undo/refused errors/refused
        errors/refused-holds-nothing errors/problem-documents errors/nonsense
        errors/refused-at-once
    """,
    "shipping": """
        repeats/create repeats/create-at-once repeats/refusal repeats/reordered-body
        keys/other-body keys/other-id keys/other-key-and-body tombstones/undo-unknown
        tombstones/create-refused tombstones/refused-every-time tombstones/refused-under-a-new-key
        tombstones/refused-at-once tombstones/repeat-after-undo tombstones/new-key-after-undo
        tombstones/outlasts-undo late/create-races-undo undo/refused errors/refused
        errors/refused-holds-nothing errors/problem-documents errors/refused-at-once
    """,
}
"""What a bad day is made of: lost answers, late requests, many at once, money."""

MAKE: dict[str, Callable[[], FastAPI]] = {
    "inventory": naive.inventory,
    "payment": naive.payment,
    "shipping": naive.shipping,
}


@pytest.mark.parametrize("service", ["inventory", "payment", "shipping"])
async def test_a_tutorials_service_fails_where_it_matters(service: str) -> None:
    """What passes and what fails is just this; nothing that was not checked counts as passed."""
    transport = httpx.ASGITransport(MAKE[service](), raise_app_exceptions=False)
    results = await run(Target(service, Door(transport, "http://naive")))
    not_checked = {"restart", "expiry", "busy"}

    assert set(FAILS[service].split()) == ids(results, Outcome.FAILED)
    assert set(PASSES[service].split()) == ids(results, Outcome.PASSED)
    assert not_checked >= {
        result.check.group
        for result in results
        if result.outcome is Outcome.NOT_CHECKED and result.check.name != "dispatched"
    }
