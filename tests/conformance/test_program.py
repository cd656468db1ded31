"""The program: arguments, reports, exit codes, and what a service may do to it."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from conformance.program import main
from testbed.ports import free_port
from tests.conformance.defects_in_answers import BareErrors, OneShortage
from tests.conformance.defects_in_memory import MarkGoesWhenHit
from tests.conformance.small import Small
from tests.conformance.small_stock import Refused

URL = "http://small"
Handle = Callable[[httpx.Request], Awaitable[httpx.Response]]


def program(handle: Handle, *arguments: str) -> tuple[int, str]:
    """Return the exit code and what was written."""

    async def handler(request: httpx.Request) -> httpx.Response:
        return await handle(request)

    out = io.StringIO()
    code = main(list(arguments), out, transport=httpx.MockTransport(handler))
    return code, out.getvalue()


def misused(*arguments: str) -> str:
    """Return what the program says to arguments that it refuses."""
    out = io.StringIO()
    code = main(list(arguments), out)

    assert 2 == code
    return out.getvalue()


def parsed(file: Path) -> ET.Element:
    """Return the root of a JUnit file."""
    return ET.parse(file).getroot()  # noqa: S314 - the kit has just written it


def test_a_service_that_conforms() -> None:
    """Exit code 0; the sum is the last line, and what was not checked says what is missing."""
    code, said = program(Small("shipping").handle, "shipping", "--url", URL)

    assert 0 == code
    assert said.endswith("\n35 passed, 0 failed, 7 not checked\n")
    assert "not checked: give --restart-command" in said
    assert "never in production" in said.splitlines()[1]


def test_a_service_that_violates_a_rule() -> None:
    """Exit code 1; the report says what was sent and came, what was due, why it matters."""
    small = MarkGoesWhenHit("shipping")
    code, said = program(small.handle, "shipping", "--url", URL, "--only", "tombstones")
    lines = [" ".join(line.split()) for line in said.splitlines()]
    begin = next(n for n, line in enumerate(lines) if line.startswith("✗ refused-every-time"))

    assert 1 == code
    assert (
        "✗ refused-every-time: The late ship is refused each time it is repeated." == lines[begin]
    )
    assert "rule protocol, section 3, rule 3" == lines[begin + 1]
    assert lines[begin + 2].startswith("before it POST /shipments/")
    assert lines[begin + 2].endswith("/cancel → 200")
    assert lines[begin + 3].endswith("POST /shipments → 410")
    assert lines[begin + 4].startswith("sent POST /shipments X-Idempotency-Key: ")
    assert any(line.startswith("came 201") for line in lines[begin:])
    assert "expected 410 with code cancelled" in lines[begin:]
    assert any("a parcel goes out for an order that has failed" in line for line in lines[begin:])
    assert any(line.startswith("mend Never delete a tombstone") for line in lines[begin:])
    assert "Failed: tombstones/refused-every-time, tombstones/refused-at-once" in lines
    assert "6 passed, 2 failed, 0 not checked" == lines[-1]


def test_should_can_be_left_out() -> None:
    """A service that only breaks what it SHOULD do fails, and passes with --must-only."""
    arguments = ("inventory", "--url", URL, "--only", "errors")
    without, _ = program(OneShortage("inventory").handle, *arguments)
    must, said = program(_NoShortages("inventory").handle, *arguments, "--must-only")
    should, _ = program(_NoShortages("inventory").handle, *arguments)

    assert [1, 0, 1] == [without, must, should]
    assert "shortages" not in said


class _NoShortages(OneShortage):
    def out_of_stock(self, short: list[dict[str, object]]) -> None:
        if any(line["sku"] not in self.stock for line in short):
            Small.out_of_stock(self, short)
        super().out_of_stock(short)


def test_nobody_there() -> None:
    """Exit code 2 and one clear sentence when nothing answers."""
    said = misused("payment", "--url", f"http://127.0.0.1:{free_port()}")

    assert "Not checked. Nothing answers there (no answer: ConnectError" in said
    assert said.rstrip().endswith("start the service, or mend --url.")


@pytest.mark.parametrize(
    ("status", "headers", "advice"),
    [
        (401, {}, "give it what it asks for by --header"),
        (302, {"Location": "http://elsewhere"}, "give that address as --url"),
        (500, {}, "mend that first"),
    ],
    ids=["401", "302", "500"],
)
def test_nothing_may_be_asked(status: int, headers: dict[str, str], advice: str) -> None:
    """Exit code 2, and what to do, when the first answer shows that there is no use in asking."""

    async def handle(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, headers=headers)

    code, said = program(handle, "shipping", "--url", URL)

    assert 2 == code
    assert advice in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("payment", "Say where the service is"),
        ("payment --url localhost:8005", "http://host:port"),
        ("payment --url http://x --only stock", "payment has the groups answers, repeats, keys,"),
        ("payment --url http://x --header nonsense", "'Name: value'"),
        ("payment --url http://x --timeout-s 0", "greater than 0"),
        ("payment --url http://x --sku A", "Unrecognized arguments: --sku"),
        ("inventory --url http://x --sku A", "--sku and --stock go together"),
        ("inventory --url http://x --sku A --stock 3", "need 12 units at least, not 3"),
        ("shipping --url http://x --refused-address [", "no JSON"),
        ("library --url http://x", "Argument SERVICE: invalid choice"),
        ("", "The following arguments are required: SERVICE"),
    ],
)
def test_arguments_that_do_not_fit(arguments: str, sentence: str) -> None:
    """Exit code 2, and a sentence that says what is wrong."""
    assert sentence in misused(*arguments.split())


def test_the_list_of_checks() -> None:
    """--list needs no service; it names each check with its severity and rule."""
    out = io.StringIO()
    code = main(["inventory", "--list"], out)
    lines = out.getvalue().splitlines()

    assert 0 == code
    assert "stock: stock is conserved, and nothing is sold twice" in lines
    assert any(line.startswith("  stock/last-unit  MUST  Fifty orders at once") for line in lines)
    assert 68 == sum("  MUST  " in line or "  SHOULD  " in line for line in lines)


def test_headers_are_sent_and_kept_secret(tmp_path: Path) -> None:
    """Every request has the given headers; no report shows them, nor a password in the URL."""
    seen: set[tuple[str | None, ...]] = set()
    small = BareErrors("shipping")

    async def handle(request: httpx.Request) -> httpx.Response:
        seen.add((request.headers.get("X-Gate"), request.headers.get("Authorization")))
        return await small.handle(request)

    reports = ("--junit", f"{tmp_path}/j.xml", "--json", f"{tmp_path}/j.json")
    url = ("--url", "http://me:word@small", "--header", "X-Gate: open sesame", "--only", "errors")
    code, said = program(handle, "shipping", *url, *reports)
    written = said + "".join(path.read_text() for path in tmp_path.iterdir())

    assert 1 == code
    assert {("open sesame", "Basic bWU6d29yZA==")} == seen
    assert "sesame" not in written
    assert "word@" not in written


def test_reports_for_machines(tmp_path: Path) -> None:
    """JUnit and JSON agree with each other: failures with their story, skips with their reason."""
    small = MarkGoesWhenHit("shipping")
    reports = ("--junit", f"{tmp_path}/j.xml", "--json", f"{tmp_path}/j.json")
    code, _ = program(small.handle, "shipping", "--url", URL, *reports)
    told = json.loads((tmp_path / "j.json").read_text())
    suite = parsed(tmp_path / "j.xml")[0]
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    cases = suite.findall("testcase")
    failed = [case for case in cases if case.find("failure") is not None]
    skipped = [case for case in cases if case.find("skipped") is not None]
    failure = failed[0].find("failure")
    by_outcome = {c["id"]: c["outcome"] for c in told["checks"]}

    assert 1 == code
    assert failure is not None
    assert {"shipping", URL} <= set(properties.values())
    assert (len(cases), len(failed), len(skipped)) == tuple(
        int(suite.get(name, "")) for name in ("tests", "failures", "skipped")
    )
    assert {"passed": 33, "failed": 2, "not_checked": 7} == told["counts"]
    assert not told["conforms"]
    assert by_outcome["tombstones/refused-every-time"] == "failed"
    assert ("conformance.shipping.tombstones", "refused-every-time", "MUST") == (
        failed[0].get("classname"),
        failed[0].get("name"),
        failure.get("type"),
    )
    assert "expected:  410 with code cancelled" in (failure.text or "")
    assert all((case.find("skipped") or ET.Element("x")).get("message") != "" for case in skipped)


def test_what_xml_cannot_hold(tmp_path: Path) -> None:
    """A service that sends control characters does not break the JUnit file."""

    async def handle(request: httpx.Request) -> httpx.Response:
        status = 404 if request.method == "GET" else 201
        return httpx.Response(status, text="\x00\x1b[31m \ud7ff ]]> <&")

    file = tmp_path / "junit.xml"
    code, _ = program(handle, "payment", "--url", URL, "--only", "answers", "--junit", str(file))

    assert 1 == code
    assert parsed(file).get("failures") == "9"


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Exit code 2: a build server must not take a missing report for a good one."""
    file = str(tmp_path / "no" / "such" / "folder.xml")
    small = Small("shipping")
    code, said = program(small.handle, "shipping", "--url", URL, "--only", "keys", "--junit", file)

    assert 2 == code
    assert "cannot be written" in said


