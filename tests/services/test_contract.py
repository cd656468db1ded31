"""The rules 1-5 of the upstream contract, over inventory, payment and shipping, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from services.inventory.app import create_app as inventory_app
from services.payment.app import create_app as payment_app
from services.shipping.app import create_app as shipping_app
from tests.services.in_process import MakeApp, code_of, keyed, running

ADDRESS = {"line1": "1 Main Street", "city": "Pune", "country": "IN", "postalCode": "411001"}
ITEMS = [{"sku": "SKU-1", "qty": 2}]
DUPLICATES = 20


@dataclass(frozen=True)
class Upstream:
    """What one service calls the things that the contract speaks of."""

    name: str
    make_app: MakeApp
    create: str
    noun: str
    undo: str
    undone: str
    body: dict[str, Any]
    other: dict[str, Any]
    refused: dict[str, Any]
    refusal: tuple[int, str]
    unknown: str
    state: str
    step: str


UPSTREAMS = [
    Upstream(
        name="inventory",
        make_app=inventory_app,
        create="/reserve",
        noun="/reservations",
        undo="release",
        undone="released",
        body={"orderId": "order-1", "items": ITEMS},
        other={"orderId": "order-1", "items": [{"sku": "SKU-1", "qty": 3}]},
        refused={"orderId": "order-1", "items": [{"sku": "SKU-1", "qty": 101}]},
        refusal=(409, "out_of_stock"),
        unknown="unknown_reservation",
        state="/stock",
        step="commit",
    ),
    Upstream(
        name="payment",
        make_app=payment_app,
        create="/payments",
        noun="/payments",
        undo="refund",
        undone="voided",
        body={"orderId": "order-1", "userId": "u-1", "amount": "999.00", "currency": "INR"},
        other={"orderId": "order-1", "userId": "u-1", "amount": "999.01", "currency": "INR"},
        refused={"orderId": "o", "userId": "decline-1", "amount": "999.00", "currency": "INR"},
        refusal=(402, "payment_declined"),
        unknown="unknown_payment",
        state="/ledger",
        step="capture",
    ),
    Upstream(
        name="shipping",
        make_app=shipping_app,
        create="/shipments",
        noun="/shipments",
        undo="cancel",
        undone="cancelled",
        body={"orderId": "order-1", "address": ADDRESS, "items": ITEMS},
        other={"orderId": "order-2", "address": ADDRESS, "items": ITEMS},
        refused={"orderId": "o", "address": {**ADDRESS, "country": "AQ"}, "items": ITEMS},
        refusal=(422, "address_not_served"),
        unknown="unknown_shipment",
        state="/shipments",
        step="dispatch",
    ),
]
only_where_steps_can_be_undone = pytest.mark.parametrize(
    "upstream", UPSTREAMS[:2], ids=lambda upstream: upstream.name, indirect=True
)
"""All but shipping: a parcel that has left the warehouse cannot be called back (test_shipping)."""


@dataclass
class Service:
    """A running upstream, spoken to in the contract's words."""

    of: Upstream
    client: httpx.AsyncClient

    async def create(
        self, body: dict[str, Any] | None = None, *, name: str = "id-1", key: str = "order-1:create"
    ) -> httpx.Response:
        """Create under an id and a key."""
        return await self.client.post(
            self.of.create, json={"id": name, **(body or self.of.body)}, headers=keyed(key)
        )

    async def act(
        self, operation: str, *, name: str = "id-1", key: str | None = None
    ) -> httpx.Response:
        """Run an operation on an id."""
        return await self.client.post(
            f"{self.of.noun}/{name}/{operation}", headers=keyed(key or f"order-1:{operation}")
        )

    async def undo(self, *, name: str = "id-1", key: str = "order-1:undo") -> httpx.Response:
        """Undo an id."""
        return await self.act(self.of.undo, name=name, key=key)

    async def get(self, name: str = "id-1") -> httpx.Response:
        """Read an id."""
        return await self.client.get(f"{self.of.noun}/{name}")

    async def state(self) -> object:
        """Return everything that a create changes besides its own record."""
        return (await self.client.get(self.of.state)).json()

    async def live(self) -> int:
        """Count what has been created for the order and not been undone."""
        found = await self.client.get(self.of.noun, params={"orderId": "order-1"})
        gone = {self.of.undone, "refunded"}
        return sum(item["status"] not in gone for item in found.json()["items"])


