"""What a check of inventory, payment or shipping works with."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from conformance.answer import Answer
from conformance.contract import Contract
from conformance.resource import (
    ADDRESS,
    QTY,
    Resource,
    State,
    new_payment,
    new_reservation,
    new_resource,
    new_shipment,
)
from conformance.shelf import PLENTY, Shelf, find_shelf, make_shelf
from conformance.target import Needs
from conformance.violation import NotChecked, Violation
from conformance.wire import Wire, at_once


@dataclass
class UpstreamProbe:
    """One check's way to the service; what the check left live is undone at its end."""

    contract: Contract
    wire: Wire
    needs: Needs
    made: list[Resource] = field(default_factory=list)

    async def new(self, *, qty: int = QTY) -> Resource:
        """Return a resource that can be created; for inventory on a shelf with plenty."""
        match self.contract.service:
            case "payment":
                return self._note(new_payment(self.contract, self.needs.currency))
            case "shipping":
                return self._note(new_shipment(self.contract, ADDRESS))
            case _:
                return self.reservation(await self.shelf(), qty=qty)

    def reservation(self, shelf: Shelf, *, qty: int = 1) -> Resource:
        """Return a reservation of units of this shelf."""
        return self._note(new_reservation(self.contract, shelf, qty))

    def like(self, resource: Resource) -> Resource:
        """Return another that nobody has heard of, asked for with the same body but its ids."""
        fresh = new_resource(self.contract)
        fresh.body = resource.body | fresh.body
        fresh.shelf, fresh.qty = resource.shelf, resource.qty
        return self._note(fresh)

    async def refused(self) -> Resource:
        """Return a resource whose creation has to be refused.

        Raises:
            NotChecked: The service was said to refuse nothing.
        """
        needs = self.needs
        match self.contract.service:
            case "payment":
                if not needs.declined_user:
                    raise NotChecked("no user is declined here; name one with --declined-user")
                return self._note(new_payment(self.contract, needs.currency, needs.declined_user))
            case "shipping":
                if not needs.refused_address:
                    raise NotChecked("every address is served; name one with --refused-address")
                return self._note(new_shipment(self.contract, dict(needs.refused_address)))
            case _:
                shelf = await self.shelf()
                return self.reservation(shelf, qty=shelf.start.available + 1)

    async def shelf(self, units: int = PLENTY) -> Shelf:
        """Return a shelf with at least `units` units; exactly so many if it is the kit's own."""
        if self.needs.product is None:
            return await make_shelf(self.wire, units)
        return await find_shelf(self.wire, self.needs.product, units)

    async def scarce(self, units: int) -> Shelf:
        """Return a shelf with exactly `units` units left; the others are reserved by us."""
        if self.needs.product is None:
            return await make_shelf(self.wire, units)
        shelf = await find_shelf(self.wire, self.needs.product, units)
        if surplus := shelf.start.available - units:
            (await self.create(self.reservation(shelf, qty=surplus))).expect(201)
        return await find_shelf(self.wire, self.needs.product, units)

    async def create(self, resource: Resource, *, key: str | None = None) -> Answer:
        """Ask for it, under its own key unless another is given."""
        before, resource.to_clean = resource.to_clean, True
        answer = await self.wire.send(
            "POST",
            self.contract.create_path,
            key=key or resource.key(self.contract.create),
            body=resource.body,
        )
        if answer.final_refusal:
            resource.to_clean = before
        return answer

    async def created(self, resource: Resource) -> Answer:
        """Create it, which must work."""
        return (await self.create(resource)).expect(201, id=resource.id)

    async def finish(self, resource: Resource, *, key: str | None = None) -> Answer:
        """Commit or capture it."""
        return await self._act(resource, self.contract.finish or "", key)

    async def finished(self, resource: Resource) -> Answer:
        """Create and finish it, which must work."""
        await self.created(resource)
        answer = await self.finish(resource)
        return answer.expect(200, id=resource.id, status=self.contract.finished)

    async def undo(self, resource: Resource, *, key: str | None = None) -> Answer:
        """Release, refund or cancel it."""
        return await self._act(resource, self.contract.undo, key)

    async def undone(self, resource: Resource, *, key: str | None = None) -> Answer:
        """Undo it, which must work, whatever became of it."""
        answer = await self.undo(resource, key=key)
        return answer.expect(200, id=resource.id, status=self.contract.undone)

    async def read(self, resource: Resource) -> Answer:
        """GET it."""
        return await self.wire.get(resource.path)

    async def expect_state(self, resource: Resource, state: State) -> None:
        """Raise Violation unless GET, and for inventory the stock, show this state."""
        answer = await self.read(resource)
        contract = self.contract
        if state is State.GONE:
            if answer.status == HTTPStatus.OK and answer.body.get("status") in contract.live:
                raise answer.violates(f"404, or status {' or '.join(contract.undone)}")
            if answer.status not in {HTTPStatus.OK, HTTPStatus.NOT_FOUND}:
                raise answer.violates("200 or 404")
        else:
            status = contract.created if state is State.CREATED else contract.finished
            answer.expect(200, id=resource.id, status=status)
        if resource.shelf is not None:
            await resource.shelf.expect(
                reserved=resource.qty if state is State.CREATED else 0,
                sold=resource.qty if state is State.FINISHED else 0,
            )

    async def expect_refused(self, resource: Resource) -> Answer:
        """Raise Violation unless its creation is refused as the contract says."""
        status, code = self.contract.refusal
        return (await self.create(resource)).expect_refusal(status, codes=(code,))

    async def expect_tombstone(self, resource: Resource, *, key: str | None = None) -> None:
        """Raise Violation unless a create is refused for good."""
        (await self.create(resource, key=key)).expect_refusal(410, codes=("cancelled",))

    async def clean(self) -> None:
        """Undo what the check may have left live. What comes of it is no longer the check's."""
        left = [resource for resource in self.made if resource.to_clean]
        self.made.clear()
        try:
            await at_once(self.undo(resource) for resource in left)
        except Violation:
            return

    def _note(self, resource: Resource) -> Resource:
        self.made.append(resource)
        return resource

    async def _act(self, resource: Resource, operation: str, key: str | None) -> Answer:
        body: dict[str, Any] = {}
        answer = await self.wire.send(
            "POST",
            f"{resource.path}/{operation}",
            key=key or resource.key(operation),
            body=body,
        )
        if operation == self.contract.undo and answer.status == HTTPStatus.OK:
            resource.to_clean = False
        return answer
