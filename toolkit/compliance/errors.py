"""What compliance refuses by itself, each as a class of its own. The families are `toolkit.errors`."""

from __future__ import annotations

from toolkit.errors import InvalidInput, NotAuthorised, NotEligible, Refused

__all__ = [
    "AuthorityMissing",
    "BelowThreshold",
    "ChangeOvertaken",
    "CoolingOff",
    "CounterpartyUnfit",
    "DocumentUnknown",
    "EvidenceMissing",
    "EvidenceTooOld",
    "FreezeMismatch",
    "HitNotReleased",
    "InvestorsDiffer",
    "ListMalformed",
    "ListTruncated",
    "NameMismatch",
    "PositionsOpen",
    "RateMissing",
    "RegimeNotComplete",
    "SelfRecovery",
    "TravelDataMissing",
    "WalletNotReady",
]


class EvidenceMissing(InvalidInput):
    """A decision stands on a document, and none was given: give its kind, date and digest."""

    code = "evidence_missing"


class EvidenceTooOld(Refused):
    """The document is older than the rules let it be at the relevant date: ask for a newer one."""

    code = "evidence_too_old"


class RateMissing(InvalidInput):
    """A holding's currency has no dated rate of exchange for the relevant date."""

    code = "rate_missing"


class BelowThreshold(NotEligible):
    """The portfolio or the total assets don't reach what the class asks for: the class isn't given."""

    code = "below_threshold"


class RegimeNotComplete(NotEligible):
    """The account can't move to the full regime: classification, knowledge or exposure is missing."""

    code = "regime_not_complete"


class DocumentUnknown(InvalidInput):
    """No policy in force names the document in that version, or it has another digest."""

    code = "document_unknown"


class NameMismatch(Refused):
    """The bank account isn't in the customer's own name: no money moves to or from it."""

    code = "name_mismatch"


class ChangeOvertaken(Refused):
    """A later version of the same is in force: propose the change anew."""

    code = "change_overtaken"


# screening, the travel rule and monitoring
class ListMalformed(InvalidInput):
    """The list file is refused whole, with the first thing that is wrong with it. The one in force stays."""

    code = "list_malformed"


class ListTruncated(ListMalformed):
    """The list file isn't whole: broken JSON, or another count or digest than it says."""

    code = "list_truncated"


class TravelDataMissing(InvalidInput):
    """The data that have to go with the transfer aren't complete."""

    code = "travel_data_missing"


class CounterpartyUnfit(NotEligible):
    """The institution is a shell, not accepted, suspended, or its due diligence has lapsed."""

    code = "counterparty_unfit"


# cases
class AuthorityMissing(InvalidInput):
    """A case needs what it stands on: a list and its version, an order, a request, or a risk on file."""

    code = "authority_missing"


class HitNotReleased(Refused):
    """A list names the party, so nothing of theirs is set free: release the hit first, with its rationale."""

    code = "hit_not_released"


class FreezeMismatch(Refused):
    """More is frozen on chain than all cases come to: find out who froze it, and under what."""

    code = "freeze_mismatch"


class PositionsOpen(Refused):
    """Something of the wallet's is under way, in a vault or unpaid: bring it to its end first."""

    code = "positions_open"


class CoolingOff(Refused):
    """The cooling-off isn't over. Nobody can shorten it; wait."""

    code = "cooling_off"


class SelfRecovery(NotAuthorised):
    """The wallet is a key of the person who acts: another person must."""

    code = "self_recovery"


class InvestorsDiffer(Refused):
    """The two wallets are not one investor's: nobody's holdings are merged with somebody else's."""

    code = "investors_differ"


class WalletNotReady(NotEligible):
    """The new wallet isn't proven since the report, or is itself out of use."""

    code = "wallet_not_ready"
