"""Alerts as log lines, one JSON object each. Who sets up logging is whoever runs the process."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.ledger.records import LedgerRecord

__all__ = ["JsonFormatter", "log_alert", "logger"]

logger = logging.getLogger("toolkit.compliance.alerts")

_LEVELS = {"warning": logging.WARNING, "high": logging.ERROR, "critical": logging.CRITICAL}


class JsonFormatter(logging.Formatter):
    """A line of JSON: time, level, logger, message, and what was given as `extra={"fields": {...}}`."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


def log_alert(alert: LedgerRecord) -> None:
    """Writes an alert to the log, at the level of its severity."""
    data = alert.data
    fields = {
        "alert": alert.id,
        "rule": data["rule"],
        "severity": data["severity"],
        "due_at": data["due_at"],
        "facts": data["facts"],
    }
    logger.log(_LEVELS[data["severity"]], "%s", data["summary"], extra={"fields": fields})
