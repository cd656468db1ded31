"""One mutant on trial: a copy of the product, broken, under the matrix until the first red run."""

import multiprocessing
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proof.mutants.mutant import Edit, Mutant

ROOT: Final = Path(__file__).parents[2]

COPIED: Final = ("app.py", "clients", "orchestrator", "services", "proof")
"""What a run of the matrix is made of."""


class EditError(Exception):
    """A mutant does not fit the product any more: the product has changed, and the table must."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the matrix said of a mutant; `case` is None when it survived."""

    mutant: str
    case: str | None
    broken: str
    runs: int


def apply(edits: Sequence[Edit], tree: Path) -> None:
    """Make the edits; raises `EditError` for one that does not fit exactly one place."""
    for edit in edits:
        file = tree / edit.file
        text = file.read_text()
        found = text.count(edit.old)
        if found != 1:
            message = (
                f"{edit.file} has this text {found} times, not once: {edit.old.strip()!r}; "
                "adapt the mutant to the product as it is now"
            )
            raise EditError(message)
        file.write_text(text.replace(edit.old, edit.new))


@contextmanager
def copied(edits: Sequence[Edit]) -> Iterator[Path]:
    """Give a copy of the product with `edits` in it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, tree / name, ignore=ignored)
            else:
                shutil.copy(source, tree / name)
        apply(edits, tree)
        yield tree


def trials(mutants: Sequence[Mutant], jobs: int) -> Iterator[Verdict]:
    """Put all on trial, `jobs` at a time, each in a process that has not seen the product yet."""
    # Forked, so that what is not the product need not be imported again: it is most of the start.
    processes = multiprocessing.get_context("fork").Pool(jobs, maxtasksperchild=1)
    with processes as pool:
        for mutant, (case, broken, runs) in zip(
            mutants, pool.imap(_judge, [mutant.edits for mutant in mutants]), strict=True
        ):
            yield Verdict(mutant.name, case, broken, runs)


def _judge(edits: Sequence[Edit]) -> tuple[str | None, str, int]:
    """In the child: forget the product, import the broken one instead, and play the matrix."""
    with copied(edits) as tree:
        for name in list(sys.modules):
            if name.partition(".")[0] in {Path(part).stem for part in COPIED}:
                del sys.modules[name]
        sys.path[:] = [str(tree), *(part for part in sys.path if Path(part).resolve() != ROOT)]
        from proof.campaign import campaign  # noqa: PLC0415 - the copy's own

        tally = campaign(1, stop_at_red=True)
    red = tally.red[0] if tally.red else None
    return (red.case, red.violations[0], tally.played) if red else (None, "", tally.played)
