"""The checks of inventory, payment and shipping, in the order in which they are made."""

from typing import Final

from conformance.check import Group
from conformance.checks import (
    answers,
    busy,
    errors,
    expiry,
    keys,
    late,
    repeats,
    restart,
    stock,
    tombstones,
    undo,
)
from conformance.probe import UpstreamProbe

UPSTREAM_GROUPS: Final[tuple[Group[UpstreamProbe], ...]] = (
    answers.GROUP,
    repeats.GROUP,
    keys.GROUP,
    tombstones.GROUP,
    late.GROUP,
    undo.GROUP,
    errors.GROUP,
    stock.GROUP,
    expiry.GROUP,
    restart.GROUP,
    busy.GROUP,
)
