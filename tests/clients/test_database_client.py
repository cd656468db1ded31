"""The client of the database service: conditional changes, and what is no record."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from app import connect
from clients.call import Call
from clients.database import (
    Backlog,
    DatabaseClient,
    NewOrder,
    StoredOrder,
    Update,
    VersionConflictError,
)
from clients.errors import Faulty, Rejected
from orchestrator.settings import Settings
from tests.clients.upstreams import an_upstream, within

RECORD: dict[str, Any] = {
    "id": "o-1",
    "caller": "shop",
    "fingerprint": "f",
    "userId": None,
    "status": "PENDING",
    "version": 1,
    "owner": "w-1",
    "rounds": 0,
    "attention": None,
    "createdAt": "2026-01-01T00:00:00.000Z",
    "updatedAt": "2026-01-01T00:00:01.000Z",
    "ageS": 1.25,
    "order": {"total": "5"},
    "progress": {"timeline": []},
    "later": "a newer service says more",
}
NEW = NewOrder("o-1", "w-1", 60.0, "shop", "k-1", 86400.0, "f", "u-1", {"total": "5"}, {})
UPDATE = Update(
    "o-1", "w-1", 3, "w-1/3/x", "CONFIRMED", {"p": 1}, {"total": "5"}, release_for_s=0.0
)

Handle = Callable[[httpx.Request], httpx.Response]


def _client(*answers: httpx.Response) -> tuple[DatabaseClient, list[httpx.Request]]:
    sent: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answers[min(len(sent), len(answers)) - 1]

    return DatabaseClient(an_upstream(httpx.MockTransport(handle), tries=2)), sent


def _told(request: httpx.Request) -> tuple[str, str, str | None]:
    path = request.url.raw_path.decode()
    return request.method, path, request.headers.get("X-Idempotency-Key")


async def test_a_create_binds_the_key_with_the_order() -> None:
    """One request carries all of it."""
    client, sent = _client(httpx.Response(201, json=RECORD))

    stored = await client.create(NEW, within())

    assert ("POST", "/orders", "o-1:create") == _told(sent[0])
    assert {
        "id": "o-1",
        "owner": "w-1",
        "leaseS": 60.0,
        "caller": "shop",
        "key": "k-1",
        "keyTtlS": 86400.0,
        "fingerprint": "f",
        "userId": "u-1",
        "order": {"total": "5"},
        "progress": {},
    } == json.loads(sent[0].content)
    assert ("o-1", 1, 1.25) == (stored.id, stored.version, stored.age_s)


async def test_the_order_of_a_known_key_comes_back_instead() -> None:
    """200 and another id: that is the order that the key is bound to."""
    client, _ = _client(httpx.Response(200, json={**RECORD, "id": "o-0"}))

    assert "o-0" == (await client.create(NEW, within())).id


HEAD = {name: value for name, value in RECORD.items() if name not in {"order", "progress"}}


async def test_what_a_short_answer_leaves_out_is_what_was_written() -> None:
    """The service need not say again what it has just been told."""
    client, _ = _client(httpx.Response(201, json=HEAD))

    created = await client.create(NEW, within())
    updated = await client.update(UPDATE, within())

    assert (NEW.order, NEW.progress) == (created.order, created.progress)
    assert (UPDATE.order, UPDATE.progress) == (updated.order, updated.progress)


@pytest.mark.parametrize(
    "answer",
    [
        {**HEAD, "id": "o-0"},
        {**HEAD, "order": {"total": "5"}},
        {**HEAD, "progress": {}},
        {**HEAD, "version": "1"},
        {"id": "o-1"},
    ],
    ids=["of another order", "order only", "progress only", "no version", "hardly anything"],
)
async def test_a_short_answer_is_of_the_order_that_was_written(answer: dict[str, Any]) -> None:
    """Another order's way would be taken for this one's: such an answer is no answer."""
    client, _ = _client(httpx.Response(201, json=answer))

    with pytest.raises(Faulty):
        await client.create(NEW, within())
    with pytest.raises(Faulty):
        await client.update(UPDATE, within())


async def test_an_abandoned_order_is_named_with_its_owner() -> None:
    """Only the one that created it may withdraw it."""
    client, sent = _client(httpx.Response(200, json={"abandoned": True}))

    await client.abandon("o-1", "w-1", within())

    assert ("POST", "/orders/o-1/abandon", "o-1:abandon") == _told(sent[0])
    assert {"owner": "w-1"} == json.loads(sent[0].content)


async def test_an_order_that_was_taken_over_is_not_abandoned() -> None:
    """The refusal comes out."""
    client, _ = _client(httpx.Response(409, json={"code": "taken_over"}))

    with pytest.raises(Rejected):
        await client.abandon("o-1", "w-1", within())


@pytest.mark.parametrize(
    ("lease_s", "release_for_s", "expected"),
    [(60.0, None, {"leaseS": 60.0}), (None, 7.5, {"releaseForS": 7.5})],
)
async def test_a_write_keeps_the_order_or_gives_it_up(
    lease_s: float | None, release_for_s: float | None, expected: dict[str, float]
) -> None:
    """Version, owner and the name of the write are its conditions; the lease is one of two."""
    client, sent = _client(httpx.Response(200, json=RECORD))
    update = Update(
        "o-1",
        "w-1",
        3,
        "w-1/3/x",
        "COMPENSATING",
        {"p": 1},
        {"total": "5"},
        attention="look",
        lease_s=lease_s,
        release_for_s=release_for_s,
    )

    await client.update(update, within())

    assert ("PATCH", "/orders/o-1", "o-1:w-1/3/x") == _told(sent[0])
    assert {
        "owner": "w-1",
        "version": 3,
        "writeId": "w-1/3/x",
        "status": "COMPENSATING",
        "progress": {"p": 1},
        "attention": "look",
        **expected,
    } == json.loads(sent[0].content)


@pytest.mark.parametrize("code", ["version_conflict", "illegal_transition"])
async def test_a_lost_write_has_a_name_of_its_own(code: str) -> None:
    """Somebody else has written since."""
    client, sent = _client(httpx.Response(409, json={"code": code, "record": RECORD}))

    with pytest.raises(VersionConflictError):
        await client.update(UPDATE, within())

    assert 1 == len(sent)


@pytest.mark.parametrize(("status", "code"), [(404, "unknown_order"), (409, None), (422, "x")])
async def test_another_refusal_of_a_write_is_not_a_lost_one(status: int, code: str | None) -> None:
    """It comes out as it is."""
    client, _ = _client(httpx.Response(status, json={"code": code}))

    with pytest.raises(Rejected):
        await client.update(UPDATE, within())


async def test_a_claim_names_its_owner_and_its_bounds() -> None:
    """What comes back are records, in the order of the answer."""
    items = [RECORD, {**RECORD, "id": "o-2"}]
    client, sent = _client(httpx.Response(200, json={"items": items}))

    claimed = await client.claim("w-9", 60.0, 32, within())

    assert ("POST", "/orders/claim", "w-9:claim") == _told(sent[0])
    assert {"owner": "w-9", "leaseS": 60.0, "limit": 32} == json.loads(sent[0].content)
    assert ["o-1", "o-2"] == [stored.id for stored in claimed]


async def test_an_order_is_read_by_its_id() -> None:
    """Whatever stands in the id stays in its part of the path."""
    client, sent = _client(httpx.Response(200, json=RECORD))

    await client.get("a/../b?c#d", within())

    assert ("GET", "/orders/a%2F..%2Fb%3Fc%23d", None) == _told(sent[0])


async def test_an_order_is_found_by_caller_and_key() -> None:
    """Both are written so that nothing in them means anything else."""
    client, sent = _client(httpx.Response(200, json=RECORD))

    stored = await client.get_by_key("a&b", "k=1 +", within())

    assert ("GET", "/keys?caller=a%26b&key=k%3D1+%2B", None) == _told(sent[0])
    assert stored is not None


async def test_what_is_not_there_is_none() -> None:
    """404 is an answer."""
    client, _ = _client(httpx.Response(404, json={"code": "unknown_order"}))

    assert None is await client.get("o-1", within())
    assert None is await client.get_by_key("shop", "k", within())


async def test_another_refusal_of_a_read_is_an_error() -> None:
    """Only 404 means that there is nothing."""
    client, _ = _client(httpx.Response(403, json={"code": "forbidden"}))

    with pytest.raises(Rejected):
        await client.get("o-1", within())


async def test_a_list_is_a_page_and_where_the_next_begins() -> None:
    """Filters go into the query as they are given."""
    client, sent = _client(httpx.Response(200, json={"items": [RECORD], "nextCursor": "c2"}))

    page = await client.list({"userId": "u 1", "status": "FAILED", "limit": "1"}, within())

    assert ("GET", "/orders?userId=u+1&status=FAILED&limit=1", None) == _told(sent[0])
    assert ("c2", ["o-1"]) == (page.next_cursor, [stored.id for stored in page.items])


async def test_the_last_page_has_no_next_one() -> None:
    """Absent and null are the same."""
    client, _ = _client(httpx.Response(200, json={"items": []}))

    page = await client.list({}, within())

    assert ([], None) == (page.items, page.next_cursor)


async def test_the_backlog_is_told_in_four_numbers() -> None:
    """Ages are null when there is nothing."""
    stats = {"unfinished": 2, "flagged": 0, "oldestUnfinishedAgeS": 4.5, "oldestFlaggedAgeS": None}
    client, sent = _client(httpx.Response(200, json=stats))

    assert Backlog(2, 0, 4.5, None) == await client.backlog(within())
    assert ("GET", "/stats", None) == _told(sent[0])


NO_RECORDS: dict[str, object] = {
    "empty": {},
    "of another shape": {"id": "o-1", "status": "PENDING"},
    "version as text": {**RECORD, "version": "1"},
    "order as text": {**RECORD, "order": "none"},
    **{
        f"without {name}": {other: RECORD[other] for other in RECORD if other != name}
        for name in RECORD
        if name not in {"userId", "later"}
    },
}


@pytest.mark.parametrize("body", NO_RECORDS.values(), ids=NO_RECORDS)
async def test_what_is_no_record_is_no_answer(body: object) -> None:
    """It is tried again and then in doubt, for a create, a write, a read and a claim alike."""
    client, _ = _client(httpx.Response(200, json=body))
    listed, _ = _client(httpx.Response(200, json={"items": [RECORD, body]}))

    for asking in (
        client.create(NEW, within()),
        client.update(UPDATE, within()),
        client.get("o-1", within()),
        listed.claim("w", 60.0, 2, within()),
        listed.list({}, within()),
    ):
        with pytest.raises(Faulty) as failed:
            await asking
        assert failed.value.in_doubt


@pytest.mark.parametrize("items", [None, {}, "o-1", [1], [[RECORD]], [None]], ids=str)
async def test_what_is_no_list_is_no_answer(items: object) -> None:
    """A claim of nonsense has claimed nothing that could be worked on."""
    client, _ = _client(httpx.Response(200, json={"items": items}))

    with pytest.raises(Faulty):
        await client.claim("w", 60.0, 2, within())


def test_a_record_keeps_what_is_the_orchestrators_own_untouched() -> None:
    """`order` and `progress` are not looked into."""
    stored = StoredOrder.parse(RECORD)

    assert (RECORD["order"], RECORD["progress"]) == (stored.order, stored.progress)


async def test_the_service_asks_for_short_answers_of_the_database_only() -> None:
    """Every request to it says so, and none to anybody else."""
    preferred: dict[str, str | None] = {}

    def at(name: str) -> httpx.MockTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            preferred[name] = request.headers.get("Prefer")
            return httpx.Response(404, json={"code": "unknown"})

        return httpx.MockTransport(handle)

    names = ("database", "inventory", "payment", "shipping")
    services = connect(Settings(_env_file=None), {name: at(name) for name in names})
    for upstream in services.all.values():
        with pytest.raises(Rejected):
            await upstream.send(Call("get", "GET", "/x"), within())

    assert {"database": "return=minimal"} == {n: v for n, v in preferred.items() if v is not None}
    assert set(names) == preferred.keys()
