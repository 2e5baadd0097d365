"""What the ledger refuses, each as a class of its own. The families are `toolkit.errors`."""

from __future__ import annotations

from toolkit.errors import (
    InvalidInput,
    LedgerError,
    LedgerUnreachable,
    NotEligible,
    Refused,
    StaleDeployment,
)

__all__ = [
    "AllocationUneven",
    "ClassNotApproved",
    "ClientsNotSettled",
    "DocumentNotAcknowledged",
    "FundsAlreadyMatched",
    "FundsMismatch",
    "JurisdictionRefused",
    "LedgerBusy",
    "LedgerFull",
    "LedgerTooNew",
    "LedgerTooOld",
    "LimitExceeded",
    "LimitNotSet",
    "ListConflict",
    "ListOutdated",
    "NotAnOmnibusWallet",
    "NotFound",
    "OrderExpired",
    "OutsidePerimeter",
    "PayoutAlreadyRecorded",
    "PositionTooSmall",
    "ProductNotAdmitted",
    "ScreeningImpossible",
    "StaleLedger",
    "StatementGap",
    "ThirdPartyPayment",
    "TransferNotAcknowledged",
    "UnderReview",
    "WalletTaken",
]


class NotFound(InvalidInput):
    """The ledger holds no such order, investor, wallet, person, batch or transaction."""

    code = "not_found"


class WalletTaken(Refused):
    """The wallet, signing key or bank account already belongs to somebody else."""

    code = "wallet_taken"


class AllocationUneven(InvalidInput):
    """The clients' parts don't add up to what is allocated, to the base unit."""

    code = "allocation_uneven"


class NotAnOmnibusWallet(NotEligible):
    """The ledger has the wallet as another kind: it has no clients' positions."""

    code = "not_an_omnibus_wallet"


class PositionTooSmall(Refused):
    """The client has less than is to be moved, locked or taken out."""

    code = "position_too_small"


class ClientsNotSettled(Refused):
    """Something of an omnibus wallet's clients is locked or pending, and they can't be moved."""

    code = "clients_not_settled"


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


class UnderReview(NotEligible):
    """Compliance is looking at the party: the order waits until compliance has decided.

    The same words whatever the cause, which is in compliance's own record (regulation.md R-AML-11).
    """

    code = "under_review"


class ProductNotAdmitted(NotEligible):
    """Policies are in force and none of them is this product's: adopt one for it first."""

    code = "product_not_admitted"


class JurisdictionRefused(NotEligible):
    """The policy doesn't allow the investor's jurisdiction."""

    code = "jurisdiction_refused"


class OutsidePerimeter(NotEligible):
    """The account holds licensed stablecoins only: it moves to the full regime first."""

    code = "outside_perimeter"


class ClassNotApproved(NotEligible):
    """The product isn't for the class that the investor is approved as now: classify them, or renew it."""

    code = "class_not_approved"


class DocumentNotAcknowledged(NotEligible):
    """The investor hasn't acknowledged the current version of a document that the product names."""

    code = "document_not_acknowledged"


class LimitExceeded(NotEligible):
    """With what counts already, the order passes a limit: wait for the window, or have the limit changed."""

    code = "limit_exceeded"


class LimitNotSet(NotEligible):
    """The product's orders are limited and no limit was set: set one, or decide that there is none."""

    code = "limit_not_set"


class StatementGap(InvalidInput):
    """The bank statement doesn't begin where the last one of its account ended: import what lies between."""

    code = "statement_gap"


class LedgerBusy(LedgerError):
    """Another writer was in the way (a deadlock, a lock that was waited for too long, or the same was added
    by both at once): nothing of the transaction was written. Begin it again; what the other has added is
    found then.
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


# screening


class ListOutdated(Refused):
    """The list's version is older than the one in force, which stays."""

    code = "list_outdated"


class ListConflict(Refused):
    """The list's version is on record with other contents. The one in force stays."""

    code = "list_conflict"


class ScreeningImpossible(NotEligible):
    """No list is in force, or one is too old: nobody can be said to be clear, so nothing moves."""

    code = "screening_impossible"


class TransferNotAcknowledged(NotEligible):
    """The transfer goes to another institution's wallet, and that hasn't acknowledged its data yet."""

    code = "transfer_not_acknowledged"
    retryable = True
