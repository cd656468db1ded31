"""Each check can fail: small services with one defect each are caught by the checks named here."""

import asyncio

import httpx
import pytest

from conformance.contract import DATABASE, UPSTREAMS
from conformance.door import Door
from conformance.result import Outcome
from conformance.run import run
from conformance.suite import suite_of
from conformance.target import Needs, Target
from tests.conformance import (
    database_defects,
    defects_in_answers,
    defects_in_effects,
    defects_in_memory,
)
from tests.conformance.small import Small
from tests.conformance.small_database import SmallDatabase
from tests.conformance.trial import TTL_S, ids, trial

CAUGHT = """
inventory OtherWords answers/created
payment SaysNothing answers/finished answers/undone answers/undone-is-shown
    answers/voided-or-refunded
inventory LeavesOut answers/reservation-members
shipping LeavesOut answers/tracking-number
payment FloatMoney answers/money-is-text answers/money-of-other-digits
payment TwoDigits answers/money-of-other-digits
shipping PlainText answers/json-type errors/problem-documents
shipping StaleReads answers/read answers/undone-is-shown
inventory EverythingExists answers/unknown stock/unknown
shipping ForgetsTheUndone answers/undone-is-shown
payment OneUndoneWord answers/voided-or-refunded

inventory NoMemory repeats/create repeats/create-after-finish repeats/create-at-once
    repeats/refusal-stays
shipping RepeatsSayOk repeats/create repeats/create-at-once repeats/refusal
    repeats/reordered-body
inventory Careless repeats/create-at-once repeats/finish-at-once repeats/undo-at-once
    late/create-races-undo late/finish-races-undo undo/at-once-under-many-keys
    stock/conserved stock/crosswise stock/last-unit
shipping InProgressIsRefused repeats/create-at-once repeats/undo-at-once errors/refused-at-once
    late/create-races-undo
inventory FinishesTwice repeats/finish repeats/finish-at-once
inventory UndoesTwice repeats/undo repeats/undo-at-once undo/at-once-under-many-keys undo/undone
payment RefusedRowStays repeats/refusal errors/refused-at-once errors/refused-holds-nothing
inventory RefusalsAreNotStored repeats/refusal-stays
shipping ComparesBytes repeats/reordered-body

shipping KeysOnly keys/other-body keys/other-id
inventory IdsAreNoNames keys/other-key keys/other-key-and-body

payment UnknownIsNotFound tombstones/undo-unknown tombstones/create-refused
    tombstones/finish-refused tombstones/outlasts-undo tombstones/refused-at-once
    tombstones/refused-every-time tombstones/refused-under-a-new-key
shipping NoMark tombstones/create-refused tombstones/outlasts-undo tombstones/refused-at-once
    tombstones/refused-every-time tombstones/refused-under-a-new-key undo/refused
shipping MarkGoesWhenHit tombstones/refused-at-once tombstones/refused-every-time
shipping MarkOnTheKey tombstones/new-key-after-undo tombstones/refused-at-once
    tombstones/refused-under-a-new-key
payment StoredAnswerFirst tombstones/repeat-after-finish-and-undo tombstones/repeat-after-undo
    undo/refused
payment UndoDeletes tombstones/new-key-after-undo tombstones/repeat-after-finish-and-undo
    tombstones/repeat-after-undo late/create-races-undo late/finish-races-undo
shipping UndoOfUndoneClears tombstones/outlasts-undo

payment FinishesTheUndone undo/then-finish undo/then-finish-again tombstones/finish-refused
inventory KeepsWhatIsUndone undo/created undo/finished undo/undone undo/then-finish
    undo/then-finish-again undo/at-once-under-many-keys
shipping KeepsWhatIsUndone undo/dispatched
payment FinishedIsFinal undo/finished undo/at-once-under-many-keys undo/then-finish-again

shipping OtherCodes errors/refused errors/refused-at-once errors/refused-holds-nothing
    errors/nonsense
payment BareErrors errors/problem-documents errors/refused errors/refused-at-once
    errors/refused-holds-nothing
payment TakesAnything errors/nonsense
payment FinishLeavesATrace errors/finish-unknown
inventory OneShortage errors/shortages errors/unknown-sku
inventory LineByLine errors/all-or-nothing

inventory HidesOverselling stock/conserved stock/crosswise stock/last-unit
inventory OnHandIsAvailable stock/conserved stock/crosswise stock/last-unit stock/put stock/shown
inventory PutFrees stock/put

inventory NeverExpires expiry/commit-refused expiry/repeat-holds-nothing expiry/units-return
inventory CommitsTheExpired expiry/commit-refused
inventory ReleasesTheExpiredNot expiry/release-works
inventory RenewsTheExpired expiry/repeat-holds-nothing
inventory SoldExpires expiry/committed-stays

payment Forgets restart/created-stays restart/finished-stays restart/keys-stay
    restart/tombstone-stays restart/undone-stays
shipping ForgetsMarks restart/tombstone-stays
shipping ForgetsAnswers restart/answers-stay restart/keys-stay
shipping BusyForAYear busy/retry-after

database BeginsAtZero create/answers create/as-sent create/by-key create/key-expires
    create/key-outlives-its-order create/known-key create/other-caller create/repeat
    create/without-key
database KeepsAFloat create/as-sent
database RefusesRepeats create/repeat
database NoKeys create/by-key create/key-outlives-its-order create/key-race create/known-key
database KeysOfEverybody create/by-key create/other-caller
database NullIsAKey create/without-key
database KeysEndEarly create/key-outlives-its-order create/without-key
database KeysNeverEnd create/key-expires
database CarelessDatabase create/key-race update/race leases/given-once abandon/races-create
database WritesNothing update/stale-version update/writes
database LastWriterWins update/other-owner update/race update/stale-version
database AnyOwner update/other-owner leases/fence
database NoWriteIds update/repeat restart/writes-stay
database AnyTransition update/final update/never-back
database WritesCreate update/unknown
database NothingIsDue leases/by-its-clock leases/due-is-given leases/fence leases/given-once
    leases/released leases/repeat
database EverythingIsDue leases/by-its-clock leases/given-once leases/held-is-not leases/released
    leases/renewed
database FinalIsDue leases/final-is-nobodys
database ClaimsWithoutVersion leases/due-is-given leases/fence leases/repeat
database ClaimsOnce leases/repeat
database ReleasesNothing leases/released
database RenewsNothing leases/renewed
database BuriesNothing abandon/created abandon/races-create abandon/unknown
    restart/abandoned-stays
database UnknownIsNotFound abandon/created abandon/unknown
database KeysStayBound abandon/key-is-free
database AbandonsAnything abandon/moved-on
database LosesAnOrder lists/pages
database OldestFirst lists/newest-first
database NoFilter lists/by-status
database BareDatabase lists/problem-documents
database ForgetsWriteIds restart/writes-stay
database ForgetsOrders restart/abandoned-stays restart/keys-stay restart/orders-stay
    restart/writes-stay
"""
"""Service, defect, and the checks of the named groups that it fails: these and no others."""

