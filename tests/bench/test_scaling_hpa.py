"""The simulated HPA does what Kubernetes' own page says of the real one, example by example.

https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
"""

import pytest

from bench.scaling.autoscaler import SYNC_S, Autoscaler
from bench.scaling.behavior import DEFAULT, Behavior, read
from bench.scaling.wanted import Seen, by_pods, by_sum

MANY = 1000


def pods(count: int, value: float) -> list[Seen]:
    """So many, all of which are measured alike."""
    return [Seen(value)] * count


def autoscaler(behavior: Behavior = DEFAULT, least: int = 1, most: int = MANY) -> Autoscaler:
    """One that has seen nothing yet."""
    return Autoscaler(behavior, least, most)


def course(scaler: Autoscaler, current: int, wanted: int, syncs: int) -> list[int]:
    """Pods after each of so many syncs, the metric always asking for the same."""
    counts = []
    for number in range(syncs):
        current = scaler.decide(number * SYNC_S, current, wanted)
        counts.append(current)
    return counts


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (200, 6),  # twice the target of 100: doubled
        (50, 2),  # half of it: halved, rounded up
        (110, 3),  # within the tolerance of 0.1
        (90, 3),
        (111, 4),  # just beyond it
    ],
)
def test_ratio(value: float, wanted: int) -> None:
    """It is ceil(current × metric / target), unless the ratio is close to 1."""
    assert wanted == by_pods(pods(3, value), 100)
    assert wanted == by_sum(3 * value, 100, 3)


@pytest.mark.parametrize(
    ("others", "value", "wanted"),
    [
        ([Seen(None)], 200, 6),  # missing, going up: counts as 0 %: (3 × 200 + 0) / 4 pods
        ([Seen(None)], 50, 3),  # missing, going down: counts as 100 %: (3 × 50 + 100) / 4 pods
        ([Seen(200, set_aside=True)], 200, 6),  # not ready, going up: counts as 0 %
        ([Seen(200, set_aside=True)], 140, 4),  # damped to the tolerance: no change
        ([Seen(200, set_aside=True)], 50, 2),  # not ready, going down: is left out
        ([Seen(None)] * 3, 200, 6),  # damped to the tolerance: no change
        ([Seen(None)] * 5, 140, 8),  # would turn the direction: no change
    ],
)
def test_pods_that_are_not_known(others: list[Seen], value: float, wanted: int) -> None:
    """They damp a change, and never turn it round."""
    assert wanted == by_pods([*pods(3, value), *others], 100)


def test_nothing_is_known() -> None:
    """Without any metric nothing changes."""
    assert 2 == by_pods([Seen(None), Seen(200, set_aside=True)], 100)


def test_up_by_default() -> None:
    """Every 15 s four pods or as many again, whichever is more."""
    assert [5, 10, 20, 40, 80, 100] == course(autoscaler(), 1, 100, 6)


def test_down_by_default() -> None:
    """After 300 s of less, at once."""
    scaler = autoscaler()
    scaler.decide(0, 80, 80)
    counts = [scaler.decide(at, 80, 10) for at in range(SYNC_S, 300 + SYNC_S, SYNC_S)]

    assert [80] * 19 + [10] == counts


def test_window_takes_the_highest() -> None:
    """A dip within the window removes nothing."""
    scaler = autoscaler(read({"scaleDown": {"stabilizationWindowSeconds": 60}}))
    wanted = [10, 4, 4, 8, 4, 4, 4, 4]
    current, counts = 10, []
    for number, asked in enumerate(wanted):
        current = scaler.decide(number * SYNC_S, current, asked)
        counts.append(current)

    assert [10, 10, 10, 10, 8, 8, 8, 4] == counts


def test_two_policies_down() -> None:
    """Of 80 pods 8 go, of 72 again 8 (7.2, rounded up); from 40 on it is 4 a minute."""
    scaler = autoscaler(
        read(
            {
                "scaleDown": {
                    "stabilizationWindowSeconds": 0,
                    "policies": [
                        {"type": "Pods", "value": 4, "periodSeconds": 60},
                        {"type": "Percent", "value": 10, "periodSeconds": 60},
                    ],
                }
            }
        )
    )
    current, counts = 80, []
    for minute in range(12):
        current = scaler.decide(60 * minute, current, 10)
        counts.append(current)

    assert [72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16] == counts


def test_smallest_policy() -> None:
    """`Min`: ten percent a minute, and never more than five pods."""
    rules = {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Min",
        "policies": [
            {"type": "Percent", "value": 10, "periodSeconds": 60},
            {"type": "Pods", "value": 5, "periodSeconds": 60},
        ],
    }
    scaler = autoscaler(read({"scaleDown": rules}))

    assert 95 == scaler.decide(0, 100, 10)
    assert 95 == scaler.decide(SYNC_S, 95, 10)
    assert 18 == autoscaler(read({"scaleDown": rules})).decide(0, 20, 10)


def test_no_way_down() -> None:
    """`Disabled`."""
    scaler = autoscaler(read({"scaleDown": {"selectPolicy": "Disabled"}}))

    assert [9] * 40 == course(scaler, 9, 1, 40)


def test_least_and_most() -> None:
    """Whatever the metric asks for."""
    assert 10 == course(autoscaler(most=10), 5, 100, 3)[-1]
    assert 3 == course(autoscaler(least=3), 5, 1, 30)[-1]


def test_what_is_left_out_is_the_default() -> None:
    """Of a behavior block only what it says differs."""
    behavior = read(
        {"scaleDown": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}}
    )

    assert DEFAULT.up == behavior.up
    assert DEFAULT.down.window_s == behavior.down.window_s
