"""The results as JSON, for programs."""

import json
from pathlib import Path
from typing import Any

from conformance.result import Outcome, Result, conforms, count


def write_json(path: Path, service: str, results: list[Result], about: dict[str, str]) -> None:
    """Write all that is known of each check; raises OSError."""
    document = {
        "service": service,
        **about,
        "conforms": conforms(results),
        "counts": {outcome.name.lower(): count(results, outcome) for outcome in Outcome},
        "checks": [_check(result) for result in results],
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _check(result: Result) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": result.check.id,
        "severity": result.check.severity.value,
        "section": result.wording.section,
        "rule": result.wording.rule,
        "outcome": result.outcome.name.lower(),
        "tookS": round(result.took_s, 3),
    }
    if result.reason:
        shown["reason"] = result.reason
    if result.violation is not None:
        shown |= {
            "sent": result.violation.sent,
            "came": result.violation.came,
            "expected": result.violation.expected,
            "matters": result.wording.matters,
            "fix": result.wording.fix,
        }
    return shown