@pytest.fixture(params=UPSTREAMS, ids=lambda upstream: upstream.name)
def upstream(request: pytest.FixtureRequest) -> Upstream:
    """Each of the three."""
    chosen: Upstream = request.param
    return chosen


@pytest.fixture
async def service(upstream: Upstream, database_url: str) -> AsyncIterator[Service]:
    """The upstream, running on a fresh database, with something to sell."""
    async with running(upstream.make_app, database_url) as client:
        await stock_up(upstream, client)
        yield Service(upstream, client)


async def stock_up(upstream: Upstream, client: httpx.AsyncClient) -> None:
    """Give the inventory something to sell."""
    if upstream.name == "inventory":
        await client.put("/stock/SKU-1", json={"onHand": 100})


class TestRule1TheCallerChoosesTheId:
    """Whoever lost the answer still knows the name."""

    async def test_created_under_the_given_id(self, service: Service) -> None:
        """What was created is found under the id that the caller chose."""
        created = await service.create(name="my-name")

        assert 201 == created.status_code
        assert created.json() == (await service.get("my-name")).json()
        assert "my-name" == created.json()["id"]

    async def test_found_by_order(self, service: Service) -> None:
        """What was created for an order is found by the order's id."""
        await service.create(name="a", key="k-a")
        await service.create(name="b", key="k-b")
        found = await service.client.get(service.of.noun, params={"orderId": "order-1"})

        assert ["a", "b"] == [item["id"] for item in found.json()["items"]]

    async def test_pages(self, service: Service) -> None:
        """A list comes in pages that follow one another until the cursor is null."""
        for name in "abc":
            await service.create(name=name, key=f"k-{name}")
        first = (await service.client.get(service.of.noun, params={"limit": 2})).json()
        rest = (
            await service.client.get(
                service.of.noun, params={"limit": 2, "cursor": first["nextCursor"]}
            )
        ).json()

        assert ["a", "b"] == [item["id"] for item in first["items"]]
        assert ["c"] == [item["id"] for item in rest["items"]]
        assert rest["nextCursor"] is None

    async def test_unknown_id_is_404(self, service: Service) -> None:
        """An id that nobody has named is not there."""
        assert (404, service.of.unknown) == code_of(await service.get("nobody"))


