"""The report for people."""

import textwrap
from typing import Any, Final, TextIO

from conformance.check import Severity
from conformance.report.failure import failure_lines
from conformance.result import Outcome, Result, summary
from conformance.suite import Suite

WIDTH: Final = 100
SIGNS: Final = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_CHECKED: "–"}
_LABEL: Final = 12


class Terminal:
    """Writes each result as it comes, under the heading of its group."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._group = ""

    def line(self, text: str = "") -> None:
        """Write one line."""
        self._out.write(text + "\n")
        self._out.flush()

    def begin(self, service: str, url: str) -> None:
        """Say what is checked, and what that does to it."""
        self.line(f"Conformance of the {service} service at {url}")
        warning = (
            "It creates, charges, ships and gives back things of its own: never in production."
        )
        self.line(warning)

    def tell(self, result: Result) -> None:
        """Write one result; a failure with all that is known of it."""
        if result.check.group != self._group:
            self._group = result.check.group
            self.line(f"\n{self._group}")
        should = " (SHOULD)" if result.check.severity is Severity.SHOULD else ""
        head = f"  {SIGNS[result.outcome]} "
        name = f"{result.check.name}{should}: "
        self._wrapped(head, f"{name}{result.wording.rule}", indent="    ")
        if result.outcome is Outcome.NOT_CHECKED:
            self._wrapped("      not checked: ", result.reason, indent=" " * 8)
        if result.outcome is Outcome.FAILED:
            self._wrapped(f"      {'rule':{_LABEL}}", f"protocol, section {result.wording.section}")
            for label, text in failure_lines(result):
                self._wrapped(f"      {label:{_LABEL}}", text)

    def end(self, results: list[Result]) -> None:
        """Write what failed, once more, and the sum."""
        failed = [result.check.id for result in results if result.outcome is Outcome.FAILED]
        self.line()
        if failed:
            self._wrapped("Failed: ", ", ".join(failed), indent="  ")
        self.line(summary(results))

    def listing(self, suite: Suite[Any]) -> None:
        """Write all checks of a service, by group."""
        for group in suite.groups:
            checks = [check for check in suite.checks() if check.group == group.name]
            if checks:
                self.line(f"\n{group.name}: {group.about}")
            for check in checks:
                wording = check.worded(suite.words)
                self._wrapped(
                    "  ", f"{check.id}  {check.severity}  {wording.rule}", indent="      "
                )

    def _wrapped(self, head: str, text: str, indent: str | None = None) -> None:
        following = " " * len(head) if indent is None else indent
        self.line(
            textwrap.fill(
                text,
                WIDTH,
                initial_indent=head,
                subsequent_indent=following,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
