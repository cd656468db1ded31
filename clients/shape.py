"""What a good answer of an upstream must show before it is believed."""

from collections.abc import Callable
from typing import Any


def known_as(resource_id: str, *states: str, **members: str) -> Callable[[dict[str, Any]], bool]:
    """Accept a body that names the resource, in one of `states`, with exactly these `members`.

    Members that the answer leaves out are not held against it; members that differ are: an
    authorization of another amount is not ours.
    """

    def accepts(body: dict[str, Any]) -> bool:
        if body.get("id") != resource_id or body.get("status") not in states:
            return False
        for name, value in members.items():  # a loop, not all(): most calls have none  # noqa: SIM110
            if body.get(name, value) != value:
                return False
        return True

    return accepts
