"""Alerts out of the house: one HTTP POST each, signed, tried again until somebody takes it.

What fails stays in the ledger's outbox with a time for the next attempt, and never holds up what made the
alert. A receiver may see one twice, if its answer was lost: the id is the same then.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from toolkit.errors import ConfigurationError

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord

__all__ = ["DeliveryReport", "Webhook", "signature"]

_FIRST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)
_SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a round of deliveries did: alerts taken, and those that weren't with the reason."""

    delivered: tuple[str, ...]
    failed: dict[str, str]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where alerts go. `secret` (at least 32 bytes) keys the signature; `timeout` is seconds for each.

    Raises ConfigurationError for an address that isn't http or https, or a short secret.
    """

    url: str
    secret: bytes = field(repr=False)
    timeout: float = 5.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError("the webhook's address has to begin with http:// or https:// and a host")
        if len(self.secret) < _SHORTEST_SECRET:
            raise ConfigurationError("the webhook's secret has to have at least 32 bytes")

    def deliver(self, ledger: Ledger, *, limit: int = 100) -> DeliveryReport:
        """Posts what is due. Never raises for a receiver that doesn't answer; raises LedgerError."""
        delivered: list[str] = []
        failed: dict[str, str] = {}
        for waiting in ledger.alerts.outgoing(limit):
            alert = waiting.record
            error = self._post(alert, ledger.clock.now().isoformat())
            if error is None:
                ledger.alerts.delivered(alert.id)
                delivered.append(alert.id)
            else:
                pause = min(_FIRST * 2 ** min(waiting.attempts, 10), _LONGEST)
                ledger.alerts.failed(alert.id, error=error, next_at=ledger.clock.now() + pause)
                failed[alert.id] = error
        return DeliveryReport(tuple(delivered), failed)

    def _post(self, alert: LedgerRecord, at: str) -> str | None:
        """Why it wasn't taken, or None."""
        body = json.dumps(
            {"id": alert.id, "state": alert.state.value, **alert.data}, sort_keys=True, separators=(",", ":")
        ).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Issuance-Alert": alert.id,
            "X-Issuance-Timestamp": at,
            "X-Issuance-Signature": signature(self.secret, at, body),
        }
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with closing(kind(parts.hostname or "", parts.port, timeout=self.timeout)) as connection:
                connection.request("POST", path, body, headers)
                status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        return None if 200 <= status < 300 else f"the receiver answered {status}"


def signature(secret: bytes, at: str, body: bytes) -> str:
    """What a receiver computes to see that the post is the desk's: HMAC-SHA256 over time, full stop, body."""
    return "sha256=" + hmac.new(secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
