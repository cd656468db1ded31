"""The garbage collector is tuned while the service runs, and as before when it has ended."""

import gc

from orchestrator.memory import settled_memory


def test_what_is_there_at_start_is_left_alone() -> None:
    """Frozen objects are not looked through; the young ones are, less often."""
    before, frozen_before = gc.get_threshold(), gc.get_freeze_count()

    with settled_memory():
        frozen, inside = gc.get_freeze_count(), gc.get_threshold()

    assert frozen > frozen_before
    assert inside[0] > before[0]
    assert inside[1:] == before[1:]
    assert before == gc.get_threshold()
    assert 0 == gc.get_freeze_count()
