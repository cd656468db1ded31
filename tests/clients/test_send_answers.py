"""What is believed of an answer: its shape, its size, and what it is about."""

import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from clients.carrier import LARGEST_ANSWER_BYTES
from clients.errors import Faulty, Rejected, Unreachable
from tests.clients.upstreams import CALL, an_upstream, within

NONSENSE: dict[str, httpx.Response] = {
    "nothing": httpx.Response(200),
    "no content": httpx.Response(204),
    "html": httpx.Response(200, html="<html>welcome</html>"),
    "cut JSON": httpx.Response(200, text='{"id": "p-'),
    "a list": httpx.Response(200, json=[{"id": "p-1"}]),
    "a text": httpx.Response(200, json="p-1"),
    "null": httpx.Response(200, json=None),
    "not UTF-8": httpx.Response(200, content=b'{"id": "\xff\xfe"}'),
    "deep": httpx.Response(200, text='{"id":' + "[" * 100_000),
    "a very long number": httpx.Response(200, text='{"id": ' + "9" * 10_000 + "}"),
    "another shape": httpx.Response(200, json={"payment": "p-1"}),
}


@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
async def test_a_2xx_that_is_no_answer_is_as_good_as_none(answer: httpx.Response) -> None:
    """It is tried again, and in doubt; success is what the contract says it is."""
    served = httpx.MockTransport(lambda _: answer)

    with pytest.raises(Faulty) as failed:
        await an_upstream(served, tries=2).send(CALL, within())

    assert (True, 2, answer.status_code) == (
        failed.value.in_doubt,
        failed.value.attempts,
        failed.value.status,
    )


async def test_an_answer_that_cannot_be_unpacked_is_in_doubt() -> None:
    """Compression was not asked for, but some upstreams do it; and some do it badly."""
    packed = httpx.MockTransport(
        lambda _: httpx.Response(
            200,
            stream=httpx.ByteStream(b"nonsense"),
            headers={"Content-Encoding": "gzip"},
        )
    )

    with pytest.raises(Unreachable) as failed:
        await an_upstream(packed, tries=1).send(CALL, within())

    assert failed.value.in_doubt


async def test_a_compressed_answer_is_understood() -> None:
    """An upstream that compresses unasked is believed like any other."""
    packed = httpx.MockTransport(
        lambda _: httpx.Response(
            200,
            stream=httpx.ByteStream(gzip.compress(b'{"id":"p-1"}')),
            headers={"Content-Encoding": "gzip"},
        )
    )

    answer = await an_upstream(packed).send(CALL, within())

    assert {"id": "p-1"} == answer.body


async def test_an_answer_about_something_else_is_not_believed() -> None:
    """Whether an answer is the one that was asked for is for the call to say."""
    other = httpx.MockTransport(lambda _: httpx.Response(200, json={"id": "p-2"}))
    picky = CALL._replace(accepts=lambda body: body.get("id") == "p-1")

    with pytest.raises(Faulty, match="not what the contract promises") as failed:
        await an_upstream(other, tries=1).send(picky, within())

    assert failed.value.in_doubt


@pytest.mark.parametrize(
    ("padding", "accepted"),
    [(LARGEST_ANSWER_BYTES - 25, True), (LARGEST_ANSWER_BYTES - 24, False)],
    ids=["1 MiB", "one byte more"],
)
async def test_an_answer_of_more_than_a_mebibyte_is_none(padding: int, *, accepted: bool) -> None:
    """Exactly 1 MiB is read; a byte more is nonsense."""
    content = b'{"id":"p-1","padding":"' + b"x" * padding + b'"}'
    served = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    sending = an_upstream(served, tries=1).send(CALL, within())

    if accepted:
        assert 200 == (await sending).status
    else:
        with pytest.raises(Faulty):
            await sending


async def test_a_flood_is_not_read_to_its_end() -> None:
    """An answer that never ends is left after the first mebibyte."""
    read: list[int] = []

    async def flood() -> AsyncIterator[bytes]:
        while True:
            read.append(65536)
            yield b"x" * 65536

    served = httpx.MockTransport(lambda _: httpx.Response(200, content=flood()))

    with pytest.raises(Faulty):
        await an_upstream(served, tries=1).send(CALL, within())

    assert sum(read) <= LARGEST_ANSWER_BYTES + 2 * 65536


async def test_a_refusal_with_a_flood_is_still_a_refusal() -> None:
    """What cannot be read in whole has no code; its status counts."""
    served = httpx.MockTransport(lambda _: httpx.Response(409, content=b"x" * 2_000_000))

    with pytest.raises(Rejected) as refused:
        await an_upstream(served).send(CALL, within())

    assert (409, None, "answered 409") == (
        refused.value.status,
        refused.value.code,
        refused.value.detail,
    )


@pytest.mark.parametrize(
    "body", [{}, {"code": 7, "detail": None}, {"code": ["x"]}, {"detail": ""}, [], "no", None]
)
async def test_a_refusal_need_not_be_a_problem_document(body: object) -> None:
    """Without a usable code or detail the status has to do."""
    served = httpx.MockTransport(lambda _: httpx.Response(422, json=body))

    with pytest.raises(Rejected) as refused:
        await an_upstream(served).send(CALL, within())

    assert (None, "answered 422") == (refused.value.code, refused.value.detail)


@pytest.mark.parametrize(
    "text",
    [
        "123456789012345678901234567890",
        "0.1",
        "-0.0",
        "1e400",
        "5e-324",
        "2.2250738585072011e-308",
        "9007199254740993",
        '"\\u0000\\u2028"',
        '{"a":1,"a":2}',
        "[" * 150 + "]" * 150,
    ],
)
async def test_an_answer_is_read_as_the_standard_library_reads_it(text: str) -> None:
    """Numbers of any size, names that occur twice: the parser is another, what it reads is not."""
    content = f'{{"id":"p-1","value":{text}}}'
    served = httpx.MockTransport(lambda _: httpx.Response(200, text=content))

    answer = await an_upstream(served).send(CALL, within())

    assert repr(json.loads(content)) == repr(answer.body)


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"id":"p-1"}',
        '{"id":"p-1"}'.encode("utf-16"),
        b'{"id":"p-1","value":"\\ud800"}',
        b'{"id":"p-1","value":"\xff"}',
        b'{"id":"p-1","value":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["byte order mark", "UTF-16", "half a character", "no UTF-8", "very deep"],
)
async def test_what_is_not_plain_json_is_not_believed(content: bytes) -> None:
    """JSON between services is UTF-8 without a mark (RFC 8259, 8.1), of characters that exist."""
    served = httpx.MockTransport(lambda _: httpx.Response(200, content=content))

    with pytest.raises(Faulty):
        await an_upstream(served, tries=1).send(CALL, within())
