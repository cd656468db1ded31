"""Ways in which books can be wrong; each breaks the rule that it stands beside in `DOCTORED`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from tests.storm.attempt import Attempt, Look
from tests.storm.audit import audit
from tests.storm.books import STOCK, Books, Placed
from tests.storm.shop import Wish


@dataclass(frozen=True)
class Day:
    """A good order and a declined one, with a replay of each, and a good one without a key."""

    books: Books
    good: Placed
    bad: Placed
    unkeyed: Placed

    def rules_broken(self) -> set[str]:
        """What the audit finds."""
        return {violation.rule for violation in audit(self.books.evidence)}

    def tell(self, attempt: Attempt, **changed: object) -> Attempt:
        """One more answer like this one, but for what is `changed` in its document."""
        told = replace(attempt, document={**attempt.document, **changed})
        self.books.attempts.append(told)
        return told


async def a_day() -> Day:
    """A day on which all went well."""
    books = Books()
    good, bad = await books.confirm(key="k-1"), await books.decline(key="k-2")
    unkeyed = await books.confirm()
    books.replay(good)
    books.replay(bad)
    return Day(books, good, bad, unkeyed)


def _captured_twice(day: Day) -> None:
    day.books.add_row(day.books.payment, day.good, "captured")


def _never_committed(day: Day) -> None:
    day.books.row(day.books.inventory, day.good).status = "reserved"


def _wrong_amount(day: Day) -> None:
    row = day.books.row(day.books.payment, day.good)
    row.body = {**(row.body or {}), "amount": "998.99"}


def _other_items_shipped(day: Day) -> None:
    row = day.books.row(day.books.shipping, day.good)
    row.body = {**(row.body or {}), "items": [{"sku": "SKU-1", "qty": 1}]}


def _no_shipment(day: Day) -> None:
    day.books.row(day.books.shipping, day.good).status = "cancelled"


def _live_shipment_of_a_failed_order(day: Day) -> None:
    row = day.books.row(day.books.shipping, day.good)
    row.body = {**(row.body or {}), "orderId": day.bad.id}
    day.books.shipping.rows[str(day.bad.order["shipmentId"])] = row


def _money_kept_of_a_failed_order(day: Day) -> None:
    day.books.row(day.books.payment, day.bad).status = "captured"


def _stock_held_by_a_failed_order(day: Day) -> None:
    day.books.row(day.books.inventory, day.bad).status = "reserved"


def _money_of_no_order(day: Day) -> None:
    del day.books.orders[day.good.id]


def _two_orders_under_one_key(day: Day) -> None:
    day.tell(replace(day.good.attempt, key="k-2", wish=_for_user(day.good, day.bad)))


def _for_user(one: Placed, other: Placed) -> Wish:
    return replace(one.attempt.wish, user=other.attempt.wish.user)


def _two_orders_for_one_request(day: Day) -> None:
    twin = {**day.unkeyed.order, "id": day.bad.id}
    day.books.orders[day.bad.id] = twin


def _order_of_nobody(day: Day) -> None:
    day.good.order["address"] = {**day.good.order["address"], "line1": "nowhere"}


def _not_final(day: Day) -> None:
    day.good.order["status"] = "PENDING"


def _sold_twice(day: Day) -> None:
    day.books.inventory.shelves["SKU-1"].on_hand = STOCK


def _still_promised(day: Day) -> None:
    day.books.inventory.shelves["SKU-1"].reserved = 1


def _confirmed_for_good_and_failed(day: Day) -> None:
    day.good.order["status"] = "FAILED"


def _changed_after_its_end(day: Day) -> None:
    day.good.order["total"] = "998.00"


def _created_though_not_confirmed(day: Day) -> None:
    day.tell(day.good.attempt, status="PENDING")


def _failed_and_then_confirmed(day: Day) -> None:
    day.bad.order["status"] = "CONFIRMED"


def _completed_while_money_was_kept(day: Day) -> None:
    day.bad.attempt.books = {**day.bad.attempt.books, "payment": "captured"}


def _accepted_before_it_was_charged(day: Day) -> None:
    attempt = day.tell(day.good.attempt, status="PENDING")
    attempt.status, attempt.books = 202, {"payment": "authorized"}


def _told_of_no_order(day: Day) -> None:
    del day.books.orders[day.bad.id]


def _in_progress_and_then_gone(day: Day) -> None:
    """Unlike one that was withdrawn, it has left its traces at the upstreams."""
    told = day.tell(day.bad.attempt, code="order_in_progress", orderStatus="PENDING", status=409)
    told.status, told.headers = 409, {**told.headers, "retry-after": "1"}
    told.document["compensation"] = "pending"
    del day.books.orders[day.bad.id]
    day.books.attempts, day.books.replays = [told], []


def _none_was_said_to_exist(day: Day) -> None:
    """Neither rule 1 nor rule 2 sees this one: the order itself is as it must be."""
    told = {**day.bad.attempt.document, "code": "overloaded", "compensation": "none"}
    del told["orderId"], told["orderStatus"]
    day.unkeyed.attempt.status, day.unkeyed.attempt.document = 503, told


def _none_was_said_to_exist_under_a_key(day: Day) -> None:
    del day.bad.attempt.document["orderId"], day.bad.attempt.document["orderStatus"]


def _another_answer_the_second_time(day: Day) -> None:
    day.tell(day.bad.attempt, detail="not the same as before")


def _replay_that_is_none(day: Day) -> None:
    day.books.replays[0][0].headers = day.good.attempt.headers


def _replay_that_failed(day: Day) -> None:
    attempt = day.tell(day.bad.attempt, orderStatus="COMPENSATING", compensation="pending")
    day.books.replays.append((attempt, None))


def _other_body_under_an_old_key(day: Day) -> None:
    day.books.replays[0] = (day.books.replays[0][0], day.good.attempt)


def _reused_by_nobody(day: Day) -> None:
    attempt = day.tell(day.bad.attempt, code="idempotency_key_reused", status=422)
    attempt.status = 422


def _seen_to_vanish(day: Day) -> None:
    day.books.looks.append(Look(day.good.id, None))


def _seen_to_turn_back(day: Day) -> None:
    day.books.looks.append(Look(day.good.id, {**day.good.order, "status": "COMPENSATING"}))


def _code_out_of_the_table(day: Day) -> None:
    day.tell(day.bad.attempt, code="internal_error")


def _decline_without_a_reason(day: Day) -> None:
    attempt = day.tell(day.bad.attempt)
    attempt.wish = day.good.attempt.wish


def _unavailable_without_retry_after(day: Day) -> None:
    attempt = day.tell(day.bad.attempt, code="upstream_unavailable", status=503)
    attempt.status = 503


def _not_the_status_of_the_wire(day: Day) -> None:
    day.tell(day.bad.attempt, status=400)


def _no_location(day: Day) -> None:
    day.tell(day.good.attempt).headers = {}


DOCTORED: Final[list[tuple[str, Callable[[Day], None]]]] = [
    ("1", _captured_twice),
    ("1", _never_committed),
    ("1", _wrong_amount),
    ("1", _other_items_shipped),
    ("1", _no_shipment),
    ("1", _changed_after_its_end),
    ("1", _failed_and_then_confirmed),
    ("2", _live_shipment_of_a_failed_order),
    ("2", _money_kept_of_a_failed_order),
    ("2", _stock_held_by_a_failed_order),
    ("2", _money_of_no_order),
    ("2", _confirmed_for_good_and_failed),
    ("3", _two_orders_under_one_key),
    ("3", _two_orders_for_one_request),
    ("3", _order_of_nobody),
    ("4", _not_final),
    ("5", _sold_twice),
    ("5", _still_promised),
    ("6", _confirmed_for_good_and_failed),
    ("6", _changed_after_its_end),
    ("6", _failed_and_then_confirmed),
    ("6", _completed_while_money_was_kept),
    ("6", _accepted_before_it_was_charged),
    ("6", _told_of_no_order),
    ("6", _in_progress_and_then_gone),
    ("6", _none_was_said_to_exist),
    ("6", _none_was_said_to_exist_under_a_key),
    ("6", _another_answer_the_second_time),
    ("6", _replay_that_failed),
    ("6", _reused_by_nobody),
    ("6", _seen_to_vanish),
    ("6", _seen_to_turn_back),
    ("API", _created_though_not_confirmed),
    ("API", _replay_that_is_none),
    ("API", _other_body_under_an_old_key),
    ("API", _code_out_of_the_table),
    ("API", _decline_without_a_reason),
    ("API", _unavailable_without_retry_after),
    ("API", _not_the_status_of_the_wire),
    ("API", _no_location),
]
