"""The proxy does to a request what its rules say, and to no other."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from testbed import faults
from testbed.fault_proxy import FaultProxy
from testbed.ports import HOST


class Upstream:
    """A server that remembers what it was asked."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.changed = threading.Condition()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                with owner.changed:
                    owner.bodies.append(body)
                    owner.changed.notify_all()
                answer = json.dumps({"echo": body}).encode()
                self.send_response(201)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Write nothing to the test's output."""

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()

    def wait_bodies(self, expected: list[str]) -> None:
        """Return when it was asked exactly this."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.bodies == expected, 10), self.bodies


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """A real server behind the proxy."""
    server = Upstream()
    yield server
    server.close()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    """The proxy before it."""
    with FaultProxy(upstream.url) as started:
        yield started


def pay(proxy: FaultProxy, body: str = "a") -> httpx.Response:
    """One request through the proxy."""
    headers = {"X-Idempotency-Key": "order:authorize"}
    return httpx.post(proxy.url + "/payments", content=body, headers=headers, timeout=10)


def test_without_a_rule_everything_passes(proxy: FaultProxy, upstream: Upstream) -> None:
    """A request without a rule is answered by the upstream and recorded."""
    answer = pay(proxy)

    assert (201, {"echo": "a"}) == (answer.status_code, answer.json())
    assert ["a"] == upstream.bodies
    [seen] = proxy.seen
    told = (seen.method, seen.path, seen.key, seen.done, seen.status)
    assert ("POST", "/payments", "order:authorize", "forwarded", 201) == told


def test_refused_is_not_delivered(proxy: FaultProxy, upstream: Upstream) -> None:
    """A refused request breaks the caller's connection and never reaches the upstream."""
    proxy.on("POST", "/payments", faults.REFUSE)

    with pytest.raises(httpx.TransportError):
        pay(proxy, "refused")
    pay(proxy, "next")

    assert ["next"] == upstream.bodies


def test_lost_is_delivered(proxy: FaultProxy, upstream: Upstream) -> None:
    """A lost answer breaks the caller's connection after the upstream has acted."""
    proxy.on("POST", "/payments", faults.LOSE)

    with pytest.raises(httpx.TransportError):
        pay(proxy)

    assert ["a"] == upstream.bodies
    assert [("answer lost", 201)] == [(seen.done, seen.status) for seen in proxy.seen]


@pytest.mark.parametrize(("forward", "delivered"), [(False, []), (True, ["a"])])
def test_status(proxy: FaultProxy, upstream: Upstream, delivered: list[str], forward: bool) -> None:
    """An injected status comes before or after the effect, with its Retry-After."""
    proxy.on("POST", "/payments", faults.status(503, retry_after_s=2, forward=forward))

    answer = pay(proxy)

    assert (503, "2") == (answer.status_code, answer.headers["Retry-After"])
    assert delivered == upstream.bodies


def test_garbage(proxy: FaultProxy, upstream: Upstream) -> None:
    """Garbage is a 200 whose body is no JSON."""
    proxy.on("POST", "/payments", faults.garbage())

    answer = pay(proxy)

    assert 200 == answer.status_code
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert ["a"] == upstream.bodies


def test_delayed(proxy: FaultProxy, upstream: Upstream) -> None:
    """A delayed request is late and otherwise whole."""
    proxy.on("POST", "/payments", faults.delay(0.05))

    answer = pay(proxy)

    assert answer.elapsed.total_seconds() >= 0.05
    assert ["a"] == upstream.bodies


def test_held_request(proxy: FaultProxy, upstream: Upstream) -> None:
    """A held request reaches the upstream only on release."""
    rule = proxy.on("POST", "/payments", faults.HOLD_REQUEST)

    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(pay, proxy)
        rule.wait_hit()
        before = list(upstream.bodies)
        rule.release()
        answer = waiting.result(10)

    assert ([], 201) == (before, answer.status_code)


