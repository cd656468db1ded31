"""The program: reads its arguments, runs the checks, says what came of them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, TextIO

import httpx

from conformance.arguments import Options, parse
from conformance.door import Door, network
from conformance.report.as_json import write_json
from conformance.report.junit import write_junit
from conformance.report.terminal import Terminal
from conformance.restart import restart_by
from conformance.result import Result, checked, conforms
from conformance.run import run
from conformance.suite import suite_of
from conformance.target import Needs, Target
from conformance.violation import Unusable

CONFORMS: Final = 0
VIOLATED: Final = 1
UNUSABLE: Final = 2
INTERRUPTED: Final = 130
"""What a shell says of a program that ended by Ctrl-C."""


def main(
    arguments: list[str], out: TextIO, *, transport: httpx.AsyncBaseTransport | None = None
) -> int:
    """Do what the arguments ask for; return the exit code.

    `transport` takes the place of the network.
    """
    terminal = Terminal(out)
    try:
        options = parse(arguments)
        if options.listing:
            terminal.listing(suite_of(options.service, options.needs))
            return CONFORMS
        return _check(options, terminal, transport)
    except Unusable as reason:
        terminal.line(f"Not checked. {reason}")
        return UNUSABLE
    except KeyboardInterrupt:
        terminal.line("Stopped. What the check under way had created is left as it is.")
        return INTERRUPTED


def _check(options: Options, terminal: Terminal, transport: httpx.AsyncBaseTransport | None) -> int:
    began = datetime.now(UTC)
    terminal.begin(options.service, options.url)
    results = asyncio.run(_run(options, terminal, transport))
    if not results:
        raise Unusable("--only and --must-only together leave no check.")
    terminal.end(results)
    about = {"url": options.url, "startedAt": began.isoformat(timespec="seconds")}
    try:
        _write_files(options, results, about)
    except OSError as error:
        raise Unusable(f"The results cannot be written: {error}.") from error
    if not conforms(results):
        return VIOLATED
    return CONFORMS if checked(results) else UNUSABLE


def _write_files(options: Options, results: list[Result], about: dict[str, str]) -> None:
    if options.junit is not None:
        write_junit(options.junit, options.service, results, about)
    if options.json is not None:
        write_json(options.json, options.service, results, about)


async def _run(
    options: Options, terminal: Terminal, transport: httpx.AsyncBaseTransport | None
) -> list[Result]:
    async with transport or network() as way:
        door = Door(way, options.url, options.headers, options.timeout_s)
        target = Target(options.service, door, _needs(options, door))
        return await run(target, only=options.only, must_only=options.must_only, tell=terminal.tell)


def _needs(options: Options, door: Door) -> Needs:
    if options.restart_command is None:
        return options.needs
    path = suite_of(options.service, options.needs).unknown_path
    restart = restart_by(options.restart_command, door, path, options.restart_bound_s)
    return replace(options.needs, restart=restart)
