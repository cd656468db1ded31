"""How much of an answer is taken before it counts as an attack or a mistake."""

from typing import Final

MAX_HEAD_BYTES: Final = 65_536
"""Status line and header fields together, and equally what comes between two pieces of a body
(chunk sizes, trailers). Servers send a few hundred bytes; common ones refuse more than 8–64 KiB
themselves."""

MAX_FIELDS: Final = 100
"""Header fields of one answer; common servers take no more than a hundred either."""

MAX_INTERIM: Final = 16
"""Interim answers (1xx) before the final one; more than one or two is unheard of."""

HIGH_WATER_BYTES: Final = 262_144
"""A streamed body that its reader leaves unread stops being read from the socket here: as much as
an event loop reads at once, so one more read is the most that can come on top."""

LOW_WATER_BYTES: Final = 65_536
"""Reading goes on when no more than this is left; the gap keeps it from stopping at every chunk."""

IDLE_S: Final = 3.0
"""Common servers close a connection that is idle for 5 s; one that closes just as a request is sent
costs a retry, so this side lets go first."""

CLOCK_TICK_S: Final = 0.001
"""Event loops count in milliseconds: a timer that fires this early has fired in time, and would
otherwise be set again for no time at all."""