def test_held_answer(proxy: FaultProxy, upstream: Upstream) -> None:
    """A held answer is one whose effect is there before the release."""
    rule = proxy.on("POST", "/payments", faults.HOLD_ANSWER)

    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(pay, proxy)
        upstream.wait_bodies(["a"])
        done_before = waiting.done()
        rule.release()
        answer = waiting.result(10)

    assert (False, 201) == (done_before, answer.status_code)


def test_held_request_outlives_its_caller(proxy: FaultProxy, upstream: Upstream) -> None:
    """A held request is delivered although its caller has long hung up."""
    rule = proxy.on("POST", "/payments", faults.HOLD_REQUEST)

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(proxy.url + "/payments", content="late", timeout=0.1)
    rule.release()

    upstream.wait_bodies(["late"])


@pytest.mark.parametrize("code", [None, 500])
def test_late(proxy: FaultProxy, upstream: Upstream, code: int | None) -> None:
    """A late request has ended for its caller before the upstream hears of it."""
    rule = proxy.on("POST", "/payments", faults.late(code))

    if code is None:
        with pytest.raises(httpx.TransportError):
            pay(proxy)
    else:
        assert pay(proxy).status_code == code
    before = list(upstream.bodies)
    rule.release()

    assert [] == before
    upstream.wait_bodies(["a"])


def test_switched_off_and_on(proxy: FaultProxy) -> None:
    """Switched off the proxy refuses connections; switched on it is as before."""
    proxy.switch_off()
    with pytest.raises(httpx.ConnectError):
        pay(proxy)
    proxy.switch_on()

    assert 201 == pay(proxy).status_code


def test_upstream_away(proxy: FaultProxy, upstream: Upstream) -> None:
    """When the upstream is not there the caller's connection breaks, and it is recorded."""
    upstream.close()

    with pytest.raises(httpx.TransportError):
        pay(proxy)

    assert ["upstream away"] == [seen.done for seen in proxy.seen]


def test_rule_matches_method_path_and_count(proxy: FaultProxy) -> None:
    """A rule befalls its method and path only, so many times, a star being one part of a path."""
    rule = proxy.on("POST", "/payments/*/capture", faults.status(500), times=2)
    posts = [
        "/payments",
        "/payments/1/refund",
        "/payments/1/2/capture",
        *["/payments/1/capture"] * 3,
    ]

    statuses = [httpx.post(proxy.url + path, content="").status_code for path in posts]

    assert [201, 201, 201, 500, 500, 201] == statuses
    assert 2 == rule.hits


def test_cleared(proxy: FaultProxy) -> None:
    """Clearing forgets the rules and lets go what they hold."""
    rule = proxy.on("POST", "/payments", faults.HOLD_REQUEST, times=None)

    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(pay, proxy)
        rule.wait_hit()
        proxy.clear()

    assert (201, 201) == (waiting.result().status_code, pay(proxy).status_code)


def test_chunked_request(proxy: FaultProxy, upstream: Upstream) -> None:
    """A chunked body is passed on whole."""
    httpx.post(proxy.url + "/payments", content=iter([b"one ", b"two"]))

    assert ["one two"] == upstream.bodies


def test_wait_for_a_request_that_does_not_come(proxy: FaultProxy) -> None:
    """Waiting for a request that does not come ends with a sentence that says so."""
    rule = proxy.on("POST", "/payments", faults.REFUSE)

    with pytest.raises(TimeoutError, match="only 0 of 1 POST /payments came"):
        rule.wait_hit(bound_s=0.01)


def test_rule_that_never_applies() -> None:
    """A rule for no request at all is a mistake, and said at once."""
    with (
        FaultProxy("http://127.0.0.1:1") as proxy,
        pytest.raises(ValueError, match="at least once"),
    ):
        proxy.on("POST", "/payments", faults.LOSE, times=0)


def test_target_without_port() -> None:
    """An address without a port is refused at construction."""
    with pytest.raises(ValueError, match="http://host:port"):
        FaultProxy("payment")