class TestRule2RepeatsRepeatTheAnswer:
    """One key, one effect, one answer."""

    async def test_repeated_create(self, service: Service) -> None:
        """A repeated create gets the same answer and has no second effect."""
        first = await service.create()
        state = await service.state()
        again = await service.create()

        assert (201, first.content) == (again.status_code, again.content)
        assert state == await service.state()

    async def test_repeated_create_at_once(self, service: Service) -> None:
        """Of many equal creates at the same moment one takes effect, and all get its answer."""
        answers = await asyncio.gather(*(service.create() for _ in range(DUPLICATES)))

        assert {(201, answers[0].content)} == {(a.status_code, a.content) for a in answers}
        assert 1 == await service.live()

    async def test_repeated_create_after_a_step(self, service: Service) -> None:
        """A repeat gets the answer that was given, not the state of today."""
        first = await service.create()
        await service.act(service.of.step)

        assert first.json() == (await service.create()).json()

    async def test_repeated_step(self, service: Service) -> None:
        """A repeated step gets the same answer and has no second effect."""
        await service.create()
        first = await service.act(service.of.step)
        state = await service.state()
        again = await service.act(service.of.step)

        assert (200, first.content) == (again.status_code, again.content)
        assert state == await service.state()

    async def test_step_again_under_another_key(self, service: Service) -> None:
        """A step done before is answered as it stands, whoever asks, and is not done again."""
        await service.create()
        first = await service.act(service.of.step)
        state = await service.state()
        again = await service.act(service.of.step, key="another")

        assert (200, first.json()) == (again.status_code, again.json())
        assert state == await service.state()

    async def test_repeats_survive_a_restart(self, upstream: Upstream, database_url: str) -> None:
        """Answers are kept by the storage, not by the process."""
        async with running(upstream.make_app, database_url) as client:
            await stock_up(upstream, client)
            first = await Service(upstream, client).create()
        async with running(upstream.make_app, database_url) as client:
            again = await Service(upstream, client).create()

        assert (201, first.content) == (again.status_code, again.content)

    async def test_same_key_other_body(self, service: Service) -> None:
        """A key that comes with another body is refused and has no effect."""
        await service.create()
        state = await service.state()
        refused = await service.create(service.of.other)

        assert (422, "idempotency_key_reused") == code_of(refused)
        assert state == await service.state()

    async def test_same_key_other_operation(self, service: Service) -> None:
        """A key that comes with another operation is refused and has no effect."""
        created = await service.create()
        refused = await service.undo(key="order-1:create")

        assert (422, "idempotency_key_reused") == code_of(refused)
        assert created.json() == (await service.get()).json()

    async def test_members_in_another_order_are_the_same_body(self, service: Service) -> None:
        """What a body says counts, not how it is written down."""
        first = await service.create()
        again = await service.create(dict(reversed(service.of.body.items())))

        assert (201, first.content) == (again.status_code, again.content)

    async def test_no_key_means_the_natural_one(self, service: Service) -> None:
        """Without a header, the id and the operation are the key."""
        body = {"id": "id-1", **service.of.body}
        first = await service.client.post(service.of.create, json=body)
        again = await service.client.post(service.of.create, json=body)

        assert (201, first.content) == (again.status_code, again.content)
        assert 1 == await service.live()

    async def test_same_id_and_body_under_another_key(self, service: Service) -> None:
        """An id that exists is answered as it stands to whoever asks for the same thing."""
        await service.create()
        await service.act(service.of.step)
        state = await service.state()
        again = await service.create(key="another")

        assert (201, (await service.get()).json()) == (again.status_code, again.json())
        assert state == await service.state()

    async def test_same_id_other_body_under_another_key(self, service: Service) -> None:
        """An id that exists cannot become something else."""
        await service.create()

        assert (409, "id_in_use") == code_of(await service.create(service.of.other, key="another"))

    async def test_refusal_is_repeated(self, service: Service) -> None:
        """A create that was refused is refused again with the same words, and nothing is left."""
        state = await service.state()
        first = await service.create(service.of.refused)
        again = await service.create(service.of.refused)

        assert service.of.refusal == code_of(first)
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert state == await service.state()
        assert (404, service.of.unknown) == code_of(await service.get())

    async def test_malformed_key(self, service: Service) -> None:
        """A key that is not 1-255 visible ASCII characters is refused before anything happens."""
        for key in ("", "has blank", "ü", "x" * 256):
            answer = await service.client.post(
                service.of.create,
                json={"id": "id-1", **service.of.body},
                headers=[(b"X-Idempotency-Key", key.encode())],
            )

            assert (400, "invalid_idempotency_key") == code_of(answer)
        assert 0 == await service.live()


