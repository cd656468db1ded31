"""Stands before an upstream, passes everything on as it is, and remembers the headers."""

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import httpx

from testbed.ports import HOST

_OF_ONE_CONNECTION = frozenset({"connection", "keep-alive", "content-length", "host"})


class Recorder:
    """A context manager: inside it the upstream is reached at `url` too, and `seen` grows."""

    def __init__(self, target: str) -> None:
        self.seen: list[tuple[str, Mapping[str, str]]] = []
        self._http = httpx.Client(base_url=target, trust_env=False)
        self._server = ThreadingHTTPServer((HOST, 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://{HOST}:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._http.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                recorder.pass_on(self)

            do_GET = do_PATCH = do_POST  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                """Keep the test's output to itself."""

        return Handler

    def pass_on(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request with what the upstream says."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((f"{request.command} {request.path}", headers))
        answer = self._http.request(
            request.command,
            request.path,
            headers={n: value for n, value in headers.items() if n not in _OF_ONE_CONNECTION},
            content=request.rfile.read(int(headers.get("content-length", "0"))),
        )
        request.send_response(answer.status_code)
        for name in ("content-type", "retry-after"):
            if name in answer.headers:
                request.send_header(name, answer.headers[name])
        request.send_header("Content-Length", str(len(answer.content)))
        request.end_headers()
        request.wfile.write(answer.content)
