"""The command line: what is to be checked, and how."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from conformance.door import without_password
from conformance.options import OPTIONS, OWN_OPTIONS
from conformance.shelf import PLENTY
from conformance.suite import SERVICES, suite_of
from conformance.target import Needs, Product
from conformance.violation import Unusable

ABOUT: Final = """\
Checks a running upstream of the order service against the upstream contract, over HTTP only.
It creates, finishes and undoes things under fresh random ids, so it can be run again and again
against a test system. Never point it at production: it reserves, charges and ships.
"""
CODES: Final = "Exit code: 0 conforms; 1 a rule is violated; 2 it could not be checked."


@dataclass(frozen=True)
class Options:
    """What the command line asks for. A password in the address has become one of the headers."""

    service: str
    url: str
    needs: Needs
    headers: Mapping[str, str]
    timeout_s: float
    restart_command: str | None
    restart_bound_s: float
    only: frozenset[str]
    must_only: bool
    listing: bool
    junit: Path | None
    json: Path | None


def parse(arguments: list[str]) -> Options:
    """Return what is asked for; raises Unusable with a sentence when it does not fit together."""
    given = _parser().parse_args(arguments)
    if given.url is None and not given.listing:
        raise Unusable("Say where the service is: --url http://host:port.")
    needs = _needs(given)
    url, secret = without_password(given.url or "")
    return Options(
        service=given.service,
        url=url,
        needs=needs,
        headers=secret | dict(given.header),
        timeout_s=given.timeout_s,
        restart_command=given.restart_command,
        restart_bound_s=given.restart_timeout_s,
        only=_groups(given.service, given.only, needs),
        must_only=given.must_only,
        listing=given.listing,
        junit=given.junit,
        json=given.json,
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise Unusable(f"{message[:1].upper()}{message[1:]}; see {self.prog} --help.")


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = _Parser(
        prog="python -m conformance", description=ABOUT, epilog=CODES, formatter_class=form
    )
    services = parser.add_subparsers(dest="service", required=True, metavar="SERVICE")
    for service in SERVICES:
        own = services.add_parser(
            service,
            help=f"check the {service} service",
            description=ABOUT,
            epilog=CODES,
            formatter_class=form,
        )
        for name, about, details in (*OPTIONS, *OWN_OPTIONS.get(service, ())):
            own.add_argument(f"--{name}", help=about, **details)
    return parser


def _needs(given: argparse.Namespace) -> Needs:
    match given.service:
        case "inventory":
            return Needs(
                product=_product(given.sku, given.stock),
                reservation_ttl_s=given.reservation_ttl_s,
                expiry_slack_s=given.expiry_slack_s,
            )
        case "payment":
            return Needs(currency=given.currency, declined_user=given.declined_user)
        case "shipping":
            return Needs(refused_address=given.refused_address, dispatch_path=given.dispatch_path)
        case _:
            return Needs()


def _product(sku: str | None, units: int | None) -> Product | None:
    if (sku is None) != (units is None):
        raise Unusable("--sku and --stock go together: a product, and how many units there are.")
    if sku is None or units is None:
        return None
    if units < PLENTY:
        raise Unusable(f"--stock: the checks need {PLENTY} units at least, not {units}.")
    return Product(sku, units)


def _groups(service: str, wanted: list[str], needs: Needs) -> frozenset[str]:
    known = suite_of(service, needs).group_names()
    for name in wanted:
        if name not in known:
            raise Unusable(f"--only {name}: {service} has the groups {', '.join(known)}.")
    return frozenset(wanted)
