"""The mutants fit the product as it is, and one that is tried is caught."""

import pytest

from proof.mutants.__main__ import main
from proof.mutants.mutant import Edit
from proof.mutants.published import page
from proof.mutants.table import MUTANTS
from proof.mutants.trial import ROOT, EditError, Verdict, apply, copied


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    """At least fifteen classic errors."""
    assert 15 <= len(MUTANTS) == len({mutant.name for mutant in MUTANTS})


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_edit_fits_exactly_one_place(mutant: object) -> None:
    """A table that no longer fits the product would prove nothing."""
    (chosen,) = (one for one in MUTANTS if one is mutant)
    for edit in chosen.edits:
        assert 1 == (ROOT / edit.file).read_text().count(edit.old)


def test_an_edit_that_does_not_fit_is_an_error() -> None:
    """The trial does not go on with a product that is whole."""
    edit = Edit("app.py", "no such text in there", "")

    with pytest.raises(EditError, match="0 times, not once"), copied([]) as tree:
        apply([edit], tree)


def test_a_mutant_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    """One of them, from its copy to its verdict; `python -m proof.mutants` tries all."""
    code = main(["--only", "no tombstone: shipping", "--jobs", "1"])

    assert 0 == code
    assert "well/ship:belated: rule 5.2" in capsys.readouterr().out


def test_the_page_names_error_case_and_rule() -> None:
    """What is published says what was wrong, and what caught it."""
    verdicts = [Verdict(mutant.name, "well/", "rule 5.1: x", 1) for mutant in MUTANTS]

    text = page(MUTANTS, verdicts)

    assert all(f"| {mutant.name} |" in text for mutant in MUTANTS)
    assert "`well/` | rule 5.1: x |" in text
