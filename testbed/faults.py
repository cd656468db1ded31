"""What can go wrong between a caller and an upstream, as a table.

| fault | the upstream | the caller |
| --- | --- | --- |
| REFUSE | never hears of it | sees the connection reset |
| LOSE | carries it out | sees the connection end without an answer |
| status(…) | carries it out if `forward` | gets a status the upstream did not give |
| garbage(…) | carries it out if `forward` | gets 200 and a body that is no JSON |
| delay(…) | hears of it later | waits |
| HOLD_REQUEST | hears of it on release | waits, if it is still there |
| HOLD_ANSWER | carries it out at once | gets the answer on release |
| late(…) | hears of it on release | had its end or a status at once |

A service that is not there at all is no fault of one request: `FaultProxy.switch_off`.
"""

from dataclasses import dataclass
from typing import Final, Literal

from testbed.wire import Message, response

CUT: Final = "cut"
"""The caller's connection ends without an answer."""


@dataclass(frozen=True)
class Fault:
    """What becomes of one request; the plain value passes it on as it is."""

    name: str
    forward: bool = True
    """Whether the upstream ever hears of it."""
    reply: Message | Literal["cut"] | None = None
    """What the caller gets instead of the upstream's answer."""
    delay_s: float = 0.0
    """How long it takes to the upstream."""
    held: Literal["request", "answer"] | None = None
    """What waits for the rule to be released."""
    reply_first: bool = False
    """Whether the caller gets its reply before the upstream hears of the request."""


NONE: Final = Fault("forwarded")
REFUSE: Final = Fault("refused", forward=False, reply=CUT)
LOSE: Final = Fault("answer lost", reply=CUT)
HOLD_REQUEST: Final = Fault("request held", held="request")
HOLD_ANSWER: Final = Fault("answer held", held="answer")


def status(code: int, *, retry_after_s: int | None = None, forward: bool = False) -> Fault:
    """Answer `code`, before the effect or (with `forward`) after it."""
    when = "after" if forward else "before"
    return Fault(f"{code} {when} the effect", forward, _problem(code, retry_after_s))


def garbage(*, forward: bool = True) -> Fault:
    """Answer 200 with what a misdirected request tends to be answered with."""
    junk = response(200, b"<html>It works!</html>", media_type="text/html")
    return Fault("answered with junk", forward, junk)


def delay(seconds: float) -> Fault:
    """Forward after so many seconds."""
    return Fault(f"delayed {seconds:g} s", delay_s=seconds)


def late(code: int | None = None) -> Fault:
    """End the caller's connection now, or answer `code`; deliver when the rule is released."""
    reply: Message | Literal["cut"] = CUT if code is None else _problem(code)
    return Fault("delivered late", reply=reply, held="request", reply_first=True)


def _problem(code: int, retry_after_s: int | None = None) -> Message:
    headers = () if retry_after_s is None else (("Retry-After", str(retry_after_s)),)
    body = b'{"status": %d, "code": "injected", "detail": "a fault of the testbed"}' % code
    return response(code, body, headers, "application/problem+json")