CASES = [line.split() for line in CAUGHT.replace("\n    ", " ").splitlines() if line]
MODULES = (defects_in_answers, defects_in_effects, defects_in_memory)


def subject(service: str, defect: str, *, expires: bool) -> Small | SmallDatabase:
    """Return the service with the defect."""
    if service == DATABASE:
        database: SmallDatabase = getattr(database_defects, defect)()
        return database
    (module,) = (module for module in MODULES if hasattr(module, defect))
    small: Small = getattr(module, defect)(service, ttl_s=TTL_S if expires else float("inf"))
    return small


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
async def test_a_defect_is_caught_where_it_matters(case: list[str]) -> None:
    """A service with one defect fails the checks that are about it, and no others beside them."""
    service, defect, *expected = case
    groups = {name.partition("/")[0] for name in expected}
    results = await trial(service, subject(service, defect, expires="expiry" in groups), *groups)

    assert set(expected) == ids(results, Outcome.FAILED)


@pytest.mark.parametrize("service", sorted(UPSTREAMS))
async def test_a_small_service_without_a_defect_passes(service: str) -> None:
    """The service that the defects are made of keeps every rule; so it is they that are caught."""
    results = await trial(service, Small(service))
    not_asked_for = {"busy/retry-after"} | {
        result.check.id for result in results if result.check.group == "expiry"
    }

    assert set() == ids(results, Outcome.FAILED)
    assert not_asked_for == ids(results, Outcome.NOT_CHECKED)


async def test_a_small_inventory_without_a_defect_lets_reservations_expire() -> None:
    """The checks of expiry pass where reservations run out as they should."""
    results = await trial("inventory", Small("inventory", ttl_s=TTL_S), "expiry")

    assert 5 == len(ids(results, Outcome.PASSED)) == len(results)


async def test_what_the_clock_did_is_no_violation() -> None:
    """A restart that takes longer than reservations last proves nothing about them."""
    small = Small("inventory", ttl_s=TTL_S)

    async def restart() -> None:
        await asyncio.sleep(TTL_S)

    needs = Needs(restart=restart, reservation_ttl_s=TTL_S)
    door = Door(httpx.MockTransport(small.handle), "http://small")
    results = await run(Target("inventory", door, needs), only=frozenset({"restart"}))

    assert set() == ids(results, Outcome.FAILED)
    assert {"restart/created-stays", "restart/answers-stay"} == ids(results, Outcome.NOT_CHECKED)


async def test_a_small_database_without_a_defect_passes() -> None:
    """The database service that the defects are made of keeps every rule."""
    results = await trial(DATABASE, SmallDatabase())

    assert {result.check.id for result in results} == ids(results, Outcome.PASSED)


@pytest.mark.parametrize("database", [False, True], ids=["upstreams", "database"])
def test_every_check_can_fail(database: bool) -> None:
    """There is no check that no defect is caught by: one that cannot fail checks nothing."""
    services = [DATABASE] if database else sorted(UPSTREAMS)
    checks = {check.id for name in services for check in suite_of(name, Needs()).checks()}
    caught = {name for case in CASES if case[0] in services for name in case[2:]}

    assert checks == caught


def test_every_defect_is_tried() -> None:
    """There is no defect that is forgotten here."""
    written = {
        name
        for module in (*MODULES, database_defects)
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    }

    assert written == {case[1] for case in CASES}
