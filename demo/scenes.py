"""The stories, as a table: a title, why it matters, and what happens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from demo.checks import Check, answered, sold, undone
from demo.shop import STOCK, Request
from demo.stage import Stage
from demo.takeover import killed_in_the_middle
from testbed import faults


@dataclass(frozen=True)
class Scene:
    """One story."""

    title: str
    short: str
    """What the order is called in the ledgers."""
    why: str
    play: Callable[[Stage], Iterator[Check]]
    """Tells the story on the stage's screen, and then says what must be true."""


def goes_through(stage: Stage) -> Iterator[Check]:
    """Nothing goes wrong."""
    answer = stage.place(Request())
    order = stage.timeline(answer.order_id)
    yield answered(answer, 201, "CONFIRMED")
    yield from sold(stage.shop, order)


def out_of_stock(stage: Stage) -> Iterator[Check]:
    """The first step is refused; there is nothing to undo."""
    request = Request(sku="SKU-3", qty=STOCK["SKU-3"] + 1)
    answer = stage.place(request)
    order = stage.timeline(answer.order_id)
    yield answered(answer, 409, "out_of_stock")
    shortages = [{"sku": "SKU-3", "requested": request.qty, "available": STOCK["SKU-3"]}]
    told = answer.body.get("shortages")
    yield Check("the answer says how many there are", told == shortages, told)
    yield from undone(stage.shop, order, STOCK["SKU-3"])


def declined(stage: Stage) -> Iterator[Check]:
    """The second step is refused; the first is undone."""
    before = stage.shop.available("SKU-2")
    answer = stage.place(Request(sku="SKU-2", user="decline-dora"))
    order = stage.timeline(answer.order_id)
    yield answered(answer, 402, "payment_declined")
    yield from undone(stage.shop, order, before)


def not_served(stage: Stage) -> Iterator[Check]:
    """The third step is refused; the second and the first are undone."""
    before = stage.shop.available("SKU-2")
    answer = stage.place(Request(sku="SKU-2", country="AQ"))
    order = stage.timeline(answer.order_id)
    yield answered(answer, 422, "shipment_refused")
    told = answer.body.get("compensation")
    yield Check("… and that everything was undone", told == "completed", told)
    yield from undone(stage.shop, order, before)


def sent_twice(stage: Stage) -> Iterator[Check]:
    """The second request is answered with the first one's answer."""
    request = Request(qty=1, key="double-click")
    first = stage.place(request)
    again = stage.place(request)
    order = stage.timeline(again.order_id)
    same = first.body == again.body
    yield answered(again, 201, "CONFIRMED")
    yield Check("both answers are the same order, to the letter", same, again.order_id)
    yield Check("the second one is marked as a replay", again.replayed and not first.replayed)
    yield from sold(stage.shop, order)


def answer_lost(stage: Stage) -> Iterator[Check]:
    """Payment acts and its answer is lost; the repeated request gets it."""
    rule = stage.proxy("payment").on("POST", "/payments", faults.LOSE)
    answer = stage.place(Request(key="lost-answer"))
    rule.stop()
    order = stage.timeline(answer.order_id)
    key = f"{order['id']}:authorize"
    asked = [seen for seen in stage.proxy("payment").seen if seen.key == key]
    yield answered(answer, 201, "CONFIRMED")
    yield Check("payment was asked twice, with the same key", len(asked) == 2, asked)  # noqa: PLR2004
    yield Check("the first answer was lost on the way", rule.hits == 1, rule)
    yield from sold(stage.shop, order)


SCENES = (
    Scene(
        "An order goes through",
        "goes through",
        "Five calls in a row to three services; two durable writes, one before and one after.",
        goes_through,
    ),
    Scene(
        "Out of stock",
        "out of stock",
        f"{STOCK['SKU-3'] + 1} are wanted, {STOCK['SKU-3']} are there. "
        "A refusal is final: it is not tried again, and there is nothing to undo.",
        out_of_stock,
    ),
    Scene(
        "The payment is declined",
        "declined",
        "The stock was already held. It goes back on the shelf before the customer is answered.",
        declined,
    ),
    Scene(
        "The shipment is refused",
        "not served",
        "Nobody delivers to Antarctica. What was done is undone in reverse: the money, the stock.",
        not_served,
    ),
    Scene(
        "The same order, sent twice",
        "sent twice",
        "A double click, or a nervous client. One key is one order and one charge.",
        sent_twice,
    ),
    Scene(
        "The answer from payment is lost",
        "answer lost",
        "The money is set aside and the connection breaks: did it happen? "
        "Asked again with the same key, payment repeats its answer and does nothing twice.",
        answer_lost,
    ),
    Scene(
        "A replica dies in the middle",
        "taken over",
        "SIGKILL, while the shipment is on its way. Another replica finds the order when the dead "
        "one's lease has run out, and finishes it.",
        killed_in_the_middle,
    ),
)
