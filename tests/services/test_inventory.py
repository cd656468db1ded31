"""Stock is conserved and nothing is sold twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from services.inventory.app import create_app
from tests.services.in_process import code_of, keyed, running

CROWD = 50
PATIENCE_S = 10
"""How long a condition may take to come true on a busy machine before the test gives up."""
NEVER_S = 3_600
"""A sweep interval that no test outlives."""


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """An inventory with 100 units of SKU-1 and 10 of SKU-2, on a fresh database."""
    async with running(create_app, database_url, sweep_interval_s=NEVER_S) as client:
        await put_stock(client, "SKU-1", 100)
        await put_stock(client, "SKU-2", 10)
        yield client


async def put_stock(client: httpx.AsyncClient, sku: str, on_hand: int) -> httpx.Response:
    """Say what lies on the shelf."""
    return await client.put(f"/stock/{sku}", json={"onHand": on_hand})


async def reserve(client: httpx.AsyncClient, name: str, *items: tuple[str, int]) -> httpx.Response:
    """Reserve under an id, for an order of the same name."""
    lines = [{"sku": sku, "qty": qty} for sku, qty in items]
    return await client.post("/reserve", json={"id": name, "orderId": name, "items": lines})


async def act(client: httpx.AsyncClient, name: str, operation: str) -> httpx.Response:
    """Commit or release."""
    return await client.post(f"/reservations/{name}/{operation}")


async def units(client: httpx.AsyncClient, sku: str = "SKU-1") -> tuple[int, int]:
    """Return (on hand, reserved), after checking that what is available is the difference."""
    stock = (await client.get(f"/stock/{sku}")).json()

    assert stock["available"] == stock["onHand"] - stock["reserved"]
    return stock["onHand"], stock["reserved"]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for something that comes true by itself."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - the service has no event to give
            await asyncio.sleep(0.01)


async def has_status(client: httpx.AsyncClient, name: str, status: str) -> bool:
    """Tell whether a reservation is shown with a status."""
    shown: str = (await client.get(f"/reservations/{name}")).json()["status"]
    return shown == status


class TestReserve:
    """All units or none, and the last one only once."""

    async def test_answer(self, client: httpx.AsyncClient) -> None:
        """A reservation is answered with its items, state and end."""
        answer = await reserve(client, "r-1", ("SKU-1", 2))
        body = answer.json()

        assert 201 == answer.status_code
        assert ("r-1", "r-1", "reserved") == (body["id"], body["orderId"], body["status"])
        assert [{"sku": "SKU-1", "qty": 2}] == body["items"]
        assert body["createdAt"] < body["expiresAt"]
        assert (100, 2) == await units(client)

    async def test_the_last_unit_is_sold_once(self, database_url: str) -> None:
        """Of fifty at once, in two processes, one gets the last unit."""
        async with (
            running(create_app, database_url) as one,
            running(create_app, database_url) as two,
        ):
            await put_stock(one, "LAST", 1)
            answers = await asyncio.gather(
                *(reserve((one, two)[n % 2], f"r-{n}", ("LAST", 1)) for n in range(CROWD))
            )
            won = [answer for answer in answers if answer.status_code == 201]

            assert 1 == len(won)
            assert {(409, "out_of_stock")} == {code_of(a) for a in answers if a not in won}
            assert (1, 1) == await units(one, "LAST")

    async def test_no_deadlock_when_orders_cross(self, client: httpx.AsyncClient) -> None:
        """Orders that name the same products in opposite order all go through."""
        await put_stock(client, "SKU-2", 100)
        answers = await asyncio.gather(
            *(
                reserve(client, f"r-{n}", *[("SKU-1", 1), ("SKU-2", 1)][:: 1 if n % 2 else -1])
                for n in range(CROWD)
            )
        )

        assert {201} == {answer.status_code for answer in answers}
        assert (100, CROWD) == await units(client, "SKU-1") == await units(client, "SKU-2")

    async def test_all_or_none(self, client: httpx.AsyncClient) -> None:
        """When one line is short nothing is held, and every shortage is told."""
        answer = await reserve(client, "r-1", ("SKU-1", 101), ("SKU-2", 5), ("SKU-2", 6))

        assert (409, "out_of_stock") == code_of(answer)
        assert [
            {"sku": "SKU-1", "requested": 101, "available": 100},
            {"sku": "SKU-2", "requested": 11, "available": 10},
        ] == answer.json()["shortages"]
        assert (100, 0) == await units(client, "SKU-1")
        assert (10, 0) == await units(client, "SKU-2")

    async def test_short_in_one_line_only(self, client: httpx.AsyncClient) -> None:
        """What could have been held is given back when another line is short."""
        answer = await reserve(client, "r-1", ("SKU-1", 5), ("SKU-2", 11))

        assert (409, "out_of_stock") == code_of(answer)
        assert ["SKU-2"] == [short["sku"] for short in answer.json()["shortages"]]
        assert (100, 0) == await units(client, "SKU-1")

    async def test_unknown_sku(self, client: httpx.AsyncClient) -> None:
        """A product that does not exist is told apart from one that is sold out."""
        answer = await reserve(client, "r-1", ("SKU-1", 1), ("NO-SUCH", 3))

        assert (409, "unknown_sku") == code_of(answer)
        assert [{"sku": "NO-SUCH", "requested": 3, "available": 0}] == answer.json()["shortages"]
        assert (100, 0) == await units(client, "SKU-1")

    async def test_one_sku_on_two_lines(self, client: httpx.AsyncClient) -> None:
        """Lines of one product are added up before they are held, and shown as they were given."""
        answer = await reserve(client, "r-1", ("SKU-2", 4), ("SKU-2", 6))

        assert [4, 6] == [item["qty"] for item in answer.json()["items"]]
        assert (10, 10) == await units(client, "SKU-2")

    @pytest.mark.parametrize(
        ("items", "pointer"),
        [
            ([], "/items"),
            ("SKU-1", "/items"),
            ([{"sku": "SKU-1", "qty": 1}] * 1_001, "/items"),
            ([{"sku": "SKU-1"}], "/items/0/qty"),
            ([{"sku": "SKU-1", "qty": 1, "x": 1}], "/items/0/x"),
            *(
                ([{"sku": "SKU-1", "qty": 1}, {"sku": "SKU-1", "qty": qty}], "/items/1/qty")
                for qty in (0, -1, 1_000_000, 1.0, 1.5, "1", True, None, 10**30)
            ),
            *(
                ([{"sku": sku, "qty": 1}], "/items/0/sku")
                for sku in ("", "a\0b", "\n", 1, "x" * 256)
            ),
        ],
    )
    async def test_bad_items(
        self, items: object, pointer: str, sqlite_client: httpx.AsyncClient
    ) -> None:
        """Items that make no sense are refused, with a pointer to what is wrong."""
        body = {"id": "r-1", "orderId": "o-1", "items": items}
        answer = await sqlite_client.post("/reserve", json=body)

        assert (422, "validation_failed") == code_of(answer)
        assert [pointer] == [error["pointer"] for error in answer.json()["errors"]]


class TestEnds:
    """Commit and release, in every order."""

    async def test_commit_sells(self, client: httpx.AsyncClient) -> None:
        """Committed units have left the shelf."""
        await reserve(client, "r-1", ("SKU-1", 2))
        answer = await act(client, "r-1", "commit")

        assert (200, "committed") == (answer.status_code, answer.json()["status"])
        assert (98, 0) == await units(client)

    async def test_release_frees(self, client: httpx.AsyncClient) -> None:
        """Released units are for sale again."""
        await reserve(client, "r-1", ("SKU-1", 2))
        await act(client, "r-1", "release")

        assert (100, 0) == await units(client)

    async def test_release_of_sold_units(self, client: httpx.AsyncClient) -> None:
        """Units that were sold come back to the shelf, once."""
        await reserve(client, "r-1", ("SKU-1", 2))
        await act(client, "r-1", "commit")
        for key in ("one", "two"):
            await client.post("/reservations/r-1/release", headers=keyed(key))

        assert (100, 0) == await units(client)

    async def test_commit_and_release_race(self, client: httpx.AsyncClient) -> None:
        """Whoever comes first, in the end all is released and no unit is lost or made up."""
        names = [f"r-{n}" for n in range(CROWD)]
        await asyncio.gather(*(reserve(client, name, ("SKU-1", 2)) for name in names))
        answers = await asyncio.gather(
            *(act(client, name, end) for name in names for end in ("commit", "release"))
        )

        assert {200} == {answer.status_code for answer in answers[1::2]}
        assert {a.status_code for a in answers[::2]} <= {200, 409}
        assert (100, 0) == await units(client)

    async def test_commits_under_many_keys(self, client: httpx.AsyncClient) -> None:
        """A reservation is sold once, however many ask at the same moment."""
        await reserve(client, "r-1", ("SKU-1", 2))
        await asyncio.gather(
            *(
                client.post("/reservations/r-1/commit", headers=keyed(f"key-{n}"))
                for n in range(CROWD)
            )
        )

        assert (98, 0) == await units(client)

    async def test_commits_and_releases_of_many(self, client: httpx.AsyncClient) -> None:
        """On hand at the start = on hand now + committed, after a crowd did all at once."""

        async def life(n: int) -> None:
            await reserve(client, f"r-{n}", ("SKU-1", 1 + n % 3))
            for end in [[], ["commit"], ["release"], ["commit", "release"]][n % 4]:
                await act(client, f"r-{n}", end)

        await asyncio.gather(*(life(n) for n in range(CROWD)))
        found = (await client.get("/reservations", params={"limit": 1000})).json()["items"]
        held = {
            status: sum(i["qty"] for r in found if r["status"] == status for i in r["items"])
            for status in ("reserved", "committed")
        }

        assert (100 - held["committed"], held["reserved"]) == await units(client)


class TestExpiry:
    """Units of a reservation that nobody finished are for sale again."""

    async def test_commit_too_late(self, database_url: str) -> None:
        """A reservation that has run out cannot be committed, swept or not."""
        async with running(
            create_app, database_url, reservation_ttl_s=0.001, sweep_interval_s=NEVER_S
        ) as client:
            await put_stock(client, "SKU-1", 1)
            await reserve(client, "r-1", ("SKU-1", 1))
            await until(lambda: has_status(client, "r-1", "expired"))
            late = await act(client, "r-1", "commit")

            assert (409, "expired") == code_of(late)
            assert (1, 1) == await units(client), "nobody has swept yet"

    async def test_a_reserve_that_runs_short_sweeps(self, database_url: str) -> None:
        """Units held by a reservation that has run out are sold to whoever asks, at once."""
        async with running(
            create_app, database_url, reservation_ttl_s=0.3, sweep_interval_s=NEVER_S
        ) as client:
            await put_stock(client, "SKU-1", 1)
            await reserve(client, "r-1", ("SKU-1", 1))
            early = await reserve(client, "r-2", ("SKU-1", 1))
            await until(lambda: has_status(client, "r-1", "expired"))
            answer = await reserve(client, "r-3", ("SKU-1", 1))
            late = await act(client, "r-1", "commit")

            assert (409, "out_of_stock") == code_of(early)
            assert 201 == answer.status_code
            assert (409, "expired") == code_of(late)
            assert (1, 1) == await units(client)

    async def test_refused_after_the_sweep(self, database_url: str) -> None:
        """A reserve that is short even after the sweep is refused with what is there then."""
        async with running(
            create_app, database_url, reservation_ttl_s=0.001, sweep_interval_s=NEVER_S
        ) as client:
            await put_stock(client, "SKU-1", 1)
            await reserve(client, "r-1", ("SKU-1", 1))
            await until(lambda: has_status(client, "r-1", "expired"))
            answer = await reserve(client, "r-2", ("SKU-1", 2))

            assert (409, "out_of_stock") == code_of(answer)
            assert [1] == [short["available"] for short in answer.json()["shortages"]]

    async def test_swept_in_the_background(self, database_url: str) -> None:
        """Units come back on sale though nobody asks for them; a release finds nothing to do."""
        async with running(
            create_app, database_url, reservation_ttl_s=0.001, sweep_interval_s=0.02
        ) as client:
            await put_stock(client, "SKU-1", 10)
            await asyncio.gather(*(reserve(client, f"r-{n}", ("SKU-1", 1)) for n in range(10)))

            async def is_free() -> bool:
                return await units(client) == (10, 0)

            await until(is_free)
            released = await act(client, "r-1", "release")

            assert 200 == released.status_code
            assert (10, 0) == await units(client)

    async def test_sweep_racing_commit_and_release(self, database_url: str) -> None:
        """Reservations that end in three ways at the same moment each end in one."""
        async with running(
            create_app, database_url, reservation_ttl_s=0.05, sweep_interval_s=0.01
        ) as client:
            await put_stock(client, "SKU-1", 200)

            async def life(n: int) -> int:
                await reserve(client, f"r-{n}", ("SKU-1", 2))
                if n % 2:  # the others run against time
                    await until(lambda: has_status(client, f"r-{n}", "expired"))
                ends = ["commit", "release"] if n % 3 == 0 else ["commit"]
                first, *_ = await asyncio.gather(*(act(client, f"r-{n}", end) for end in ends))
                return 2 if first.status_code == 200 and len(ends) == 1 else 0

            sold = sum(await asyncio.gather(*(life(n) for n in range(CROWD))))

            async def is_settled() -> bool:
                return (await units(client))[1] == 0

            await until(is_settled)

            assert (200 - sold, 0) == await units(client)


class TestStock:
    """What lies on the shelf."""

    async def test_put_and_get(self, client: httpx.AsyncClient) -> None:
        """Stock is what it was set to."""
        answer = await put_stock(client, "SKU-1", 7)

        assert {"sku": "SKU-1", "onHand": 7, "reserved": 0, "available": 7} == answer.json()
        assert answer.json() == (await client.get("/stock/SKU-1")).json()

    async def test_not_below_what_is_reserved(self, client: httpx.AsyncClient) -> None:
        """Units that are promised cannot be wished away."""
        await reserve(client, "r-1", ("SKU-1", 8))

        assert (409, "below_reserved") == code_of(await put_stock(client, "SKU-1", 7))
        assert 200 == (await put_stock(client, "SKU-1", 8)).status_code

    async def test_unknown(self, client: httpx.AsyncClient) -> None:
        """A product that nobody has stocked is not there."""
        assert (404, "unknown_sku") == code_of(await client.get("/stock/NO-SUCH"))

    async def test_all(self, client: httpx.AsyncClient) -> None:
        """All stock is listed, page by page."""
        first = (await client.get("/stock", params={"limit": 1})).json()
        rest = (await client.get("/stock", params={"cursor": first["nextCursor"]})).json()

        assert ["SKU-1"] == [stock["sku"] for stock in first["items"]]
        assert (["SKU-2"], None) == ([s["sku"] for s in rest["items"]], rest["nextCursor"])

    @pytest.mark.parametrize("sku", ["a%2Fb", "gr%C3%BC%C3%9Fe", "a%20b", "%25"])
    async def test_any_printable_name(self, client: httpx.AsyncClient, sku: str) -> None:
        """A product may have any printable name."""
        put = await put_stock(client, sku, 1)
        got = await client.get(f"/stock/{sku}")
        reserved = await reserve(client, "r-1", (put.json()["sku"], 1))

        assert (200, put.json()) == (got.status_code, got.json())
        assert 201 == reserved.status_code

    @pytest.mark.parametrize(
        "body", [{}, {"onHand": -1}, {"onHand": 1.5}, {"onHand": "1"}, {"onHand": 10**13}, []]
    )
    async def test_bad_stock(self, body: Any, sqlite_client: httpx.AsyncClient) -> None:  # noqa: ANN401
        """Stock that makes no sense is refused."""
        answer = await sqlite_client.put("/stock/SKU-1", json=body)

        assert (422, "validation_failed") == code_of(answer)


@pytest.fixture
async def sqlite_client(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[httpx.AsyncClient]:
    """An inventory whose engine does not matter: the request never gets that far."""
    folder = tmp_path_factory.mktemp("inventory")
    async with running(create_app, f"sqlite:///{folder}/service.db") as client:
        yield client
