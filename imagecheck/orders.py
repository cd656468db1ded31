"""Orders at a container, over the reference services as containers of the same image."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import httpx

from imagecheck.engine import Container, Engine
from imagecheck.report import Report
from testbed.fault_proxy import FaultProxy
from testbed.faults import HOLD_REQUEST
from testbed.ports import HOST, free_port
from testbed.processes import answers
from testbed.stack import UPSTREAMS

PORT: Final = 8004
"""The image's own command listens here."""

_URL: Final = f"http://{HOST}:{PORT}"
_START_BOUND_S: Final = 60.0
"""Two or three seconds at half a core; the startup probe gives as much."""

_GRACE_S: Final = 60.0
"""The chart's: after so long SIGKILL would come."""

_CLIENT_TIMEOUT_S: Final = 90.0  # more than all bounds of the order service together
_LOOK_S: Final = 0.1
_CREATED: Final = 201
_SKU: Final = "SKU-1"
_ORDER: Final[Mapping[str, Any]] = {
    "userId": "image-check",
    "address": {"line1": "1 MG Road", "city": "Pune", "country": "IN", "postalCode": "411001"},
    "currency": "INR",
    "items": [{"sku": _SKU, "qty": 1, "price": "499.50"}],
}


@contextmanager
def reference_services(engine: Engine) -> Iterator[Mapping[str, tuple[Container, str]]]:
    """The four of them, each with its address; ready, and with stock on the shelf."""
    with ExitStack() as containers:
        services = {}
        for name in UPSTREAMS:
            port = free_port()
            command = ("python", "-m", "services", name, "--host", HOST, "--port", str(port))
            storage = {"DATABASE_URL": f"sqlite:////tmp/{name}.db"}
            started = containers.enter_context(engine.running(name, command, storage))
            services[name] = (started, f"http://{HOST}:{port}")
        for _, url in services.values():
            wait_ready(url)
        stock = f"{services['inventory'][1]}/stock/{_SKU}"
        httpx.put(stock, json={"onHand": 10}, trust_env=False).raise_for_status()
        yield services


def wait_ready(url: str) -> float:
    """Seconds until `/readyz` answered 200.

    Raises:
        TimeoutError: It did not in time.
    """
    began = time.monotonic()
    while not answers(f"{url}/readyz"):
        if time.monotonic() - began > _START_BOUND_S:
            raise TimeoutError(f"{url}/readyz did not answer 200 in {_START_BOUND_S:g} s")
        time.sleep(_LOOK_S)
    return time.monotonic() - began


def check_started(report: Report) -> None:
    """Readiness of the order service."""
    took_s = wait_ready(_URL)
    report.saw(f"/readyz: 200, {took_s:.1f} s after its start", good=True)


def check_order(report: Report) -> None:
    """One order, and the order as it is shown afterwards."""
    placed = _place()
    report.saw(f"an order: {_told(placed)}", good=_confirmed(placed))
    shown = httpx.get(f"{_URL}{placed.headers.get('location', '/')}", trust_env=False)
    report.saw(f"the same, asked for: {shown.status_code}", good=shown.json() == placed.json())


def check_shutdown(service: Container, payment: FaultProxy, report: Report) -> None:
    """SIGTERM while payment is slow to answer: the order is finished, and its client told."""
    held = payment.on("POST", "/payments", HOLD_REQUEST)
    with ThreadPoolExecutor(1) as client:
        placing = client.submit(_place)
        held.wait_hit()
        began = time.monotonic()
        service.signal("TERM")
        refused_s = _until_refused(began)
        good = refused_s is not None and not placing.done()
        heard = "it goes on as before" if refused_s is None else f"not ready after {refused_s} s"
        report.saw(f"SIGTERM in the middle of an order: {heard}", good=good)
        held.release()
        placed = placing.result()
    report.saw(f"the order under way is answered: {_told(placed)}", good=_confirmed(placed))
    code = service.exit_code(bound_s=_GRACE_S)
    took_s = time.monotonic() - began
    report.saw(
        f"exit code {code}, {took_s:.1f} s after SIGTERM (the grace is {_GRACE_S:g} s)",
        good=code == 0 and took_s < _GRACE_S,
    )


def check_services_end(services: Mapping[str, tuple[Container, str]], report: Report) -> None:
    """SIGTERM to the reference services."""
    for container, _ in services.values():
        container.signal("TERM")
    codes = {name: found.exit_code(bound_s=_GRACE_S) for name, (found, _) in services.items()}
    text = ", ".join(f"{name} {code}" for name, code in codes.items())
    report.saw(f"exit codes of the reference services: {text}", good=set(codes.values()) == {0})


def _until_refused(began: float) -> float | None:
    """Seconds until readiness fails or the listener is closed; None when neither comes."""
    while time.monotonic() - began < _START_BOUND_S:
        if not answers(f"{_URL}/readyz"):
            return round(time.monotonic() - began, 1)
        time.sleep(_LOOK_S)
    return None


def _place() -> httpx.Response:
    return httpx.post(f"{_URL}/orders", json=_ORDER, timeout=_CLIENT_TIMEOUT_S, trust_env=False)


def _confirmed(answer: httpx.Response) -> bool:
    return answer.status_code == _CREATED and answer.json().get("status") == "CONFIRMED"


def _told(answer: httpx.Response) -> str:
    content = answer.json()
    return f"{answer.status_code} {content.get('status')} {content.get('total', '')}".strip()
