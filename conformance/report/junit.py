"""JUnit XML, as build servers read it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from conformance.report.failure import failure_lines
from conformance.result import Outcome, Result, count

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped; a broken service may send any of it."""


def write_junit(path: Path, service: str, results: list[Result], about: dict[str, str]) -> None:
    """Write the results as one test suite; raises OSError."""
    tree = ET.ElementTree(_suites(service, results, about))
    ET.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def _suites(service: str, results: list[Result], about: dict[str, str]) -> ET.Element:
    numbers = {
        "tests": str(len(results)),
        "failures": str(count(results, Outcome.FAILED)),
        "errors": "0",
        "skipped": str(count(results, Outcome.NOT_CHECKED)),
        "time": f"{sum(result.took_s for result in results):.3f}",
    }
    root = ET.Element("testsuites", {"name": "conformance", **numbers})
    suite = ET.SubElement(root, "testsuite", {"name": f"conformance.{service}", **numbers})
    _add_properties(suite, {"service": service, **about}.items())
    for result in results:
        _add_case(suite, service, result)
    return root


def _add_properties(parent: ET.Element, pairs: Iterable[tuple[str, str]]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in pairs:
        ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})


def _add_case(suite: ET.Element, service: str, result: Result) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {
            "classname": f"conformance.{service}.{result.check.group}",
            "name": result.check.name,
            "time": f"{result.took_s:.3f}",
        },
    )
    match result.outcome:
        case Outcome.FAILED:
            lines = [f"{label + ':' if label else '':10} {t}" for label, t in failure_lines(result)]
            kind, message = result.check.severity.value, result.wording.rule
            failure = ET.SubElement(case, "failure", {"type": kind, "message": _clean(message)})
            failure.text = _clean("\n".join(lines))
        case Outcome.NOT_CHECKED:
            ET.SubElement(case, "skipped", {"message": _clean(result.reason)})
        case Outcome.PASSED:
            pass


def _clean(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
