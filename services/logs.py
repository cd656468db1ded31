"""One JSON object per line on standard output, for notable events only."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

logger = logging.getLogger("services")


class JsonFormatter(logging.Formatter):
    """Renders a record, and the fields it was given, as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return json.dumps(fields, default=str)


def configure_logging() -> None:
    """Send everything to standard output as JSON; libraries only from WARNING on."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logger.setLevel(logging.INFO)


def log_event(event: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log `event`, a fixed phrase, with its fields."""
    logger.log(level, event, extra={"fields": fields})
