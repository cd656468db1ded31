"""The whole system on this machine: four upstreams and any number of order replicas."""

import signal
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from testbed.audit import Told, Violation, audit
from testbed.books import Books, Entry, read_books, read_pages
from testbed.fault_proxy import FaultProxy
from testbed.folders import ROOT, temporary_folder
from testbed.ports import free_port
from testbed.processes import (
    Process,
    ProcessFailedError,
    Program,
    order_replica,
    reference_upstream,
)

UPSTREAMS = ("database", "inventory", "payment", "shipping")

_URL_SETTINGS = {
    "database": "DATABASE_SERVICE_URL",
    "inventory": "INVENTORY_URL",
    "payment": "PAYMENT_URL",
    "shipping": "SHIPPING_URL",
}

_CLEAN_ENDS = (0, -signal.SIGTERM)
"""uvicorn, once everything is shut down in order, ends by the very signal that it was sent."""

_PAGE = 100  # the longest page the order service gives


class Stack:
    """A context manager: inside it everything runs, after it nothing is left.

    Args:
        replicas: Names of the order replicas to begin with; `add_replica` starts more.
        folder: Where the storage and the logs go; a temporary folder by default.
        reads_dotenv: Whether the programs take the project's .env into account.
        database_url: Where all four upstreams keep their data; SQLite in the folder by default.
        settings: The order replicas' settings, as environment variables.
        upstream_settings: The upstreams', likewise.
        proxied: Upstreams that the replicas reach through a `FaultProxy`.
        ports: Ports by name of upstream or replica; free ones by default.
    """

    def __init__(
        self,
        *,
        replicas: Sequence[str] = ("a",),
        folder: Path | None = None,
        database_url: str | None = None,
        settings: Mapping[str, str] | None = None,
        upstream_settings: Mapping[str, str] | None = None,
        proxied: Collection[str] = (),
        ports: Mapping[str, int] | None = None,
        reads_dotenv: bool = False,
    ) -> None:
        self._names = replicas
        self._given_folder = folder
        self._database_url = database_url
        self._settings = dict(settings or {})
        self._upstream_settings = dict(upstream_settings or {})
        self._proxied = proxied
        self._ports = dict(ports or {})
        self._reads_dotenv = reads_dotenv
        self._cleanup = ExitStack()
        self._upstreams: dict[str, Process] = {}
        self._proxies: dict[str, FaultProxy] = {}
        self._replicas: dict[str, Process] = {}
        self.folder = Path()

    def __enter__(self) -> Self:
        """Start everything at once and wait until all of it is ready."""
        with ExitStack() as undo:
            undo.push(self)
            self.folder = self._given_folder or self._cleanup.enter_context(temporary_folder())
            for name in UPSTREAMS:
                self._start_upstream(name)
            for name in self._proxied:
                proxy = FaultProxy(self._upstreams[name].url)
                self._proxies[name] = self._cleanup.enter_context(proxy)
            for name in self._names:
                self.add_replica(name, wait=False)
            for process in self.processes:
                process.wait_ready()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Stop the replicas, then what they stand on; kill what does not stop."""
        try:
            if error is None:
                self.stop()
        finally:
            for process in self.processes:
                process.kill()
            self._cleanup.close()

    @property
    def processes(self) -> tuple[Process, ...]:
        """All of them, running or not, the upstreams first."""
        return (*self._upstreams.values(), *self._replicas.values())

    @property
    def replicas(self) -> tuple[Process, ...]:
        """The order replicas, running or not."""
        return tuple(self._replicas.values())

    def upstream(self, name: str) -> Process:
        """One of UPSTREAMS."""
        return self._upstreams[name]

    def proxy(self, name: str) -> FaultProxy:
        """What stands before one of the `proxied` upstreams."""
        return self._proxies[name]

    def replica(self, name: str) -> Process:
        """The order replica of that name."""
        return self._replicas[name]

    def add_replica(
        self, name: str, settings: Mapping[str, str] | None = None, *, wait: bool = True
    ) -> Process:
        """Start one more order replica, with settings that differ from the others' if so wished."""
        port = self._ports.get(name) or free_port()
        program = order_replica(
            name, port, self.addresses() | self._settings | dict(settings or {})
        )
        self._replicas[name] = self._process(program)
        self._replicas[name].start(wait=wait)
        return self._replicas[name]

    def addresses(self) -> dict[str, str]:
        """The settings that tell a replica where the upstreams (or their proxies) are."""
        places = {name: process.url for name, process in self._upstreams.items()}
        places |= {name: proxy.url for name, proxy in self._proxies.items()}
        return {_URL_SETTINGS[name]: url for name, url in places.items()}

    def stop(self) -> None:
        """SIGTERM to the replicas, then to the upstreams, waiting for their ends.

        Raises:
            ProcessFailedError: One did not end cleanly, or had to be killed.
        """
        for group in (self._replicas.values(), self._upstreams.values()):
            running = [process for process in group if process.alive]
            for process in running:
                process.ask_to_end()
            for process in running:
                if (code := process.terminate()) not in _CLEAN_ENDS:
                    raise ProcessFailedError(
                        f"{process.name} ended with exit code {code}:\n{process.tail()}"
                    )

    def set_stock(self, units: Mapping[str, int]) -> None:
        """Put so many units of each sku on the shelves."""
        with httpx.Client(base_url=self.upstream("inventory").url) as client:
            for sku, on_hand in units.items():
                client.put(f"/stock/{sku}", json={"onHand": on_hand}).raise_for_status()

    def books(self) -> Books:
        """What the upstreams hold, asked of them directly."""
        inventory, payment, shipping = (self.upstream(name).url for name in UPSTREAMS[1:])
        return read_books(inventory, payment, shipping)

    def orders(self) -> list[Entry]:
        """All orders, asked of the first replica that runs."""
        running = next(replica for replica in self.replicas if replica.alive)
        with httpx.Client(timeout=10) as client:
            return list(read_pages(client, running.url + "/orders", limit=_PAGE))

    def audit(self, stock_before: Mapping[str, int], told: Sequence[Told] = ()) -> list[Violation]:
        """Section 5 of the protocol against all orders and books, nothing being under way."""
        return audit(self.orders(), self.books(), stock_before, told)

    def _start_upstream(self, name: str) -> None:
        port = self._ports.get(name) or free_port()
        url = self._database_url or f"sqlite:///{self.folder / name}.db"
        settings = {"DATABASE_URL": url} | self._upstream_settings
        self._upstreams[name] = self._process(reference_upstream(name, port, settings))
        self._upstreams[name].start(wait=False)

    def _process(self, program: Program) -> Process:
        return Process(program, self.folder, working=ROOT if self._reads_dotenv else self.folder)
