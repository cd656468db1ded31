"""`Retry-After` (RFC 9110, 10.2.3): seconds, or a date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_SANE_S: Final = 3600.0
"""No order lives for an hour: who says "later than that" says "never"."""


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds to wait, 0 at least; None when it is absent or cannot be understood."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)
