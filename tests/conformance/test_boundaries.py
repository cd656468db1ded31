"""What the kit may know, and that its page says all of it."""

import ast
import sys
from pathlib import Path

import pytest

from conformance.options import OPTIONS, OWN_OPTIONS
from conformance.suite import SERVICES, suite_of
from conformance.target import Needs
from testbed.folders import ROOT

FILES = sorted((ROOT / "conformance").rglob("*.py"))
PAGE = (ROOT / "docs" / "conformance.md").read_text()


def imported(file: Path) -> set[str]:
    """Return the top-level packages that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom():
                names.add(node.module or "")
            case _:
                pass
    return {name.partition(".")[0] for name in names}


def test_it_needs_httpx_and_the_standard_library_only() -> None:
    """It is for other people's services: it must not know ours, nor drag their packages along."""
    known = sys.stdlib_module_names | {"httpx", "conformance"}
    foreign = {str(file): imported(file) - known for file in FILES}

    assert {} == {file: names for file, names in foreign.items() if names}


@pytest.mark.parametrize("service", SERVICES)
def test_every_option_and_group_is_documented(service: str) -> None:
    """docs/conformance.md names each option, and each group of checks."""
    options = {f"`--{name}" for name, _, _ in (*OPTIONS, *OWN_OPTIONS.get(service, ()))}
    groups = {f"| {name} |" for name in suite_of(service, Needs()).group_names()}

    assert set() == {wanted for wanted in options | groups if wanted not in PAGE}
