"""An exception that a process logged is found, whoever answered what meanwhile."""

from pathlib import Path

from chaos.logs import stack_traces


def test_an_exception_in_a_log_is_a_violation(tmp_path: Path) -> None:
    """It names the process; a log without one is in order."""
    bad, good = tmp_path / "replica-1.log", tmp_path / "payment.log"
    bad.write_text('{"event": "x"}\n{"exception": "Traceback (most recent call last):\\n  …"}\n')
    good.write_text('{"event": "x"}\n')
    found = [violation.text for violation in stack_traces([bad, good])]

    assert 1 == len(found)
    assert found[0].startswith("replica-1 logged an exception")
