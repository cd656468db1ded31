"""The command: what it says, and when it fails."""

import pytest

from proof.model.__main__ import main


def test_one_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """`--without` tells one story, numbered, and what is broken at its end."""
    code = main(["--without", "ALL_BEGUN"])
    said = capsys.readouterr().out

    assert 0 == code
    assert "Without ALL_BEGUN (whoever takes an order over counts every step as begun" in said
    assert "breaks in 4 moves (leases)" in said
    assert "   4 w2 writes FAILED\n" in said
    assert "→ FAILED, and the reservation is reserved (5.2)" in said


def test_workers(capsys: pytest.CaptureFixture[str]) -> None:
    """`--workers` searches one world and says how far it went."""
    code = main(["--workers", "2", "--late", "0"])
    said = capsys.readouterr().out

    assert 0 == code
    assert "up to 2 workers at once, none of which keeps to its lease" in said
    assert "holds" in said
