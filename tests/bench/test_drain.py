"""A few orphans and a few new orders on real processes: all end well, and nobody is left out."""

from bench.drain.drain import Asked, drain

ORPHANS = 63
"""Nine in each of the seven states that a crash can leave an order in."""


def test_a_small_backlog_is_drained_beside_new_orders() -> None:
    """Two fresh replicas finish what crashed ones left; new orders are confirmed meanwhile."""
    asked = Asked(orders=ORPHANS, replicas=2, per_s=5, postgres=False, alone_s=0.5, bound_s=120)
    drained = drain(asked)

    assert [] == drained.violations
    assert {201} == {status for status, _ in (*drained.alone.answers, *drained.beside.answers)}
    assert ORPHANS // 7 == drained.statuses["FAILED"]
    assert {"CONFIRMED", "FAILED"} == set(drained.statuses)
    assert ORPHANS // 7 * 6 < drained.statuses["CONFIRMED"]
    assert 0 == drained.curve[-1][1]
