"""Every error the toolkit raises, in families by what the caller can do about it.

```
ToolkitError
├─ ConfigurationError          a setting or the terms are wrong
├─ InvalidInput                fix the value and call again
│   └─ NotADealingDay          the fund does not deal on that day
├─ Refused                     a rule said no; nothing was sent
│   ├─ NotEligible             account frozen, wallet unverified, expired, limit
│   ├─ ReserveShortfall        the reserve does not cover it
│   ├─ ReserveStale            the reserve attestation is too old, suspended or missing
│   ├─ NavStale                the net asset value is too old, or from before the cut-off
│   ├─ CutOffPassed            the dealing day is closed to orders
│   ├─ GateActive              the day's redemptions are gated: the rest is carried over
│   └─ NotAuthorised           role, approvals, the same person twice
├─ IdempotencyConflict         the same key with another body
├─ IllegalTransition           the order's machine has no such step
├─ ContractReverted            one subclass per Solidity error (`toolkit.bindings.errors`)
├─ TransactionError
│   ├─ NotSent                 nothing reached the chain: safe to call again
│   │   └─ LaneBusy, LaneLost  another worker has the key's lease
│   ├─ StillPending            ask later, never send another
│   │   └─ NonceUnexplained    its nonce is used, and by what can't be found
│   ├─ Replaced                another hand's transaction took the nonce
│   ├─ Cancelled               its own cancellation took the nonce
│   ├─ Stuck                   waits at the ceiling of its fee: a person decides
│   ├─ Dropped                 the node no longer knows it
│   ├─ ReorgedOut              it was mined and is not any more
│   └─ EventMissing            mined, but without the event that proves the effect
├─ NodeError (retryable)
│   ├─ NodeUnreachable, NodeTimeout, NodeRejected, InconsistentNode
│   ├─ NodeStalled             it answers, and mines nothing
│   ├─ WrongChain (not retryable)
│   └─ AnvilNotFound, AnvilExited (not retryable)
├─ CompilationError            diagnostics with file and line
├─ DeploymentError
│   └─ Drift, CodeMismatch, StaleDeployment, ForbiddenRoles, UnsafeUpgrade
└─ LedgerError
    └─ LedgerUnreachable, LedgerTampered
```

Each class has a stable `code` (its machine name), `retryable` (whether the same call may
succeed unchanged) and `user_message`, which is safe to show to a customer: it never names an
account, a rule of screening or a host.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AnvilExited",
    "AnvilNotFound",
    "Cancelled",
    "CodeMismatch",
    "CompilationError",
    "ConfigurationError",
    "ContractReverted",
    "CutOffPassed",
    "DeploymentError",
    "Drift",
    "Dropped",
    "EventMissing",
    "ForbiddenRoles",
    "GateActive",
    "IdempotencyConflict",
    "IllegalTransition",
    "InconsistentNode",
    "InvalidInput",
    "LaneBusy",
    "LaneLost",
    "LedgerError",
    "LedgerTampered",
    "LedgerUnreachable",
    "NavStale",
    "NodeError",
    "NodeRejected",
    "NodeStalled",
    "NodeTimeout",
    "NodeUnreachable",
    "NonceUnexplained",
    "NotADealingDay",
    "NotAuthorised",
    "NotEligible",
    "NotSent",
    "Refused",
    "ReorgedOut",
    "Replaced",
    "ReserveShortfall",
    "ReserveStale",
    "StaleDeployment",
    "StillPending",
    "Stuck",
    "ToolkitError",
    "TransactionError",
    "UnsafeUpgrade",
    "WrongChain",
]


class ToolkitError(Exception):
    """Root of all errors. `str(error)` says what was wrong, with which value, and what to do."""

    code: ClassVar[str] = "toolkit_error"
    retryable: ClassVar[bool] = False
    user_message: ClassVar[str] = "The request could not be completed."

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """`{code, message, retryable, details}` with every detail as a JSON string, int or list."""
        return {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "details": {key: _plain(value) for key, value in self.details.items()},
        }


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, bytes):
        return "0x" + bytes(value).hex()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)


class ConfigurationError(ToolkitError):
    """A setting or the terms are wrong: correct the file and run again."""

    code = "configuration"


class InvalidInput(ToolkitError):
    """A value is malformed (precision, address, unknown asset): fix it and call again."""

    code = "invalid_input"
    user_message = "The request contains a value that cannot be used."


class NotADealingDay(InvalidInput):
    """The fund does not deal on the day: `details["next"]` is the next day on which it does."""

    code = "not_a_dealing_day"


class Refused(ToolkitError):
    """A rule said no. Nothing was sent."""

    code = "refused"
    user_message = "The request was refused."


class NotEligible(Refused):
    """The account or wallet may not take part: frozen, unverified, expired, over a limit."""

    code = "not_eligible"


class ReserveShortfall(Refused):
    """The attested reserve does not cover the amount."""

    code = "reserve_shortfall"


class ReserveStale(Refused):
    """The reserve attestation is too old, suspended or missing. Minting waits; redemption goes on."""

    code = "reserve_stale"


class NavStale(Refused):
    """The net asset value is too old, suspended, missing, or from before the dealing day's cut-off."""

    code = "nav_stale"


