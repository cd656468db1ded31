"""A run as a person can read it: what was injected, what was sent, what was told, what is wrong."""

from collections.abc import Iterator

from proof.books import Books
from proof.outcome import Outcome
from proof.virtual_time import START_S
from proof.witness import Sent


def tell(outcome: Outcome) -> str:
    """The story of a run."""
    return "\n".join(_lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    case = outcome.case
    yield f"case {case.id}"
    for injection in case.all:
        fired = "" if outcome.fired[injection.name] else "   (it did not come to that)"
        yield f"  {injection.name}: {injection.says}{fired}"
    yield ""
    events = [(at, line) for sent in outcome.sent for at, line in _of(sent)]
    events += [(at, f"   {text}") for at, text in outcome.notes]
    for at, line in sorted(events, key=lambda event: event[0]):
        yield f"  {at - START_S:8.3f} s {line}"
    yield ""
    yield from _books(outcome.books)
    yield ""
    for violation in outcome.violations:
        yield f"  ✗ {violation}"
    if not outcome.violations:
        yield "  ✓ everything holds"
    yield f"  again: python -m proof --case '{case.id}'"


def _of(sent: Sent) -> Iterator[tuple[float, str]]:
    who = f"{sent.replica} {sent.call}"
    fault = f" [{sent.fault}]" if sent.fault else ""
    came = f", answered {sent.seen}" if sent.seen is not None else ", no answer"
    if not sent.done:
        yield sent.at, f"{who}{fault}: not carried out{came}"
    for at, status in sent.done:
        if sent.fault and at - sent.at > 1:  # carried out long after it was sent: two lines
            yield sent.at, f"{who}{fault}: sent{came}"
            yield at, f"{who}{fault}: arrives, {status}"
        else:
            yield sent.at, f"{who}{fault}: carried out, {status}{came}"


def _books(books: Books) -> Iterator[str]:
    for record in books.orders.values():
        yield f"  order of {record.caller}: {record.status}, version {record.version}"
    for word, rows in (
        ("reservation", books.reservations),
        ("payment", books.payments),
        ("shipment", books.shipments),
    ):
        for row in rows:
            yield f"  {word}: {row['status']}"
    for line in books.ledger:
        yield f"  ledger: {line['movement']} {line['amount_minor']}"
    for sku, (on_hand, reserved) in books.stock.items():
        yield f"  {sku}: {on_hand} on hand, {reserved} of them reserved"
