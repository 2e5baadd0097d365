"""What the desk refuses by itself, each as a class of its own. The families are `toolkit.errors`."""

from __future__ import annotations

from toolkit.errors import NotAuthorised, Refused

__all__ = [
    "ApprovalsVoid",
    "BatchConflict",
    "BurnNotFinal",
    "ChallengeExpired",
    "ChallengeMismatch",
    "ChallengeReplayed",
    "DayNotOver",
    "EscrowMismatch",
    "FinalityViolated",
    "HeadroomTaken",
    "NodeBehind",
    "NotOnRecord",
    "NotWalletOwner",
    "SettlementMismatch",
    "UnknownRequest",
]


class ChallengeExpired(Refused):
    """The wallet challenge's time is over: make a new one."""

    code = "challenge_expired"


class ChallengeReplayed(Refused):
    """The wallet challenge was answered before, or is older than the proof on record."""

    code = "challenge_replayed"


class ChallengeMismatch(Refused):
    """The challenge isn't one of this desk's, on this chain, in these words."""

    code = "challenge_mismatch"


class NotWalletOwner(NotAuthorised):
    """The answer to the challenge wasn't signed by the wallet."""

    code = "not_wallet_owner"


class BatchConflict(Refused):
    """Some of the orders are in an open batch together with others: sign all of it, or dissolve it."""

    code = "batch_conflict"


class ApprovalsVoid(Refused):
    """The batch was approved under the implementation before an upgrade: have its orders approved again."""

    code = "approvals_void"


class EscrowMismatch(Refused):
    """What the holder put into escrow isn't what the order says."""

    code = "escrow_mismatch"


class BurnNotFinal(Refused):
    """The chain doesn't finally hold the redemption as burned and unpaid: no money may move."""

    code = "burn_not_final"


class FinalityViolated(Refused):
    """A block that was final is gone, and settled orders with it: minting stops until a person has looked."""

    code = "finality_violated"


class NodeBehind(Refused):
    """The node hasn't got as far as the ledger has settled: nothing is sent by it."""

    code = "node_behind"


class HeadroomTaken(Refused):
    """What may still be minted is taken by orders under way: the order waits for them to land."""

    code = "headroom_taken"


class DayNotOver(Refused):
    """The dealing day hasn't got as far: it has to be closed, or its cut-off has to pass, first."""

    code = "day_not_over"


class SettlementMismatch(Refused):
    """What the chain dealt a day at isn't what the same figures come to here: nothing is priced on it."""

    code = "settlement_mismatch"


class NotOnRecord(Refused):
    """What was asked for was done on chain, and the ledger couldn't take it in yet: don't ask again, mend
    what `details["alarms"]` say and run the fund's worker.
    """

    code = "not_on_record"


class UnknownRequest(Refused):
    """A request at the fund's vault is of a wallet that the ledger doesn't know: onboard it, or look why."""

    code = "unknown_request"
