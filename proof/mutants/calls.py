"""Errors of the calls: ids, keys, retries, and what an answer is taken for."""

from typing import Final

from proof.mutants.mutant import Edit, Mutant

_UPSTREAM: Final = "clients/upstream.py"

CALLS: Final = (
    Mutant(
        "a time-out is taken for 'failed'",
        "a well-known sample stores a failure for every error of the payment call",
        (Edit(_UPSTREAM, "            in_doubt=not unsent,\n", "            in_doubt=False,\n"),),
    ),
    Mutant(
        "a 5xx is taken for a refusal",
        "`if response.is_error: raise PaymentDeclined`",
        (Edit(_UPSTREAM, "in_doubt=kind is not Rejected,", "in_doubt=False,"),),
    ),
    Mutant(
        "any 2xx is a success",
        "a proxy's welcome page, with status 200, paid for the order",
        (
            Edit(_UPSTREAM, "if body is not None and call.accepts(body):", "if True:"),
            Edit(
                _UPSTREAM,
                "            return Answer(status, body, attempts=1)",
                "            return Answer(status, body or {}, attempts=1)",
            ),
        ),
    ),
    Mutant(
        "a new key on every try",
        "the key is made where the request is sent, so a retry is a new request",
        (
            Edit(
                _UPSTREAM,
                "content, key=key, within_s=within_s",
                'content, key=f"{key}:{self.now():.3f}", within_s=within_s',
            ),
        ),
    ),
    Mutant(
        "the client's key goes downstream",
        "one key for every operation of an order: the second one meets the answer of the first",
        (
            Edit(
                _UPSTREAM,
                "content, key=key, within_s=within_s",
                'content, key=(key or "").partition(":")[0], within_s=within_s',
            ),
        ),
    ),
    Mutant(
        "a refusal is retried",
        "retry on every exception: a declined card is charged four times over",
        (
            Edit(
                "clients/retry.py",
                "TRANSIENT = (Unreachable, Faulty, Busy)",
                "TRANSIENT = (UpstreamError,)",
            ),
        ),
    ),
    Mutant(
        "ids are made anew",
        "the upstream chooses the id, or every try does: an answer that is lost cannot be undone",
        (
            Edit(
                "orchestrator/domain.py",
                "from orchestrator.ids import named_id",
                "from orchestrator.ids import random_id",
            ),
            Edit(
                "orchestrator/domain.py",
                "return named_id(order_id, word)",
                "return random_id()",
            ),
            Edit("orchestrator/domain.py", "@lru_cache(maxsize=1024)", "@lru_cache(maxsize=0)"),
        ),
    ),
)