class TestRule3UndoWorksOnAnything:
    """Done, half done, never heard of; and it is for good."""

    async def test_undo_of_what_was_created(self, service: Service) -> None:
        """An undo takes the create back."""
        await service.create()
        undone = await service.undo()

        assert (200, {"id": "id-1", "status": service.of.undone}) == (
            undone.status_code,
            undone.json(),
        )
        assert service.of.undone == (await service.get()).json()["status"]
        assert 0 == await service.live()

    @only_where_steps_can_be_undone
    async def test_undo_after_the_step(self, service: Service) -> None:
        """An undo takes the step back as well, and a late repeat of it stays refused."""
        await service.create()
        await service.act(service.of.step)

        assert 200 == (await service.undo()).status_code
        assert 0 == await service.live()
        assert (410, "cancelled") == code_of(await service.create())

    async def test_undo_of_an_unknown_id(self, service: Service) -> None:
        """An undo of an id never heard of succeeds, changes nothing, and is remembered."""
        state = await service.state()
        undone = await service.undo()

        assert (200, {"id": "id-1", "status": service.of.undone}) == (
            undone.status_code,
            undone.json(),
        )
        assert service.of.undone == (await service.get()).json()["status"]
        assert 0 == await service.live()
        if service.of.name != "shipping":
            assert state == await service.state()

    @pytest.mark.parametrize("key", ["order-1:create", "another"])
    async def test_late_create(self, service: Service, key: str) -> None:
        """A create that arrives after its undo is refused, however often it comes."""
        await service.undo()
        state = await service.state()
        answers = [await service.create(key=key) for _ in range(3)]

        assert [(410, "cancelled")] * 3 == [code_of(answer) for answer in answers]
        assert state == await service.state()

    @pytest.mark.parametrize("key", ["order-1:create", "another"])
    async def test_repeated_create_after_its_undo(self, service: Service, key: str) -> None:
        """A create that once succeeded is not answered so any more after its undo."""
        await service.create()
        await service.undo()
        state = await service.state()

        assert (410, "cancelled") == code_of(await service.create(key=key))
        assert state == await service.state()

    async def test_undo_of_a_refused_create(self, service: Service) -> None:
        """Even a create that was refused is answered with the tombstone after its undo."""
        await service.create(service.of.refused)

        assert 200 == (await service.undo()).status_code
        assert (410, "cancelled") == code_of(await service.create(service.of.refused))

    @pytest.mark.parametrize("key", ["order-1:undo", "another"])
    async def test_repeated_undo(self, service: Service, key: str) -> None:
        """A repeated undo gets the same answer and has no second effect."""
        await service.create()
        first = await service.undo()
        state = await service.state()
        again = await service.undo(key=key)

        assert (200, first.content) == (again.status_code, again.content)
        assert state == await service.state()

    async def test_tombstones_survive_a_restart(
        self, upstream: Upstream, database_url: str
    ) -> None:
        """A tombstone is kept by the storage, not by the process."""
        async with running(upstream.make_app, database_url) as client:
            await Service(upstream, client).undo()
        async with running(upstream.make_app, database_url) as client:
            await stock_up(upstream, client)

            assert (410, "cancelled") == code_of(await Service(upstream, client).create())

    async def test_step_after_the_undo(self, service: Service) -> None:
        """A step that comes for the first time after the undo is refused and changes nothing."""
        await service.create()
        await service.undo()
        state = await service.state()
        status, code = code_of(await service.act(service.of.step))

        assert (409, service.of.undone) == (status, code)
        assert state == await service.state()

    async def test_step_on_a_tombstone(self, service: Service) -> None:
        """A step on an id that was only ever undone is refused."""
        await service.undo()

        assert (409, service.of.undone) == code_of(await service.act(service.of.step))

    @only_where_steps_can_be_undone
    async def test_step_repeated_after_the_undo(self, service: Service) -> None:
        """A step's repeat gets the answer that was given, and the undo stands."""
        await service.create()
        first = await service.act(service.of.step)
        await service.undo()
        state = await service.state()
        again = await service.act(service.of.step)

        assert (200, first.content) == (again.status_code, again.content)
        assert state == await service.state()

    async def test_step_before_its_create(self, service: Service) -> None:
        """A step that overtakes its create is refused, and works under the same key later."""
        early = await service.act(service.of.step)
        await service.create()

        assert (404, service.of.unknown) == code_of(early)
        assert 200 == (await service.act(service.of.step)).status_code

    async def test_undo_racing_its_create(self, service: Service) -> None:
        """Whichever comes first, once the undo has answered nothing is alive and nothing comes."""
        names = [f"id-{n}" for n in range(DUPLICATES)]
        await asyncio.gather(
            *(service.create(name=name, key=f"{name}:create") for name in names),
            *(service.undo(name=name, key=f"{name}:undo") for name in names),
        )

        assert 0 == await service.live()
        for name in names:
            late = await service.create(name=name, key=f"{name}:create")

            assert (410, "cancelled") == code_of(late)
            assert service.of.undone == (await service.get(name)).json()["status"]

    async def test_undo_racing_its_create_in_two_processes(
        self, upstream: Upstream, database_url: str
    ) -> None:
        """The same when create and undo reach two processes on one database."""
        names = [f"id-{n}" for n in range(DUPLICATES)]
        async with (
            running(upstream.make_app, database_url) as one,
            running(upstream.make_app, database_url) as two,
        ):
            await stock_up(upstream, one)
            here, there = Service(upstream, one), Service(upstream, two)
            await asyncio.gather(
                *(here.create(name=name, key=f"{name}:create") for name in names),
                *(there.undo(name=name, key=f"{name}:undo") for name in names),
            )

            assert 0 == await here.live()


