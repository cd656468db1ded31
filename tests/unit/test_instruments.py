"""The instruments without locks say what prometheus_client's own would say."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from orchestrator.instruments import LabelledCounter, LabelledHistogram

BOUNDS = (0.005, 0.5, 1.0, 2.5, 60.0)
LABELS = ("step", "kind")
_VALUES = st.lists(
    st.tuples(
        st.sampled_from([("reserve", "act"), ("ship", "undo"), ('a"b\\c\n', "")]),
        st.sampled_from([0.0, 0.004, 0.005, 0.4, 0.5, 0.75, 1.0, 1.5, 2.5, 60.0, 61.0]),
    ),
    max_size=20,
)


def _shown(registry: CollectorRegistry) -> list[str]:
    """Each line but the times at which their makers were made."""
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line)


@given(_VALUES)
def test_a_histogram(values: list[tuple[tuple[str, str], float]]) -> None:
    """Buckets, sums and counts, at the bounds too."""
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    ours = LabelledHistogram("t", "text", LABELS, bounds=BOUNDS)
    mine.register(ours)
    known = Histogram("t", "text", LABELS, buckets=BOUNDS, registry=theirs)
    for labels, value in values:
        ours.observe(labels, value)
        known.labels(*labels).observe(value)

    assert _shown(theirs) == _shown(mine)


@given(_VALUES)
def test_a_counter(values: list[tuple[tuple[str, str], float]]) -> None:
    """Sums by label."""
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    ours = LabelledCounter("t", "text", LABELS)
    mine.register(ours)
    known = Counter("t", "text", LABELS, registry=theirs)
    for labels, value in values:
        ours.add(labels, value)
        known.labels(*labels).inc(value)

    assert _shown(theirs) == _shown(mine)
