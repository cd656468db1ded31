"""Money is exact, moves once, and the ledger adds up."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.payment.app import create_app
from services.payment.money import MINOR_DIGITS, to_decimal, to_minor
from tests.services.in_process import code_of, keyed, running

CROWD = 50


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A payment service on a fresh database."""
    async with running(create_app, database_url) as client:
        yield client


@pytest.fixture
async def sqlite_client(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[httpx.AsyncClient]:
    """A payment service whose engine does not matter: the request never gets that far."""
    folder = tmp_path_factory.mktemp("payment")
    async with running(create_app, f"sqlite:///{folder}/service.db") as client:
        yield client


async def authorize(client: httpx.AsyncClient, name: str, **changed: object) -> httpx.Response:
    """Authorize 999.00 INR, or what is changed of it, under an id."""
    body = {"id": name, "orderId": "o-1", "userId": "u-1", "amount": "999.00", "currency": "INR"}
    return await client.post("/payments", json={**body, **changed})


async def act(client: httpx.AsyncClient, name: str, operation: str) -> httpx.Response:
    """Capture or refund."""
    return await client.post(f"/payments/{name}/{operation}")


async def ledger(client: httpx.AsyncClient) -> Any:  # noqa: ANN401 - as parsed
    """Return the sums by currency."""
    return (await client.get("/ledger")).json()["currencies"]


class TestAuthorize:
    """An amount is set aside, exactly."""

    async def test_answer(self, client: httpx.AsyncClient) -> None:
        """A payment is answered with its amount, currency and state."""
        answer = await authorize(client, "p-1")
        body = answer.json()
        body.pop("createdAt")

        assert 201 == answer.status_code
        assert {
            "id": "p-1",
            "orderId": "o-1",
            "userId": "u-1",
            "amount": "999.00",
            "currency": "INR",
            "status": "authorized",
        } == body

    @pytest.mark.parametrize("user", [None, "u-1", "not to decline", "ünï"])
    async def test_served_users(self, client: httpx.AsyncClient, user: str | None) -> None:
        """A payment needs no user, and every other user has money."""
        assert 201 == (await authorize(client, "p-1", userId=user)).status_code

    @pytest.mark.parametrize("user", ["decline", "decline-me", "declined"])
    async def test_declined_users(self, client: httpx.AsyncClient, user: str) -> None:
        """A user whose id starts with the word has no money, and nothing moves."""
        assert (402, "payment_declined") == code_of(await authorize(client, "p-1", userId=user))
        assert {} == await ledger(client)

    async def test_declined_under_an_id_in_use(self, client: httpx.AsyncClient) -> None:
        """An id that exists cannot become something else, not even something declined."""
        await authorize(client, "p-1")
        body = {"id": "p-1", "orderId": "o-1", "amount": "1.00", "currency": "INR"}
        answer = await client.post(
            "/payments", json={**body, "userId": "decline"}, headers=keyed("another")
        )

        assert (409, "id_in_use") == code_of(answer)

    @pytest.mark.parametrize(
        ("amount", "currency"),
        [
            ("0.00", "INR"),
            ("0.01", "INR"),
            ("9999999999999.99", "EUR"),
            ("999", "JPY"),
            ("9.990", "BHD"),
            ("0.0001", "CLF"),
        ],
    )
    async def test_amounts(self, client: httpx.AsyncClient, amount: str, currency: str) -> None:
        """An amount is kept as it was given, with the currency's digits."""
        await authorize(client, "p-1", amount=amount, currency=currency)
        shown = (await client.get("/payments/p-1")).json()

        assert (amount, currency) == (shown["amount"], shown["currency"])
        assert amount == (await ledger(client))[currency]["held"]

    @pytest.mark.parametrize(
        ("amount", "currency", "pointer"),
        [
            *(
                (amount, "INR", "/amount")
                for amount in (
                    *("999", "999.0", "999.000", "-1.00", "+1.00", "1e3", "NaN", "Infinity"),
                    *(
                        "",
                        " 1.00",
                        "1.00\n",
                        "01.00",
                        ".50",
                        "1,00",
                        "1_0.00",
                        "\u0661.\u0660\u0660",
                    ),
                    *("10000000000000.00", 999, 999.0, None, ["1.00"]),
                )
            ),
            ("999.00", "JPY", "/amount"),
            ("9.99", "BHD", "/amount"),
            ("9.99", "inr", "/currency"),
            ("9.99", "XXX", "/currency"),
            ("9.99", "", "/currency"),
            ("9.99", None, "/currency"),
        ],
    )
    async def test_bad_amounts(
        self, sqlite_client: httpx.AsyncClient, amount: object, currency: object, pointer: str
    ) -> None:
        """An amount that is not exactly money of its currency is refused, with a pointer."""
        answer = await authorize(sqlite_client, "p-1", amount=amount, currency=currency)

        assert (422, "validation_failed") == code_of(answer)
        assert [pointer] == [error["pointer"] for error in answer.json()["errors"]]

    @pytest.mark.parametrize("user", ["", 1, "a\0", "x" * 256])
    async def test_bad_users(self, sqlite_client: httpx.AsyncClient, user: object) -> None:
        """A user who cannot be named is refused."""
        answer = await authorize(sqlite_client, "p-1", userId=user)

        assert (422, "validation_failed") == code_of(answer)


class TestEnds:
    """Capture and refund, in every order."""

    async def test_capture(self, client: httpx.AsyncClient) -> None:
        """A captured payment is answered whole."""
        created = (await authorize(client, "p-1")).json()
        captured = (await act(client, "p-1", "capture")).json()

        assert {**created, "status": "captured"} == captured

    async def test_refund_of_captured_money(self, client: httpx.AsyncClient) -> None:
        """Money that was taken is given back, once."""
        await authorize(client, "p-1")
        await act(client, "p-1", "capture")
        answers = [
            await client.post("/payments/p-1/refund", headers=keyed(key)) for key in ("one", "two")
        ]

        assert [{"id": "p-1", "status": "refunded"}] * 2 == [a.json() for a in answers]
        assert ("999.00", "0.00") == (
            (await ledger(client))["INR"]["refunded"],
            (await ledger(client))["INR"]["net"],
        )

    @pytest.mark.parametrize(("ends", "code"), [(["capture"], "refunded"), ([], "voided")])
    async def test_capture_after_the_refund(
        self, client: httpx.AsyncClient, ends: list[str], code: str
    ) -> None:
        """What was given back cannot be taken any more."""
        await authorize(client, "p-1")
        for end in [*ends, "refund"]:
            await act(client, "p-1", end)
        late = await client.post("/payments/p-1/capture", headers=keyed("another"))

        assert (409, code) == code_of(late)

    async def test_captures_under_many_keys(self, client: httpx.AsyncClient) -> None:
        """Money is taken once, however many ask at the same moment."""
        await authorize(client, "p-1")
        answers = await asyncio.gather(
            *(client.post("/payments/p-1/capture", headers=keyed(f"key-{n}")) for n in range(CROWD))
        )

        assert {200} == {answer.status_code for answer in answers}
        assert "999.00" == (await ledger(client))["INR"]["captured"]

    async def test_capture_and_refund_race(self, database_url: str) -> None:
        """Whoever comes first, in whichever process, in the end all the money is back."""
        names = [f"p-{n}" for n in range(CROWD)]
        async with (
            running(create_app, database_url) as one,
            running(create_app, database_url) as two,
        ):
            await asyncio.gather(*(authorize(one, name) for name in names))
            racers = [(one, "capture"), (two, "refund")]
            answers = await asyncio.gather(
                *(act(client, name, end) for name in names for client, end in racers)
            )
            sums = (await ledger(one))["INR"]
            captured = sum(answer.status_code == 200 for answer in answers[::2])

            assert {200} == {answer.status_code for answer in answers[1::2]}
            assert {answer.status_code for answer in answers[::2]} <= {200, 409}
            assert to_decimal(captured * 99_900, "INR") == sums["captured"] == sums["refunded"]
            assert ("0.00", "0.00") == (sums["held"], sums["net"])


class TestLedger:
    """Sums over movements."""

    async def test_adds_up(self, client: httpx.AsyncClient) -> None:
        """Every currency's movements are added up by themselves."""
        await authorize(client, "kept", amount="10.01")
        await authorize(client, "held", amount="20.02")
        await authorize(client, "voided", amount="40.04")
        await authorize(client, "refunded", amount="80.08")
        await authorize(client, "yen", amount="160", currency="JPY")
        for name, end in [
            ("kept", "capture"),
            ("voided", "refund"),
            ("refunded", "capture"),
            ("refunded", "refund"),
            ("yen", "capture"),
        ]:
            await act(client, name, end)

        assert {
            "INR": {
                "authorized": "150.15",
                "voided": "40.04",
                "captured": "90.09",
                "refunded": "80.08",
                "held": "20.02",
                "net": "10.01",
            },
            "JPY": {
                "authorized": "160",
                "voided": "0",
                "captured": "160",
                "refunded": "0",
                "held": "0",
                "net": "160",
            },
        } == await ledger(client)

    async def test_large_sums_are_exact(self, client: httpx.AsyncClient) -> None:
        """No digit is lost where a float would lose one."""
        for n in range(3):
            await authorize(client, f"p-{n}", amount="99999999999.9999", currency="CLF")

        assert "299999999999.9997" == (await ledger(client))["CLF"]["authorized"]

    async def test_agrees_with_the_payments(self, client: httpx.AsyncClient) -> None:
        """After a crowd did all at once, movements and payments say the same."""

        async def life(n: int) -> None:
            await authorize(client, f"p-{n}", amount=f"{n}.07")
            for end in [[], ["capture"], ["refund"], ["capture", "refund"]][n % 4]:
                await act(client, f"p-{n}", end)

        await asyncio.gather(*(life(n) for n in range(CROWD)))
        payments = (await client.get("/payments", params={"limit": 1000})).json()["items"]
        sums = (await ledger(client))["INR"]

        assert sums["net"] == sum_of(payments, "captured")
        assert sums["held"] == sum_of(payments, "authorized")
        assert sums["voided"] == sum_of(payments, "voided")
        assert sums["refunded"] == sum_of(payments, "refunded")


def sum_of(payments: list[dict[str, str]], status: str) -> str:
    """Add up the payments of one state."""
    amounts = (p["amount"] for p in payments if p["status"] == status)
    return to_decimal(sum(to_minor(amount, "INR") for amount in amounts), "INR")


def test_minor_units_and_back() -> None:
    """What is kept in minor units is shown as it was given, in every currency."""
    for currency, digits in MINOR_DIGITS.items():
        amounts = [to_decimal(minor, currency) for minor in (0, 1, 9, 10, 12_345, 10**15 - 1)]

        assert amounts == [to_decimal(to_minor(amount, currency), currency) for amount in amounts]
        assert {digits} == {len(amount.partition(".")[2]) for amount in amounts}


def test_debts_are_shown_with_their_sign() -> None:
    """A negative sum, which would be a fault to be seen, is shown as one."""
    assert ["-0.05", "-12.34", "-7"] == [
        to_decimal(-5, "INR"),
        to_decimal(-1_234, "INR"),
        to_decimal(-7, "JPY"),
    ]
