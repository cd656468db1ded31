"""A run is good only when nothing was violated and something was shown."""

from collections import Counter
from pathlib import Path

from chaos.diary import Diary, Injection, Kind
from chaos.evidence import Violation
from chaos.minimum import least_proven
from chaos.plan import Plan
from chaos.report import Result
from tests.chaos.day import Day


def _result(plan: Plan, diary: Diary, violations: list[Violation] | None = None) -> Result:
    return Result(
        plan=plan,
        evidence=Day().evidence,
        violations=violations or [],
        diary=diary,
        traffic=Counter(),
        healed_at=0.0,
        began=0.0,
        spent_s={},
        logs=[],
    )


def _diary(*, proof: str | None) -> Diary:
    diary = Diary()
    for kind in Kind:
        diary.note(Injection(kind, "somebody", proof))
    return diary


def test_a_run_in_which_nothing_happened_is_vacuous() -> None:
    """No injection of any kind, and hardly an order: nothing is violated, and nothing shown."""
    result = _result(Plan(seed=0, seconds=25, postgres=True), Diary())
    missing = "\n".join(result.missing)

    assert not result.good
    assert [] == [kind for kind in Kind if f"proven: {kind}: 0, not 1" not in missing]
    assert "CONFIRMED orders: 2" in missing
    assert "too little to have shown anything" in result.text()


def test_an_injection_without_a_proof_does_not_count() -> None:
    """Each kind was tried, and nothing shows that it hit anything."""
    plan = Plan(seed=0, seconds=25, postgres=True)
    tried, proven = _result(plan, _diary(proof=None)), _result(plan, _diary(proof="hit"))

    assert len(Kind) == len([line for line in tried.missing if line.startswith("proven")])
    assert [] == [line for line in proven.missing if line.startswith("proven")]


def test_more_is_asked_of_a_longer_run() -> None:
    """Ten minutes must have met each kind several times."""
    short, long = Plan(seed=0, seconds=25), Plan(seed=0, seconds=600)

    assert {1} == set(least_proven(short).values())
    assert {4} == set(least_proven(long).values())


def test_postgres_is_not_asked_of_a_run_on_sqlite() -> None:
    """What is not there cannot crash."""
    only_there = set(least_proven(Plan(0, 25, postgres=True))) - set(least_proven(Plan(0, 25)))

    assert {Kind.POSTGRES_CRASHED, Kind.POSTGRES_PAUSED} == only_there


def test_a_violation_is_told_with_all_that_is_known_of_its_order() -> None:
    """The record, what the services hold, and what the customer was told."""
    day = Day()
    order_id = str(day.good.order_id)
    violation = Violation("1", "has no money", order_id)
    text = _result(Plan(seed=0, seconds=25), _diary(proof="hit"), [violation]).text()

    assert "1 VIOLATIONS" in text
    assert f"[1] has no money (order {order_id})" in text
    assert "'status': 'captured'" in text
    assert "key=k-1" in text


def test_a_run_can_be_kept(tmp_path: Path) -> None:
    """Report, injections and orders are written beside the logs."""
    _result(Plan(seed=0, seconds=25), _diary(proof="hit")).keep(tmp_path)

    assert {"report.txt", "injections.txt", "orders.json"} == {
        path.name for path in tmp_path.iterdir()
    }
    assert (
        "replica killed and restarted [somebody]: hit" in (tmp_path / "injections.txt").read_text()
    )
