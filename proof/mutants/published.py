"""The table of mutants as a page of the documentation."""

from collections.abc import Sequence

from proof.mutants.mutant import Mutant
from proof.mutants.trial import Verdict

_HEAD = """# Mutants

Classic errors, each made in a copy of the product, and the case of the [matrix](testing.md) that
caught it first. This page is written by `python -m proof.mutants --write docs/mutants.md`; tell a
case's story on the sound product with `python -m proof --case ID`.

| error | in the field | caught by | what broke |
| --- | --- | --- | --- |
"""


def page(mutants: Sequence[Mutant], verdicts: Sequence[Verdict]) -> str:
    """The whole page."""
    return _HEAD + "".join(map(_row, mutants, verdicts))


def _row(mutant: Mutant, verdict: Verdict) -> str:
    case = f"`{verdict.case}`" if verdict.case else "**survived**"
    return f"| {mutant.name} | {mutant.field} | {case} | {verdict.broken} |\n"
