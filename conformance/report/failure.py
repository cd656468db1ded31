"""A failed check in words: what was sent, what came, what was due, why it matters, what to do."""

from collections.abc import Iterator

from conformance.answer import Answer
from conformance.result import Result

STORY: int = 6
"""Steps that led to a failure: more than any check makes, those made many times counted as one."""


def failure_lines(result: Result) -> Iterator[tuple[str, str]]:
    """Yield (label, text) pairs; a label that is empty continues the one before."""
    violation = result.violation
    if violation is None:
        return
    yield from _labelled("before it", _story(result.story, violation.sent))
    yield from _labelled("sent", violation.sent)
    yield from _labelled("came", violation.came)
    yield "expected", violation.expected
    yield "why", result.wording.matters
    yield "mend", result.wording.fix


def _labelled(label: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines):
        yield ("" if number else label), line


def _story(answers: tuple[Answer, ...], sent: list[str]) -> list[str]:
    """Return the steps that led there, one line each; equal ones in a row are counted."""
    lines: list[tuple[str, int]] = []
    for answer in answers:
        line = f"{answer.request.method} {answer.request.path} → {answer.status}"
        if lines and lines[-1][0] == line:
            lines[-1] = (line, lines[-1][1] + 1)
        else:
            lines.append((line, 1))
    if answers and answers[-1].request.lines() == sent:
        lines.pop()  # it is shown in full
    return [line if times == 1 else f"{line}  ({times} times)" for line, times in lines[-STORY:]]
