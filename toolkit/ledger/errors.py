"""What the ledger refuses, each as a class of its own. The families are `toolkit.errors`."""

from __future__ import annotations

from toolkit.errors import InvalidInput, LedgerError, LedgerUnreachable, Refused, StaleDeployment

__all__ = [
    "FundsAlreadyMatched",
    "FundsMismatch",
    "LedgerBusy",
    "LedgerFull",
    "LedgerTooNew",
    "LedgerTooOld",
    "NotFound",
    "OrderExpired",
    "PayoutAlreadyRecorded",
    "StaleLedger",
    "ThirdPartyPayment",
    "WalletTaken",
]


class NotFound(InvalidInput):
    """The ledger holds no such order, investor, wallet, person, batch or transaction."""

    code = "not_found"


class WalletTaken(Refused):
    """The wallet, signing key or bank account already belongs to somebody else."""

    code = "wallet_taken"


class FundsAlreadyMatched(Refused):
    """The bank line already paid for another order, or went back to its payer."""

    code = "funds_already_matched"


class FundsMismatch(Refused):
    """The money received is not exactly the money ordered (amount or currency)."""

    code = "funds_mismatch"


class ThirdPartyPayment(Refused):
    """The payer is not the customer. The money goes back; nothing is minted against it."""

    code = "third_party_payment"


class OrderExpired(Refused):
    """The order's time is over: record it as expired, return the money, take a new order."""

    code = "order_past_expiry"


class PayoutAlreadyRecorded(Refused):
    """The redemption was paid before, or the payment reference was used before."""

    code = "payout_already_recorded"


class LedgerBusy(LedgerError):
    """Another writer was in the way (a deadlock, or a lock that was waited for too long): nothing of the
    transaction was written. Begin it again.
    """

    code = "ledger_busy"
    retryable = True


class LedgerFull(LedgerUnreachable):
    """The disk has no room for the ledger: nothing of the transaction was written. Make room first."""

    code = "ledger_full"


class StaleLedger(LedgerError, StaleDeployment):
    """The ledger belongs to another deployment: another chain, market or Anvil instance."""

    code = "stale_ledger"


class LedgerTooNew(LedgerError):
    """A newer version of the toolkit wrote the schema; this one must not touch it."""

    code = "ledger_too_new"


class LedgerTooOld(LedgerError):
    """The schema is of an older version: back the database up, then `Ledger.migrate(url)`."""

    code = "ledger_too_old"
