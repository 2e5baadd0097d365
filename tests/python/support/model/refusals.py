"""What the model answers where a rule says no."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from toolkit.bindings import errors
from toolkit.bindings.solidity_error import SolidityError

T = TypeVar("T")
R = TypeVar("R")

KINDS: frozenset[type[SolidityError]] = frozenset(
    {
        errors.AccessManagedUnauthorized,
        errors.AccessManagerAlreadyScheduled,
        errors.AccessManagerNotReady,
        errors.ApproverIsSender,
        errors.ApproversNotSorted,
        errors.AttestationFromFuture,
        errors.AttestationNotNewer,
        errors.BackingExceeded,
        errors.BatchEmpty,
        errors.BufferTooLarge,
        errors.CaseIdMissing,
        errors.CaseIdRequired,
        errors.ERC20InsufficientAllowance,
        errors.ERC20InsufficientBalance,
        errors.ERC2612ExpiredSignature,
        errors.ERC2612InvalidSigner,
        errors.ERC3009AlreadyUsed,
        errors.ERC3009CallerIsNotPayee,
        errors.ERC3009Expired,
        errors.ERC3009InvalidSignature,
        errors.ERC3009NotYetValid,
        errors.ERC7943CannotReceive,
        errors.ERC7943CannotSend,
        errors.ERC7943InsufficientUnfrozenBalance,
        errors.EscrowIsProtected,
        errors.EscrowStaysEscrow,
        errors.FeedNotSuspended,
        errors.FeedSuspended,
        errors.ForcedTransferToSelf,
        errors.FreezeMayOnlyRaise,
        errors.InvalidApproval,
        errors.InvalidAttestor,
        errors.InvalidMaxAge,
        errors.InvalidPeriod,
        errors.InvalidThreshold,
        errors.InvalidTiers,
        errors.MarketWoundDown,
        errors.MintingIsNotStopped,
        errors.MintingIsStopped,
        errors.NotApprover,
        errors.NotAttestor,
        errors.NotEnoughApprovals,
        errors.NotEnoughSignatures,
        errors.NotRedemptionHolder,
        errors.OperatorLimitExceeded,
        errors.OrderAboveCap,
        errors.OrderAlreadyExecuted,
        errors.OrderEmpty,
        errors.OrderExpired,
        errors.PaymentReferenceMissing,
        errors.RedemptionEmpty,
        errors.RedemptionHolderFrozen,
        errors.RedemptionHolderNotFrozen,
        errors.RedemptionInStatus,
        errors.ReportMissing,
        errors.ReserveStale,
        errors.SafeCastOverflowedUintDowncast,
        errors.SignersNotSorted,
        errors.SkipsUnknownOrder,
        errors.TokenNotPaused,
        errors.TokenPaused,
        errors.TotalAboveTiers,
        errors.UnfreezeMayOnlyLower,
        errors.UnsolicitedExceeded,
        errors.ValueTooLarge,
        errors.WalletBelongsToAnother,
        errors.WalletNotRegistered,
        errors.WalletNotVerified,
    }
)
"""Every refusal that the model can predict."""


class Refusal:
    """One rule that says no: the exception that stands for it, with the values that matter."""

    def __init__(self, kind: type[SolidityError], **values: Any) -> None:
        assert kind in KINDS, f"{kind.__name__} is not among the refusals that are looked for"
        self.kind = kind
        self.values = values

    def __repr__(self) -> str:
        return (
            f"{self.kind.__name__}({', '.join(f'{name}={value!r}' for name, value in self.values.items())})"
        )

    def is_met_by(self, error: Exception) -> bool:
        """Whether the SDK's exception is this refusal, with these values."""
        return type(error) is self.kind and all(
            getattr(error, name) == value for name, value in self.values.items()
        )


class Refused(Exception):
    """The operation is refused, for any one of these reasons: the design doesn't rank its rules."""

    def __init__(self, refusals: list[Refusal]) -> None:
        super().__init__(repr(refusals))
        self.refusals = refusals


def when(applies: bool, kind: type[SolidityError], **values: Any) -> Refusal | None:
    """The refusal, where it applies."""
    return Refusal(kind, **values) if applies else None


def refuse(*answers: Refusal | None) -> None:
    """Raises Refused for those that apply."""
    refusals = [answer for answer in answers if answer is not None]
    if refusals:
        raise Refused(refusals)


def gather(step: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Takes a step for each item. Raises Refused for all that are refused together."""
    results: list[R] = []
    refusals: list[Refusal] = []
    for item in items:
        try:
            results.append(step(item))
        except Refused as refused:
            refusals += refused.refusals
    refuse(*refusals)
    return results
