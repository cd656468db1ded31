"""Ways in which evidence can be wrong; each breaks the rule that it stands beside in `DOCTORED`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from chaos.attempt import Attempt, Look
from chaos.shop import Wish
from tests.chaos.day import STOCK, Day


def _captured_twice(day: Day) -> None:
    day.entries["payment"]["another"] = {**day.entry("payment", day.good), "id": "another"}


def _never_committed(day: Day) -> None:
    day.entry("inventory", day.good)["status"] = "reserved"


def _wrong_amount(day: Day) -> None:
    day.entry("payment", day.good)["amount"] = "998.99"


def _other_items_shipped(day: Day) -> None:
    day.entry("shipping", day.good)["items"] = [{"sku": "SKU-1", "qty": 1}]


def _no_shipment(day: Day) -> None:
    day.entry("shipping", day.good)["status"] = "cancelled"


def _live_shipment_of_a_failed_order(day: Day) -> None:
    day.entry("shipping", day.bad)["status"] = "created"


def _money_kept_of_a_failed_order(day: Day) -> None:
    day.entry("payment", day.bad)["status"] = "captured"


def _stock_held_by_a_failed_order(day: Day) -> None:
    day.entry("inventory", day.bad)["status"] = "reserved"


def _money_of_no_order(day: Day) -> None:
    del day.orders[str(day.good.order_id)]


def _two_orders_under_one_key(day: Day) -> None:
    day.tell(replace(day.good, key="k-2", wish=_for_user(day.good, day.bad)))


def _for_user(one: Attempt, other: Attempt) -> Wish:
    return replace(one.wish, user=other.wish.user)


def _two_orders_for_one_request(day: Day) -> None:
    twin = {**day.order_of(day.unkeyed), "id": day.bad.order_id}
    day.orders[str(day.bad.order_id)] = twin


def _order_of_nobody(day: Day) -> None:
    order = day.order_of(day.good)
    order["address"] = {**order["address"], "line1": "nowhere"}


def _not_final(day: Day) -> None:
    day.order_of(day.good)["status"] = "PENDING"


def _sold_twice(day: Day) -> None:
    day.stock["SKU-1"]["onHand"] = STOCK


def _still_promised(day: Day) -> None:
    day.stock["SKU-1"]["reserved"] = 1


def _confirmed_for_good_and_failed(day: Day) -> None:
    day.order_of(day.good)["status"] = "FAILED"


def _changed_after_its_end(day: Day) -> None:
    day.order_of(day.good)["total"] = "998.00"


def _created_though_not_confirmed(day: Day) -> None:
    day.tell(day.good, status="PENDING")


def _failed_and_then_confirmed(day: Day) -> None:
    day.order_of(day.bad)["status"] = "CONFIRMED"


def _completed_while_money_was_kept(day: Day) -> None:
    day.bad.books = {**(day.bad.books or {}), "payment": "captured"}


def _accepted_before_it_was_charged(day: Day) -> None:
    attempt = day.tell(day.good, status="PENDING")
    attempt.status, attempt.books = 202, {"payment": "authorized"}


def _told_of_no_order(day: Day) -> None:
    del day.orders[str(day.bad.order_id)]


def _in_progress_and_then_gone(day: Day) -> None:
    """Unlike one that was withdrawn, it has left its traces at the upstreams."""
    told = day.tell(day.bad, code="order_in_progress", orderStatus="PENDING", status=409)
    told.status, told.headers = 409, {**told.headers, "retry-after": "1"}
    told.document["compensation"] = "pending"
    del day.orders[str(day.bad.order_id)]
    day.attempts, day.replays = [told], []


def _none_was_said_to_exist(day: Day) -> None:
    """Neither rule 1 nor rule 2 sees this one: the order itself is as it must be."""
    told = {**day.bad.document, "code": "overloaded", "compensation": "none"}
    del told["orderId"], told["orderStatus"]
    day.unkeyed.status, day.unkeyed.document = 503, told


def _none_was_said_to_exist_under_a_key(day: Day) -> None:
    del day.bad.document["orderId"], day.bad.document["orderStatus"]


def _another_answer_the_second_time(day: Day) -> None:
    day.tell(day.bad, detail="not the same as before")


def _replay_that_is_none(day: Day) -> None:
    day.replays[0][0].headers = day.good.headers


def _replay_that_failed(day: Day) -> None:
    attempt = day.tell(day.bad, orderStatus="COMPENSATING", compensation="pending")
    day.replays.append((attempt, None))


def _other_body_under_an_old_key(day: Day) -> None:
    day.replays[0] = (day.replays[0][0], day.good)


def _reused_by_nobody(day: Day) -> None:
    attempt = day.tell(day.bad, code="idempotency_key_reused", status=422)
    attempt.status = 422


def _seen_to_vanish(day: Day) -> None:
    day.looks.append(Look(str(day.good.order_id), None))


def _seen_to_turn_back(day: Day) -> None:
    day.looks.append(
        Look(str(day.good.order_id), {**day.order_of(day.good), "status": "COMPENSATING"})
    )


def _code_out_of_the_table(day: Day) -> None:
    day.tell(day.bad, code="internal_error")


def _decline_without_a_reason(day: Day) -> None:
    attempt = day.tell(day.bad)
    attempt.wish = day.good.wish


def _unavailable_without_retry_after(day: Day) -> None:
    attempt = day.tell(day.bad, code="upstream_unavailable", status=503)
    attempt.status = 503


def _not_the_status_of_the_wire(day: Day) -> None:
    day.tell(day.bad, status=400)


def _no_location(day: Day) -> None:
    day.tell(day.good).headers = {}


def _paid_by_another(day: Day) -> None:
    day.entry("payment", day.good)["userId"] = "u-2"


def _money_lost_from_the_ledger(day: Day) -> None:
    day.kept["INR"] -= 1


def _accepted_and_failed_for_a_time_out(day: Day) -> None:
    _accepted_then_failed(day, {"status": 504, "code": "timeout"})


def _accepted_then_failed(day: Day, upstream: dict[str, Any]) -> None:
    """Charged and answered 202, then taken back."""
    day.order_of(day.bad)["failure"] = {"code": "upstream_error", "upstream": upstream}
    told = day.tell(day.bad)
    told.status, told.books = 202, None
    told.document = {**day.order_of(day.bad), "status": "PENDING"}


def _flagged_for_ever(day: Day) -> None:
    day.order_of(day.good)["attention"] = {"reason": "shipping cancel: 409", "since": "…"}


DOCTORED: Final[list[tuple[str, Callable[[Day], None]]]] = [
    ("1", _captured_twice),
    ("1", _never_committed),
    ("1", _wrong_amount),
    ("1", _other_items_shipped),
    ("1", _no_shipment),
    ("1", _changed_after_its_end),
    ("1", _failed_and_then_confirmed),
    ("1", _paid_by_another),
    ("1", _money_lost_from_the_ledger),
    ("2", _live_shipment_of_a_failed_order),
    ("2", _money_kept_of_a_failed_order),
    ("2", _stock_held_by_a_failed_order),
    ("1", _money_of_no_order),
    ("2", _confirmed_for_good_and_failed),
    ("3", _two_orders_under_one_key),
    ("3", _two_orders_for_one_request),
    ("3", _order_of_nobody),
    ("4", _not_final),
    ("4", _flagged_for_ever),
    ("5", _sold_twice),
    ("5", _still_promised),
    ("6", _confirmed_for_good_and_failed),
    ("6", _changed_after_its_end),
    ("6", _failed_and_then_confirmed),
    ("6", _completed_while_money_was_kept),
    ("6", _accepted_before_it_was_charged),
    ("6", _accepted_and_failed_for_a_time_out),
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
