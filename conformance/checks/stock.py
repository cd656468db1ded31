"""Stock: never sold twice, never lost, whoever comes at once."""

import random
from collections import Counter
from http import HTTPStatus
from typing import Final

from conformance.answer import Answer
from conformance.check import Group
from conformance.contract import INVENTORY
from conformance.probe import UpstreamProbe
from conformance.resource import Resource
from conformance.shelf import Shelf, Stock
from conformance.violation import NotChecked
from conformance.wire import at_once

GROUP: Group[UpstreamProbe] = Group(
    "stock", "stock is conserved, and nothing is sold twice", frozenset({INVENTORY})
)

BUYERS: Final = 50
"""At once for the last unit: as many as the contract's own example, beyond any thread pool."""
SEED: Final = 3
"""Which of the mixed calls comes when: the same in every run, so that a failure can be repeated."""

_CONSERVED: Final = "5, rule 5"


@GROUP.check(
    section="3, the table of calls",
    matters="Nobody can tell what may be sold.",
    fix="Answer sku, onHand, reserved and available = onHand - reserved, as whole numbers.",
)
async def shown(probe: UpstreamProbe) -> None:
    """GET /stock answers sku, onHand, reserved and available, which is their difference."""
    shelf = await probe.shelf()
    await probe.created(probe.reservation(shelf))
    stock, answer = await shelf.now()
    answer.expect(200, sku=shelf.sku)
    if stock.available != stock.on_hand - stock.reserved:
        raise answer.violates("available = onHand - reserved")
    await shelf.expect(reserved=1)


@GROUP.check(
    section="3, the table of calls",
    matters="A product that was never entered looks as if it were sold out.",
    fix="Answer 404 to a GET of a sku that does not exist.",
)
async def unknown(probe: UpstreamProbe) -> None:
    """GET /stock of a product that does not exist answers 404."""
    name = probe.reservation(await probe.shelf()).id
    (await probe.wire.get(f"/stock/conformance-none-{name[:8]}")).expect_refusal(404)


@GROUP.check(
    section="3, the table of calls",
    matters="What lies on the shelf cannot be entered; or entering it frees what is reserved.",
    fix="Let PUT set onHand, and leave what is reserved as it is.",
)
async def put(probe: UpstreamProbe) -> None:
    """PUT /stock sets onHand, and leaves alone what is reserved."""
    if probe.needs.product is not None:
        raise NotChecked("--sku was given: the kit does not change the stock of other people")
    shelf = await probe.shelf(5)
    await probe.created(probe.reservation(shelf, qty=2))
    answer = await probe.wire.send("PUT", f"/stock/{shelf.sku}", body={"onHand": 9})
    answer.expect(200)
    stock, answer = await shelf.now()
    if stock != Stock(on_hand=9, reserved=2, available=7):
        raise answer.violates("onHand 9, reserved 2, available 7")


@GROUP.check(
    section=_CONSERVED,
    matters="The same unit is sold to several customers: all but one of them paid for nothing.",
    fix="Take units by one conditional update (… SET reserved = reserved + n WHERE onHand -"
    " reserved >= n), never by reading first and writing then.",
)
async def last_unit(probe: UpstreamProbe) -> None:
    """Fifty orders at once for the last unit: exactly one 201, the others 409 `out_of_stock`."""
    shelf = await probe.scarce(1)
    buyers = [probe.reservation(shelf) for _ in range(BUYERS)]
    answers = await at_once(probe.create(buyer) for buyer in buyers)
    _expect_sold(answers, 1)
    await shelf.expect(reserved=1)


@GROUP.check(
    section=_CONSERVED,
    matters="Orders that name the same products in another order block each other: they fail, or"
    " what one of them took is not given back.",
    fix="Touch the rows of the stock in one order everywhere, such as by sku.",
)
async def crosswise(probe: UpstreamProbe) -> None:
    """Orders at once for two products, in either order of lines: only lack of stock refuses."""
    if probe.needs.product is not None:
        raise NotChecked("it takes two products, and --sku names one")
    one, other = await probe.shelf(10), await probe.shelf(10)
    buyers = [probe.reservation(one) for _ in range(30)]
    for number, buyer in enumerate(buyers):
        lines = [one.line(), other.line()]
        buyer.body["items"] = lines[::-1] if number % 2 else lines
    answers = await at_once(probe.create(buyer) for buyer in buyers)
    _expect_sold(answers, 10)
    await one.expect(reserved=10)
    await other.expect(reserved=10)


@GROUP.check(
    section=_CONSERVED,
    matters="Units vanish from the shelf, or appear on it: sooner or later what is sold is not"
    " there.",
    fix="Change the stock and the reservation in one transaction; only by relative updates.",
)
async def conserved(probe: UpstreamProbe) -> None:
    """Reserves, commits and releases at once: what is on hand, reserved and sold adds up."""
    shelf = await probe.scarce(8)
    orders = [probe.reservation(shelf) for _ in range(24)]
    dice = random.Random(SEED)  # noqa: S311 - no secret
    ends = ("hold", "sell", "drop")
    await at_once(_live(probe, shelf, order, dice.choice(ends)) for order in orders)
    answers = await at_once(probe.read(order) for order in orders)
    states = Counter(answer.body.get("status") for answer in answers)
    await shelf.expect(reserved=states["reserved"], sold=states["committed"])


def _expect_sold(answers: list[Answer], units: int) -> None:
    """Raise Violation unless so many were answered 201, and all others that it is sold out."""
    refused = [answer for answer in answers if answer.status != HTTPStatus.CREATED]
    sold = len(answers) - len(refused)
    if sold != units:
        expected = f"{units} of {len(answers)} answered 201, for that many units there are"
        raise answers[0].violates(f"{expected}; it was {sold}")
    for answer in refused:
        answer.expect_refusal(409, codes=("out_of_stock",))


async def _live(probe: UpstreamProbe, shelf: Shelf, order: Resource, end: str) -> None:
    """Reserve if there is stock, then keep, sell or give back; looking at the shelf on the way."""
    if (await probe.create(order)).status == HTTPStatus.CREATED:
        if end != "hold":
            (await probe.finish(order)).expect(200)
        if end == "drop":
            await probe.undone(order)
    stock, answer = await shelf.now()
    if min(stock.on_hand, stock.reserved, stock.available) < 0:
        raise answer.violates("no negative number, at any moment")