class TestRule4Errors:
    """Problem documents; a 4xx has had no effect."""

    @pytest.mark.parametrize("member", ["id", "orderId"])
    async def test_bad_ids(self, service: Service, member: str) -> None:
        """An id that could not be said in a URL is refused, with a pointer to it."""
        for bad in (None, 1, "", "a b", "a/b", "x" * 65, "nul\0", "ü"):
            body = {"id": "id-1", **service.of.body, member: bad}
            answer = await service.client.post(service.of.create, json=body)

            assert (422, "validation_failed") == code_of(answer)
            assert [f"/{member}"] == [error["pointer"] for error in answer.json()["errors"]]

    async def test_unknown_members(self, service: Service) -> None:
        """A member that the contract does not know is refused, not ignored."""
        answer = await service.create({**service.of.body, "surprise": 1})

        assert (422, "validation_failed") == code_of(answer)
        assert ["/surprise"] == [error["pointer"] for error in answer.json()["errors"]]

    async def test_missing_members(self, service: Service) -> None:
        """Every member that is missing is named."""
        answer = await service.client.post(service.of.create, json={})
        pointers = {error["pointer"] for error in answer.json()["errors"]}

        assert (422, "validation_failed") == code_of(answer)
        assert {"/id", "/orderId"} <= pointers

    async def test_malformed_json(self, service: Service) -> None:
        """What is not JSON is told so."""
        for body in ("{", "[1", '{"id": NaN}', '{"id": "\\ud800"}'):
            answer = await service.client.post(
                service.of.create, content=body, headers={"Content-Type": "application/json"}
            )

            assert (400, "malformed_json") == code_of(answer)

    async def test_bad_queries(self, service: Service) -> None:
        """A query that makes no sense is refused."""
        for query in ("limit=0", "limit=1001", "limit=x", "orderId=a%20b", "cursor=%00"):
            answer = await service.client.get(f"{service.of.noun}?{query}")

            assert (422, "validation_failed") == code_of(answer)

    async def test_bad_id_in_the_path(self, service: Service) -> None:
        """An id that no create could have made has no tombstone either."""
        assert (422, "validation_failed") == code_of(await service.undo(name="x" * 65))


async def test_api_page(service: Service) -> None:
    """Every operation of the contract says what it does and how it can end."""
    page = (await service.client.get("/openapi.json")).json()
    operations = [
        operation
        for path, methods in page["paths"].items()
        if path not in {"/health", "/livez", "/readyz"}
        for operation in methods.values()
    ]

    assert all(operation["summary"] and operation["description"] for operation in operations)
    assert all({"200", "201"} & operation["responses"].keys() for operation in operations)
    assert "HTTPValidationError" not in page["components"]["schemas"]
    assert 200 == (await service.client.get("/docs")).status_code
