"""Parcels are made once, cancelled while they are here, and never called back."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from services.shipping.app import create_app
from tests.services.in_process import code_of, keyed, running

CROWD = 50
ADDRESS = {"line1": "1 Main Street", "city": "Pune", "country": "IN", "postalCode": "411001"}
ITEMS = [{"sku": "SKU-1", "qty": 2}]


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A shipping service on a fresh database."""
    async with running(create_app, database_url) as client:
        yield client


@pytest.fixture
async def sqlite_client(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[httpx.AsyncClient]:
    """A shipping service whose engine does not matter: the request never gets that far."""
    folder = tmp_path_factory.mktemp("shipping")
    async with running(create_app, f"sqlite:///{folder}/service.db") as client:
        yield client


async def ship(client: httpx.AsyncClient, name: str, **address: object) -> httpx.Response:
    """Create a shipment under an id, to the address or what is changed of it."""
    body = {"id": name, "orderId": "o-1", "address": {**ADDRESS, **address}, "items": ITEMS}
    return await client.post("/shipments", json=body)


async def act(client: httpx.AsyncClient, name: str, operation: str) -> httpx.Response:
    """Dispatch or cancel."""
    return await client.post(f"/shipments/{name}/{operation}")


async def status(client: httpx.AsyncClient, name: str) -> str:
    """Return where a shipment stands."""
    shown: str = (await client.get(f"/shipments/{name}")).json()["status"]
    return shown


class TestCreate:
    """A parcel is made ready for an address that is served."""

    async def test_answer(self, client: httpx.AsyncClient) -> None:
        """A shipment is answered with its state and its tracking number, but not its address."""
        answer = await ship(client, "s-1")
        body = answer.json()

        assert 201 == answer.status_code
        assert ("s-1", "o-1", "created") == (body["id"], body["orderId"], body["status"])
        assert body["trackingNumber"].startswith("TRK")
        assert "address" not in body

    async def test_tracking_numbers(self, client: httpx.AsyncClient) -> None:
        """Every shipment has a number of its own, which stays."""
        first = (await ship(client, "s-1")).json()
        second = (await ship(client, "s-2")).json()

        assert first["trackingNumber"] != second["trackingNumber"]
        assert first == (await client.get("/shipments/s-1")).json()

    @pytest.mark.parametrize("address", [{"country": "AQ"}, {"postalCode": "00000"}])
    async def test_unserved(self, client: httpx.AsyncClient, address: dict[str, str]) -> None:
        """An address that no carrier serves is refused, and nothing is made."""
        assert (422, "address_not_served") == code_of(await ship(client, "s-1", **address))
        assert (404, "unknown_shipment") == code_of(await client.get("/shipments/s-1"))

    async def test_unserved_under_an_id_in_use(self, client: httpx.AsyncClient) -> None:
        """An id that exists cannot become something else, not even something refused."""
        await ship(client, "s-1")
        body = {"id": "s-1", "orderId": "o-1", "items": ITEMS}
        answer = await client.post(
            "/shipments",
            json={**body, "address": {**ADDRESS, "country": "AQ"}},
            headers=keyed("another"),
        )

        assert (409, "id_in_use") == code_of(answer)

    @pytest.mark.parametrize(
        ("member", "bad"),
        [
            *((member, bad) for member in ADDRESS for bad in ("", None, 1, "a\0b", "x" * 256)),
            ("country", "in"),
            ("country", "IND"),
            ("surprise", "x"),
        ],
    )
    async def test_bad_addresses(
        self, sqlite_client: httpx.AsyncClient, member: str, bad: object
    ) -> None:
        """An address that makes no sense is refused, with a pointer to what is wrong."""
        answer = await ship(sqlite_client, "s-1", **{member: bad})

        assert (422, "validation_failed") == code_of(answer)
        assert [f"/address/{member}"] == [e["pointer"] for e in answer.json()["errors"]]


class TestEnds:
    """Dispatch and cancel, in every order."""

    async def test_dispatched_is_out_of_reach(self, client: httpx.AsyncClient) -> None:
        """A parcel that has left the warehouse cannot be cancelled, however often one asks."""
        await ship(client, "s-1")
        await act(client, "s-1", "dispatch")
        answers = [await act(client, "s-1", "cancel") for _ in range(2)]

        assert [(409, "dispatched")] * 2 == [code_of(answer) for answer in answers]
        assert "dispatched" == await status(client, "s-1")

    async def test_cancelled_does_not_leave(self, client: httpx.AsyncClient) -> None:
        """A parcel that was cancelled does not leave the warehouse."""
        await ship(client, "s-1")
        await act(client, "s-1", "cancel")

        assert (409, "cancelled") == code_of(await act(client, "s-1", "dispatch"))

    async def test_dispatch_and_cancel_race(self, database_url: str) -> None:
        """Of a dispatch and a cancel, in two processes, one wins, and both are told the truth."""
        names = [f"s-{n}" for n in range(CROWD)]
        async with (
            running(create_app, database_url) as one,
            running(create_app, database_url) as two,
        ):
            await asyncio.gather(*(ship(one, name) for name in names))
            left, stopped = (
                [200 == answer.status_code for answer in answers]
                for answers in await asyncio.gather(
                    asyncio.gather(*(act(one, name, "dispatch") for name in names)),
                    asyncio.gather(*(act(two, name, "cancel") for name in names)),
                )
            )
            ends = [await status(one, name) for name in names]

            assert [not was for was in left] == stopped
            assert ["dispatched" if was else "cancelled" for was in left] == ends