def test_an_existing_product() -> None:
    """With --sku the kit makes no product, checks all but what takes two, and gives all back."""
    small = OneProduct("inventory")
    code, said = program(small.handle, "inventory", "--url", URL, "--sku", "S", "--stock", "26")

    assert (0, {"S": [30, 4]}) == (code, small.stock)
    assert said.endswith("\n54 passed, 0 failed, 14 not checked\n")


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ((), "--sku NAME --stock UNITS"),
        (("--sku", "S", "--stock", "12"), "the service says 26 available"),
        (("--sku", "T", "--stock", "12"), "its stock cannot be read"),
    ],
    ids=["none", "wrong-number", "unknown"],
)
def test_no_way_to_stock(arguments: tuple[str, ...], advice: str) -> None:
    """Exit code 2, and what to give, when the kit cannot have a product to work with."""
    code, said = program(OneProduct("inventory").handle, "inventory", "--url", URL, *arguments)

    assert 2 == code
    assert advice in said


class OneProduct(Small):
    """Has one product, and lets nobody enter others."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.stock["S"] = [30, 4]

    def put(self, sku: str, on_hand: int) -> None:
        """Refuse."""
        raise Refused(405, "method_not_allowed", sku=sku, units=on_hand)


def test_nothing_is_left_live() -> None:
    """What a run has created it undoes, so that it can be made again and again."""
    small = Small("payment")
    only = ("--only", "repeats", "--only", "keys")
    codes = [program(small.handle, "payment", "--url", URL, *only)[0]]
    small.lock = asyncio.Lock()  # the old one is of the first run's loop
    codes += [program(small.handle, "payment", "--url", URL, *only)[0]]

    assert [0, 0] == codes
    assert {"voided", "refunded"} == {thing.status for thing in small.things.values()}


def test_a_service_that_dies_under_the_checks() -> None:
    """The check that met it fails, and those after it are not checked; nothing hangs."""
    small = Small("shipping")
    left = iter(range(20))

    async def handle(request: httpx.Request) -> httpx.Response:
        if next(left, None) is None:
            raise httpx.ConnectError("connection refused", request=request)
        return await small.handle(request)

    code, said = program(handle, "shipping", "--url", URL)

    assert 1 == code
    assert "came        no answer: ConnectError connection refused" in said
    assert "the service has not answered since repeats/create" in said
    assert said.splitlines()[-1].startswith("7 passed, 1 failed, ")


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("echo no such unit; exit 3", "ended with exit code 3; it said: no such unit"),
        ("sleep 30", "did not end within 0.3 s"),
    ],
    ids=["fails", "hangs"],
)
def test_a_restart_that_does_not_work(command: str, reason: str) -> None:
    """What could not be restarted is not checked, and says why: no violation, and no pass."""
    only = ("--only", "restart", "--only", "keys")
    restart = ("--restart-command", command, "--restart-timeout-s", "0.3", *only)
    code, said = program(Small("shipping").handle, "shipping", "--url", URL, *restart)

    assert 2 == code
    assert reason in " ".join(said.split())
    assert said.endswith("\n4 passed, 0 failed, 5 not checked\n")


def test_nothing_checked_is_no_pass() -> None:
    """Exit code 2 when none of the checks that were asked for could be made."""
    small = Small("shipping")
    code, said = program(small.handle, "shipping", "--url", URL, "--only", "restart")

    assert 2 == code
    assert said.endswith("\n0 passed, 0 failed, 5 not checked\n")
