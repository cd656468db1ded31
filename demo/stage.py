"""What every scene plays on: the running system, and the screen to tell it on."""

from dataclasses import dataclass, field

from demo.screen import Screen, Style
from demo.shop import Answer, Request, Shop
from demo.timeline import show_timeline
from testbed.books import Entry
from testbed.fault_proxy import FaultProxy
from testbed.processes import Process
from testbed.stack import Stack

REPLICAS = ("replica-A", "replica-B")


@dataclass
class Stage:
    """The system, the customer and the screen."""

    stack: Stack
    screen: Screen
    shop: Shop
    orders: dict[str, str] = field(default_factory=dict)
    """What to call each order in the ledgers, by id."""

    @property
    def first(self) -> Process:
        """The replica that takes the orders, as long as it lives."""
        return self.stack.replica(REPLICAS[0])

    @property
    def second(self) -> Process:
        """The other one."""
        return self.stack.replica(REPLICAS[1])

    def proxy(self, upstream: str) -> FaultProxy:
        """What stands between the replicas and an upstream."""
        return self.stack.proxy(upstream)

    def say(self, request: Request) -> None:
        """Show what the customer sends."""
        self.screen.line(f"POST /orders  {request}")

    def place(self, request: Request) -> Answer:
        """Send it to the first replica, and show it and its answer."""
        self.say(request)
        answer = self.shop.place(request, self.first)
        self.hear(answer)
        return answer

    def hear(self, answer: Answer) -> None:
        """Show what the customer is told."""
        style: Style = "green" if answer.body.get("status") == "CONFIRMED" else "yellow"
        self.screen.line(f"           ←  {answer}", style)

    def timeline(self, order_id: str, replica: Process | None = None) -> Entry:
        """Show what happened to the order, as the replica tells it, and return the order."""
        order = self.shop.order(order_id, replica or self.first)
        self.screen.line()
        show_timeline(self.screen, order)
        self.screen.line()
        return order