class CutOffPassed(Refused):
    """The dealing day is closed to orders: what comes now belongs to the next one."""

    code = "cut_off_passed"


class GateActive(Refused):
    """The day's redemptions exceed the gate: part is dealt, and the rest is carried to the next day."""

    code = "gate_active"


class NotAuthorised(Refused):
    """The role is missing, approvals are missing, or the same person acts twice."""

    code = "not_authorised"


class IdempotencyConflict(ToolkitError):
    """The same idempotency key was used with another body."""

    code = "idempotency_conflict"


class IllegalTransition(ToolkitError):
    """The order's machine has no step from its state to the one asked for."""

    code = "illegal_transition"


class ContractReverted(ToolkitError):
    """A contract refused. Subclasses in `toolkit.bindings.errors` carry the decoded fields."""

    code = "contract_reverted"

    def __init__(self, message: str, *, data: bytes = b"", **details: Any) -> None:
        super().__init__(message, **details)
        self.data = data


class TransactionError(ToolkitError):
    """Something about a transaction's way to the chain."""

    code = "transaction"


class NotSent(TransactionError):
    """Nothing reached the chain; calling again is safe."""

    code = "not_sent"
    retryable = True


class StillPending(TransactionError):
    """The transaction may still land: ask again later, never send another in its place."""

    code = "still_pending"
    user_message = "The request is in progress."


class LaneBusy(NotSent):
    """Every key of the role is leased to other workers; nothing was sent. Try again shortly."""

    code = "lane_busy"


class LaneLost(NotSent):
    """Another worker took the key's lease over; nothing was sent. Lease a lane again."""

    code = "lane_lost"


class NonceUnexplained(StillPending):
    """The chain counts the nonce as used, and the transaction that used it can't be found.

    An alarm: nothing may be concluded from it. Ask another node.
    """

    code = "nonce_unexplained"


class Replaced(TransactionError):
    """Another hand's transaction with the same nonce was mined instead; `details["by"]` is its hash."""

    code = "replaced"


class Cancelled(TransactionError):
    """Its own cancellation was mined in its place; `details["by"]` is that one's hash."""

    code = "cancelled"


class Stuck(TransactionError):
    """It waits, and its fee is at the ceiling: raise the ceiling, cancel it, or let it wait."""

    code = "stuck"


class Dropped(TransactionError):
    """The node no longer knows the transaction; its stored bytes can be sent again."""

    code = "dropped"


class ReorgedOut(TransactionError):
    """It was mined and is no longer part of the chain."""

    code = "reorged_out"


class EventMissing(TransactionError):
    """The transaction was mined without the event, or the values, that prove its effect."""

    code = "event_missing"


class NodeError(ToolkitError):
    """The node could not answer. Retryable unless a subclass says otherwise."""

    code = "node"
    retryable = True
    user_message = "The service is temporarily unavailable."


class NodeUnreachable(NodeError):
    """No connection to the node."""

    code = "node_unreachable"


class NodeTimeout(NodeError):
    """The node did not answer in time. For a send, that never means it was not sent."""

    code = "node_timeout"


class NodeRejected(NodeError):
    """The node answered with a JSON-RPC error that is not a revert."""

    code = "node_rejected"
    retryable = False


class InconsistentNode(NodeError):
    """The node's answer contradicts the question (a log outside the asked range, another block)."""

    code = "inconsistent_node"


class NodeStalled(NodeError):
    """The node answers and mines nothing though transactions wait: look after it, or restart it."""

    code = "node_stalled"


class WrongChain(NodeError):
    """The node serves another chain id than the one asked for."""

    code = "wrong_chain"
    retryable = False


class AnvilNotFound(NodeError):
    """No Anvil binary: run `make setup`, or set ISSUANCE_ANVIL to its path."""

    code = "anvil_not_found"
    retryable = False


class AnvilExited(NodeError):
    """Anvil ended by itself; the message carries the tail of its log."""

    code = "anvil_exited"
    retryable = False


class CompilationError(ToolkitError):
    """The compiler refused the sources; `details["diagnostics"]` lists file, line and message."""

    code = "compilation"


class DeploymentError(ToolkitError):
    """The deployment cannot be made, verified or used."""

    code = "deployment"


class Drift(DeploymentError):
    """The chain differs from the terms; `details["differences"]` lists each."""

    code = "drift"


class CodeMismatch(DeploymentError):
    """The code at an address is not the code that was recorded."""

    code = "code_mismatch"


class StaleDeployment(DeploymentError):
    """The record belongs to another Anvil instance or another chain."""

    code = "stale_deployment"


class ForbiddenRoles(DeploymentError):
    """An account holds two roles that must be apart."""

    code = "forbidden_roles"


class UnsafeUpgrade(DeploymentError):
    """The new code would misread what a proxy has stored; `details["incompatibilities"]` lists each field."""

    code = "unsafe_upgrade"


class LedgerError(ToolkitError):
    """The ledger cannot be read or written, or does not hold together."""

    code = "ledger"


class LedgerUnreachable(LedgerError):
    """The database does not answer."""

    code = "ledger_unreachable"
    retryable = True


class LedgerTampered(LedgerError):
    """The chain of events does not recompute: a row was edited, removed or reordered."""

    code = "ledger_tampered"
