"""Contract rule 2: one key, one request, one effect, one answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.answers import Answer, KeyReused, answers_ddl, fingerprint, once, refuse
from services.storage import Storage, Tx, open_storage

TABLE = "CREATE TABLE demo_effects (effect TEXT NOT NULL);"


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[Storage]:
    """Give a storage with the table of answers and one in which effects can be counted."""
    opened = await open_storage(database_url, "demo", [TABLE, answers_ddl("demo")])
    yield opened
    await opened.close()


async def ask(
    storage: Storage, key: str = "k", request: object = "r", answer: Answer | None = None
) -> Answer:
    """Make one request, whose effect is a row; its answer is numbered unless given."""

    def work(tx: Tx) -> Answer:
        def act() -> Answer:
            tx.execute("INSERT INTO demo_effects (effect) VALUES (:key)", key=key)
            return answer or Answer(201, {"n": count(tx)})

        return once(tx, service="demo", key=key, request=request, act=act)

    return await storage.run(work)


def count(tx: Tx) -> int:
    """Return the number of effects."""
    n: int = tx.execute("SELECT COUNT(*) AS n FROM demo_effects")[0]["n"]
    return n


async def test_a_repeat_repeats_the_answer(storage: Storage) -> None:
    """The second request under a key has the first one's answer and no effect."""
    answers = [await ask(storage), await ask(storage)]

    assert [Answer(201, {"n": 1})] * 2 == answers
    assert 1 == await storage.run(count)


async def test_duplicates_at_once_have_one_effect(storage: Storage) -> None:
    """Twenty at once under one key: one acts, all get its answer."""
    answers = await asyncio.gather(*(ask(storage) for _ in range(20)))

    assert [Answer(201, {"n": 1})] * 20 == answers
    assert 1 == await storage.run(count)


async def test_a_key_is_for_one_request(storage: Storage) -> None:
    """The same key with another request is refused, and the first answer stays."""
    await ask(storage, request={"qty": 1})

    with pytest.raises(KeyReused) as caught:
        await ask(storage, request={"qty": 2})

    assert (422, "idempotency_key_reused") == (caught.value.status, caught.value.code)
    assert Answer(201, {"n": 1}) == await ask(storage, request={"qty": 1})


async def test_a_kept_refusal_is_repeated(storage: Storage) -> None:
    """A refusal for good is stored like any answer."""
    no = refuse(402, "payment_declined", "No.", shortages=[{"sku": "S"}])
    await ask(storage, answer=no)
    again = await ask(storage, answer=Answer(201, {}))

    assert no == again


async def test_a_passing_refusal_is_not_kept(storage: Storage) -> None:
    """A refusal that depends on the present state leaves the key free."""
    no = refuse(409, "dispatched", "Too late.", keep=False)
    await ask(storage, answer=no)
    again = await ask(storage, answer=Answer(200, {"ok": True}))

    assert Answer(200, {"ok": True}) == again


async def test_a_work_that_fails_leaves_its_key_free(storage: Storage) -> None:
    """An exception undoes the claim of the key together with the effect."""

    def fail(tx: Tx) -> Answer:
        def act() -> Answer:
            raise LookupError("no")

        return once(tx, service="demo", key="k", request="r", act=act)

    with pytest.raises(LookupError):
        await storage.run(fail)

    assert Answer(201, {"n": 1}) == await ask(storage)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": [1, 2]}, {"b": [1, 2], "a": 1}, True),
        ({"a": "1"}, {"a": 1}, False),
        ([1, 2], [2, 1], False),
        ({"a": None}, {}, False),
        ("é", "é", True),
    ],
)
def test_fingerprints_tell_values_apart(
    one: Any,  # noqa: ANN401 - any JSON value
    other: Any,  # noqa: ANN401 - any JSON value
    same: bool,
) -> None:
    """The order of members does not matter; everything else does."""
    assert same is (fingerprint(one) == fingerprint(other))
