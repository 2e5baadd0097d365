"""One exception class per Solidity error of the packaged contracts.

Written by scripts/generate_errors.py from the packaged ABIs and scripts/error_messages.toml: change
those, not this file. Each class is a `ContractReverted` and also belongs to the family of
`toolkit.errors` that says what the caller can do. Amounts are base units and times Unix seconds.
"""

from __future__ import annotations

from functools import cache

from toolkit import artifacts
from toolkit import errors as family
from toolkit.bindings.solidity_error import SolidityError
from toolkit.chain.reverts import RevertRegistry

__all__ = [
    "ALL",
    "AccessManagedInvalidAuthority",
    "AccessManagedRequiredDelay",
    "AccessManagedUnauthorized",
    "AccessManagerAlreadyScheduled",
    "AccessManagerBadConfirmation",
    "AccessManagerExpired",
    "AccessManagerInvalidInitialAdmin",
    "AccessManagerLockedFunction",
    "AccessManagerLockedRole",
    "AccessManagerNotReady",
    "AccessManagerNotScheduled",
    "AccessManagerUnauthorizedAccount",
    "AccessManagerUnauthorizedCall",
    "AccessManagerUnauthorizedCancel",
    "AccessManagerUnauthorizedConsume",
    "ActorUnknown",
    "AddressEmptyCode",
    "AdministratorIsProtected",
    "AlreadyClaimed",
    "ApproverIsSender",
    "ApproversNotSorted",
    "AttestationFromFuture",
    "AttestationNotNewer",
    "AuthorityHasNoCode",
    "AuthorityIsFixed",
    "BackingExceeded",
    "BatchEmpty",
    "BlockNotOfThisChain",
    "BufferTooLarge",
    "CallerIsNotMarket",
    "CallerIsNotVault",
    "CancellationUnclaimed",
    "CaseIdMissing",
    "CaseIdRequired",
    "CheckpointUnorderedInsertion",
    "ClaimExceeded",
    "ClassNotAdmitted",
    "CountryNotAdmitted",
    "CutOffNotLater",
    "CutOffNotReached",
    "CutOffPassed",
    "DayNotAfter",
    "DayNotClosed",
    "DayNotReached",
    "DayOutOfOrder",
    "DeadlineNotReached",
    "DealingIsSuspended",
    "DealingNotSuspended",
    "DealtInFuture",
    "DischargeExceedsBurned",
    "DistributionInStatus",
    "DistributionIsNotStopped",
    "DistributionIsStopped",
    "ERC20InsufficientAllowance",
    "ERC20InsufficientBalance",
    "ERC20InvalidApprover",
    "ERC20InvalidReceiver",
    "ERC20InvalidSender",
    "ERC20InvalidSpender",
    "ERC1643InvalidName",
    "ERC1643MissingDocument",
    "ERC1967InvalidImplementation",
    "ERC1967NonPayable",
    "ERC1967ProxyUninitialized",
    "ERC2612ExpiredSignature",
    "ERC2612InvalidSigner",
    "ERC3009AlreadyUsed",
    "ERC3009CallerIsNotPayee",
    "ERC3009Expired",
    "ERC3009InvalidSignature",
    "ERC3009NotYetValid",
    "ERC7943CannotReceive",
    "ERC7943CannotSend",
    "ERC7943CannotTransfer",
    "ERC7943InsufficientUnfrozenBalance",
    "EscrowIsProtected",
    "EscrowStaysEscrow",
    "FailedCall",
    "FeedDecimalsMismatch",
    "FeedNotConfigured",
    "FeedNotSuspended",
    "FeedSuspended",
    "ForcedTransferToSelf",
    "FreezeMayOnlyRaise",
    "FundingIncomplete",
    "FundingShortfall",
    "HolderLimitReached",
    "HoldingAboveMaximum",
    "HoldingBelowMinimum",
    "IncompleteStatement",
    "IncompleteWallet",
    "InsufficientBalance",
    "InvalidAccountNonce",
    "InvalidApproval",
    "InvalidAttestor",
    "InvalidCalendar",
    "InvalidCountry",
    "InvalidCustody",
    "InvalidDistribution",
    "InvalidInitialization",
    "InvalidMaxAge",
    "InvalidPeriod",
    "InvalidPolicy",
    "InvalidProof",
    "InvalidShortString",
    "InvalidThreshold",
    "InvalidTiers",
    "InvestorAccountsAreFixed",
    "InvestorAccountsNeeded",
    "LengthMismatch",
    "LockedUp",
    "MarketIsFixed",
    "MarketWoundDown",
    "MintingIsNotStopped",
    "MintingIsStopped",
    "NavBeforeCutOff",
    "NavDecimalsMismatch",
    "NavStale",
    "NavUnusable",
    "NoDealingDay",
    "NoDust",
    "NoRound",
    "NotAContract",
    "NotApprover",
    "NotAttestor",
    "NotConfigured",
    "NotEnoughApprovals",
    "NotEnoughSignatures",
    "NotInQuarantine",
    "NotInitializing",
    "NotOmnibus",
    "NotOperator",
    "NotRedemptionHolder",
    "NotSameInvestor",
    "NothingPending",
    "NothingSetAside",
    "OperatorLimitExceeded",
    "OrderAboveCap",
    "OrderAlreadyExecuted",
    "OrderEmpty",
    "OrderExpired",
    "OwnRevocation",
    "PaymentReferenceMissing",
    "PreviewUnavailable",
    "ReasonMissing",
    "RedemptionBelowMinimum",
    "RedemptionEmpty",
    "RedemptionHolderFrozen",
    "RedemptionHolderNotFrozen",
    "RedemptionInStatus",
    "ReleaseNotProposed",
    "ReportAlreadyDistributed",
    "ReportMissing",
    "RequestEmpty",
    "ReserveStale",
    "SafeCastOverflowedUintDowncast",
    "SafeERC20FailedOperation",
    "SameHand",
    "SignersNotSorted",
    "SkipsUnknownOrder",
    "StringTooLong",
    "StringsInsufficientHexLength",
    "SubscriptionBelowMinimum",
    "TermOutOfBounds",
    "TokenNotPaused",
    "TokenPaused",
    "TooManyDecimals",
    "TooManyUnsettledDays",
    "TotalAboveTiers",
    "TotalIsNotBalance",
    "TransfersClosed",
    "TreeExceedsFunding",
    "UUPSUnauthorizedCallContext",
    "UUPSUnsupportedProxiableUUID",
    "UnfreezeMayOnlyLower",
    "UnsolicitedExceeded",
    "UnusableMetadata",
    "ValueTooLarge",
    "VaultInUse",
    "VaultMismatch",
    "WalletBelongsToAnother",
    "WalletNotRegistered",
    "WalletNotVerified",
    "registry",
]


class AccessManagedInvalidAuthority(SolidityError, family.InvalidInput):
    """`AccessManagedInvalidAuthority(address authority)`"""

    code = "access_managed_invalid_authority"
    signature = "AccessManagedInvalidAuthority(address)"
    fields = ("authority",)
    template = "{authority} is not an access manager: give a contract's address"

    authority: str


class AccessManagedRequiredDelay(SolidityError, family.NotAuthorised):
    """`AccessManagedRequiredDelay(address caller, uint32 delay)`"""

    code = "access_managed_required_delay"
    signature = "AccessManagedRequiredDelay(address,uint32)"
    fields = ("caller", "delay")
    template = (
        "{caller} may call this only after {delay} seconds: schedule the call on the access manager "
        "and execute it then"
    )

    caller: str
    delay: int


class AccessManagedUnauthorized(SolidityError, family.NotAuthorised):
    """`AccessManagedUnauthorized(address caller)`"""

    code = "access_managed_unauthorized"
    signature = "AccessManagedUnauthorized(address)"
    fields = ("caller",)
    template = "{caller} does not hold the role that this function needs: see `issuance deploy roles`"

    caller: str


class AccessManagerAlreadyScheduled(SolidityError, family.Refused):
    """`AccessManagerAlreadyScheduled(bytes32 operationId)`"""

    code = "access_manager_already_scheduled"
    signature = "AccessManagerAlreadyScheduled(bytes32)"
    fields = ("operation_id",)
    template = "operation {operation_id} is already scheduled: execute it, or cancel it first"

    operation_id: bytes


class AccessManagerBadConfirmation(SolidityError, family.InvalidInput):
    """`AccessManagerBadConfirmation()`"""

    code = "access_manager_bad_confirmation"
    signature = "AccessManagerBadConfirmation()"
    template = "renouncing a role needs the caller's own address as confirmation: pass it"


class AccessManagerExpired(SolidityError, family.Refused):
    """`AccessManagerExpired(bytes32 operationId)`"""

    code = "access_manager_expired"
    signature = "AccessManagerExpired(bytes32)"
    fields = ("operation_id",)
    template = "operation {operation_id} was not executed in time and has expired: schedule it again"

    operation_id: bytes


class AccessManagerInvalidInitialAdmin(SolidityError, family.InvalidInput):
    """`AccessManagerInvalidInitialAdmin(address initialAdmin)`"""

    code = "access_manager_invalid_initial_admin"
    signature = "AccessManagerInvalidInitialAdmin(address)"
    fields = ("initial_admin",)
    template = "{initial_admin} cannot be the first administrator: give an account that can act"

    initial_admin: str


class AccessManagerLockedFunction(SolidityError, family.Refused):
    """`AccessManagerLockedFunction(bytes4 selector)`"""

    code = "access_manager_locked_function"
    signature = "AccessManagerLockedFunction(bytes4)"
    fields = ("selector",)
    template = (
        "function {selector} cannot be given a role: the authority of a contract is not changed by a call"
    )

    selector: bytes


class AccessManagerLockedRole(SolidityError, family.Refused):
    """`AccessManagerLockedRole(uint64 roleId)`"""

    code = "access_manager_locked_role"
    signature = "AccessManagerLockedRole(uint64)"
    fields = ("role_id",)
    template = "role {role_id:role} cannot be changed in this way: choose another role"

    role_id: int


class AccessManagerNotReady(SolidityError, family.Refused):
    """`AccessManagerNotReady(bytes32 operationId)`"""

    code = "access_manager_not_ready"
    signature = "AccessManagerNotReady(bytes32)"
    fields = ("operation_id",)
    template = "operation {operation_id} is not due yet: execute it once its delay has passed"

    operation_id: bytes


class AccessManagerNotScheduled(SolidityError, family.Refused):
    """`AccessManagerNotScheduled(bytes32 operationId)`"""

    code = "access_manager_not_scheduled"
    signature = "AccessManagerNotScheduled(bytes32)"
    fields = ("operation_id",)
    template = (
        "operation {operation_id} is not scheduled, and its caller acts after a delay only: schedule "
        "it on the access manager, then execute it; an earlier one was executed or cancelled"
    )

    operation_id: bytes


class AccessManagerUnauthorizedAccount(SolidityError, family.NotAuthorised):
    """`AccessManagerUnauthorizedAccount(address msgsender, uint64 roleId)`"""

    code = "access_manager_unauthorized_account"
    signature = "AccessManagerUnauthorizedAccount(address,uint64)"
    fields = ("msgsender", "role_id")
    template = "{msgsender} does not hold role {role_id:role}: see `issuance deploy roles`"

    msgsender: str
    role_id: int


class AccessManagerUnauthorizedCall(SolidityError, family.NotAuthorised):
    """`AccessManagerUnauthorizedCall(address caller, address target, bytes4 selector)`"""

    code = "access_manager_unauthorized_call"
    signature = "AccessManagerUnauthorizedCall(address,address,bytes4)"
    fields = ("caller", "target", "selector")
    template = "{caller} may not call function {selector} of {target}: see `issuance deploy roles`"

    caller: str
    target: str
    selector: bytes


class AccessManagerUnauthorizedCancel(SolidityError, family.NotAuthorised):
    """`AccessManagerUnauthorizedCancel(address msgsender, address caller, address target, bytes4
    selector)`"""

    code = "access_manager_unauthorized_cancel"
    signature = "AccessManagerUnauthorizedCancel(address,address,address,bytes4)"
    fields = ("msgsender", "caller", "target", "selector")
    template = (
        "{msgsender} may not cancel what {caller} scheduled on {target} (function {selector}): its "
        "scheduler, an administrator or a guardian may"
    )

    msgsender: str
    caller: str
    target: str
    selector: bytes


class AccessManagerUnauthorizedConsume(SolidityError, family.NotAuthorised):
    """`AccessManagerUnauthorizedConsume(address target)`"""

    code = "access_manager_unauthorized_consume"
    signature = "AccessManagerUnauthorizedConsume(address)"
    fields = ("target",)
    template = (
        "{target} may not consume scheduled operations now: only a managed contract does, while it runs one"
    )

    target: str


class ActorUnknown(SolidityError, family.NotAuthorised):
    """`ActorUnknown()`"""

    code = "actor_unknown"
    signature = "ActorUnknown()"
    template = (
        "through the access manager's execute the event would not name who acts: call the contract itself"
    )


class AddressEmptyCode(SolidityError):
    """`AddressEmptyCode(address target)`"""

    code = "address_empty_code"
    signature = "AddressEmptyCode(address)"
    fields = ("target",)
    template = "there is no contract at {target}: check the address"

    target: str


class AdministratorIsProtected(SolidityError, family.NotAuthorised):
    """`AdministratorIsProtected(address account)`"""

    code = "administrator_is_protected"
    signature = "AdministratorIsProtected(address)"
    fields = ("account",)
    template = (
        "{account} is an administrator and is not for a guardian to remove: cancel what it scheduled instead"
    )

    account: str


class AlreadyClaimed(SolidityError, family.Refused):
    """`AlreadyClaimed(uint256 id, uint256 index)`"""

    code = "already_claimed"
    signature = "AlreadyClaimed(uint256,uint256)"
    fields = ("id", "index")
    template = "leaf {index} of distribution {id} was claimed: each is paid once"

    id: int
    index: int


class ApproverIsSender(SolidityError, family.NotAuthorised):
    """`ApproverIsSender(address account)`"""

    code = "approver_is_sender"
    signature = "ApproverIsSender(address)"
    fields = ("account",)
    template = "{account} both sends and approves the batch: another approver has to sign"

    account: str


class ApproversNotSorted(SolidityError, family.InvalidInput):
    """`ApproversNotSorted(address previous, address current)`"""

    code = "approvers_not_sorted"
    signature = "ApproversNotSorted(address,address)"
    fields = ("previous", "current")
    template = (
        "approver {current} follows {previous}: sort the approvals by signer, ascending, each signer once"
    )

    previous: str
    current: str


class AttestationFromFuture(SolidityError, family.Refused):
    """`AttestationFromFuture(uint256 asOf, uint256 blockTimestamp)`"""

    code = "attestation_from_future"
    signature = "AttestationFromFuture(uint256,uint256)"
    fields = ("as_of", "block_timestamp")
    template = (
        "the attestation is as of {as_of:time}, not before the block's {block_timestamp:time}: "
        "publish it after that instant, or correct its time"
    )

    as_of: int
    block_timestamp: int


class AttestationNotNewer(SolidityError, family.Refused):
    """`AttestationNotNewer(uint256 asOf, uint256 lastAsOf)`"""

    code = "attestation_not_newer"
    signature = "AttestationNotNewer(uint256,uint256)"
    fields = ("as_of", "last_as_of")
    template = (
        "the attestation is as of {as_of:time}, not after the last one's {last_as_of:time}: attest a "
        "later instant"
    )

    as_of: int
    last_as_of: int


class AuthorityHasNoCode(SolidityError, family.InvalidInput):
    """`AuthorityHasNoCode(address authority)`"""

    code = "authority_has_no_code"
    signature = "AuthorityHasNoCode(address)"
    fields = ("authority",)
    template = "there is no access manager at {authority}: deploy it first"

    authority: str


class AuthorityIsFixed(SolidityError, family.Refused):
    """`AuthorityIsFixed(address authority)`"""

    code = "authority_is_fixed"
    signature = "AuthorityIsFixed(address)"
    fields = ("authority",)
    template = "the access manager {authority} is part of the code: another one needs an upgrade"

    authority: str


class BackingExceeded(SolidityError, family.ReserveShortfall):
    """`BackingExceeded(uint256 minted, uint256 ceiling)`"""

    code = "backing_exceeded"
    signature = "BackingExceeded(uint256,uint256)"
    fields = ("minted", "ceiling")
    template = (
        "the mint would bring everything ever minted to {minted} base units, beyond the {ceiling} "
        "that the attested reserve covers: mint less, or publish an attestation of a larger reserve "
        "first"
    )

    minted: int
    ceiling: int


class BatchEmpty(SolidityError, family.InvalidInput):
    """`BatchEmpty()`"""

    code = "batch_empty"
    signature = "BatchEmpty()"
    template = "the call has no batches, or a batch has no orders: give at least one"


class BlockNotOfThisChain(SolidityError, family.Refused):
    """`BlockNotOfThisChain(uint64 number, bytes32 hash)`"""

    code = "block_not_of_this_chain"
    signature = "BlockNotOfThisChain(uint64,bytes32)"
    fields = ("number", "hash")
    template = (
        "block {number} with the hash {hash} is not one of this chain's last 256: build the "
        "commitment again on a recent block"
    )

    number: int
    hash: bytes


class BufferTooLarge(SolidityError, family.InvalidInput):
    """`BufferTooLarge(uint16 bufferBps)`"""

    code = "buffer_too_large"
    signature = "BufferTooLarge(uint16)"
    fields = ("buffer_bps",)
    template = "a buffer of {buffer_bps} basis points passes 100 %: set at most 10000"

    buffer_bps: int


class CallerIsNotMarket(SolidityError, family.NotAuthorised):
    """`CallerIsNotMarket(address caller)`"""

    code = "caller_is_not_market"
    signature = "CallerIsNotMarket(address)"
    fields = ("caller",)
    template = "{caller} is not the market of this token: mint, burn and discharge through the primary market"

    caller: str


class CallerIsNotVault(SolidityError, family.NotAuthorised):
    """`CallerIsNotVault(address caller)`"""

    code = "caller_is_not_vault"
    signature = "CallerIsNotVault(address)"
    fields = ("caller",)
    template = "{caller} is no vault of this share class: subscribe and redeem through the class's vault"

    caller: str


class CancellationUnclaimed(SolidityError, family.Refused):
    """`CancellationUnclaimed(address controller, uint256 day)`"""

    code = "cancellation_unclaimed"
    signature = "CancellationUnclaimed(address,uint256)"
    fields = ("controller", "day")
    template = "what {controller} cancelled on day {day} has not been claimed: claim it, then request again"

    controller: str
    day: int


class CaseIdMissing(SolidityError, family.InvalidInput):
    """`CaseIdMissing()`"""

    code = "case_id_missing"
    signature = "CaseIdMissing()"
    template = "the case id is zero: compliance acts under a case only, give its id"


class CaseIdRequired(SolidityError, family.Refused):
    """`CaseIdRequired()`"""

    code = "case_id_required"
    signature = "CaseIdRequired()"
    template = "a forced transfer needs a case: call forcedTransfer with a case id"


class CheckpointUnorderedInsertion(SolidityError):
    """`CheckpointUnorderedInsertion()`"""

    code = "checkpoint_unordered_insertion"
    signature = "CheckpointUnorderedInsertion()"
    template = (
        "a payout would be recorded before the last one: the node's clock went backwards, check the chain"
    )


class ClaimExceeded(SolidityError, family.InvalidInput):
    """`ClaimExceeded(address controller, uint256 asked, uint256 claimable)`"""

    code = "claim_exceeded"
    signature = "ClaimExceeded(address,uint256,uint256)"
    fields = ("controller", "asked", "claimable")
    template = (
        "{asked} base units are more than the {claimable} that {controller} can claim: claim no more "
        "than that"
    )

    controller: str
    asked: int
    claimable: int


class ClassNotAdmitted(SolidityError, family.NotEligible):
    """`ClassNotAdmitted(address account, uint8 class)`"""

    code = "class_not_admitted"
    signature = "ClassNotAdmitted(address,uint8)"
    fields = ("account", "class_")
    template = (
        "{account} belongs to a {class_:investor_class} investor, whom this share class does not "
        "admit: choose another class, or classify the investor anew"
    )

    account: str
    class_: int


class CountryNotAdmitted(SolidityError, family.NotEligible):
    """`CountryNotAdmitted(address account, uint16 country)`"""

    code = "country_not_admitted"
    signature = "CountryNotAdmitted(address,uint16)"
    fields = ("account", "country")
    template = (
        "{account} belongs to an investor of country {country} (ISO 3166-1), which this share class "
        "does not admit: choose another class"
    )

    account: str
    country: int


class CutOffNotLater(SolidityError, family.InvalidInput):
    """`CutOffNotLater(uint256 cutOff, uint256 previous)`"""

    code = "cut_off_not_later"
    signature = "CutOffNotLater(uint256,uint256)"
    fields = ("cut_off", "previous")
    template = (
        "the cut-off {cut_off:time} is not after {previous:time}: give cut-offs in ascending order, all ahead"
    )

    cut_off: int
    previous: int


class CutOffNotReached(SolidityError, family.Refused):
    """`CutOffNotReached(uint256 day, uint256 cutOff)`"""

    code = "cut_off_not_reached"
    signature = "CutOffNotReached(uint256,uint256)"
    fields = ("day", "cut_off")
    template = "day {day} takes requests until {cut_off:time}: close it from then on"

    day: int
    cut_off: int


class CutOffPassed(SolidityError, family.CutOffPassed):
    """`CutOffPassed(uint256 day, uint256 cutOff)`"""

    code = "cut_off_passed"
    signature = "CutOffPassed(uint256,uint256)"
    fields = ("day", "cut_off")
    template = (
        "the cut-off of day {day} was at {cut_off:time}: the request stands until it is priced or overdue"
    )

    day: int
    cut_off: int


class DayNotAfter(SolidityError, family.Refused):
    """`DayNotAfter(uint32 day, uint32 lastDay)`"""

    code = "day_not_after"
    signature = "DayNotAfter(uint32,uint32)"
    fields = ("day", "last_day")
    template = (
        "day {day} is not after {last_day}, the last day committed for this wallet and token: a "
        "commitment is never replaced, commit the next day's"
    )

    day: int
    last_day: int


class DayNotClosed(SolidityError, family.Refused):
    """`DayNotClosed(uint256 day)`"""

    code = "day_not_closed"
    signature = "DayNotClosed(uint256)"
    fields = ("day",)
    template = (
        "day {day} is not closed: close it, then settle it at a net asset value as of its cut-off or later"
    )

    day: int


class DayNotReached(SolidityError, family.Refused):
    """`DayNotReached(uint32 day, uint256 today)`"""

    code = "day_not_reached"
    signature = "DayNotReached(uint32,uint256)"
    fields = ("day", "today")
    template = (
        "day {day} has not begun in Hong Kong, where it is day {today} since 1970: commit it when it has"
    )

    day: int
    today: int


class DayOutOfOrder(SolidityError, family.Refused):
    """`DayOutOfOrder(uint256 day, uint256 expected)`"""

    code = "day_out_of_order"
    signature = "DayOutOfOrder(uint256,uint256)"
    fields = ("day", "expected")
    template = "day {day} is not next, day {expected} is: close and settle days in order, each once"

    day: int
    expected: int


class DeadlineNotReached(SolidityError, family.Refused):
    """`DeadlineNotReached(uint256 id, uint256 deadline)`"""

    code = "deadline_not_reached"
    signature = "DeadlineNotReached(uint256,uint256)"
    fields = ("id", "deadline")
    template = "claims of distribution {id} are open until {deadline:time}: sweep from then on"

    id: int
    deadline: int


class DealingIsSuspended(SolidityError, family.Refused):
    """`DealingIsSuspended(bytes32 reason)`"""

    code = "dealing_is_suspended"
    signature = "DealingIsSuspended(bytes32)"
    fields = ("reason",)
    template = (
        "dealing is suspended (reason document {reason}): wait until the governor resumes it; what "
        "was settled can be claimed"
    )

    reason: bytes


class DealingNotSuspended(SolidityError, family.Refused):
    """`DealingNotSuspended()`"""

    code = "dealing_not_suspended"
    signature = "DealingNotSuspended()"
    template = "dealing is not suspended: there is nothing to resume"


class DealtInFuture(SolidityError, family.InvalidInput):
    """`DealtInFuture(uint40 dealtAt)`"""

    code = "dealt_in_future"
    signature = "DealtInFuture(uint40)"
    fields = ("dealt_at",)
    template = (
        "the shares can't have been dealt at {dealt_at:time}, after now: give the instant of their settlement"
    )

    dealt_at: int


class DischargeExceedsBurned(SolidityError, family.Refused):
    """`DischargeExceedsBurned(uint256 discharged, uint256 burned)`"""

    code = "discharge_exceeds_burned"
    signature = "DischargeExceedsBurned(uint256,uint256)"
    fields = ("discharged", "burned")
    template = (
        "{discharged} base units would be discharged, but only {burned} were ever burned: record only"
        " payouts of accepted redemptions"
    )

    discharged: int
    burned: int


class DistributionInStatus(SolidityError, family.Refused):
    """`DistributionInStatus(uint256 id, uint8 status)`"""

    code = "distribution_in_status"
    signature = "DistributionInStatus(uint256,uint8)"
    fields = ("id", "status")
    template = "distribution {id} is {status:distribution}: claims and releases need one that is under way"

    id: int
    status: int


class DistributionIsNotStopped(SolidityError, family.Refused):
    """`DistributionIsNotStopped(uint256 id)`"""

    code = "distribution_is_not_stopped"
    signature = "DistributionIsNotStopped(uint256)"
    fields = ("id",)
    template = (
        "distribution {id} is not stopped: the guardian stops it before the governor resumes or cancels it"
    )

    id: int


class DistributionIsStopped(SolidityError, family.Refused):
    """`DistributionIsStopped(uint256 id)`"""

    code = "distribution_is_stopped"
    signature = "DistributionIsStopped(uint256)"
    fields = ("id",)
    template = "distribution {id} is stopped: wait until the governor resumes or cancels it"

    id: int


class ERC1643InvalidName(SolidityError, family.InvalidInput):
    """`ERC1643InvalidName()`"""

    code = "erc1643_invalid_name"
    signature = "ERC1643InvalidName()"
    template = "a document needs a name: give one of 1 to 32 bytes"


class ERC1643MissingDocument(SolidityError, family.InvalidInput):
    """`ERC1643MissingDocument(bytes32 name)`"""

    code = "erc1643_missing_document"
    signature = "ERC1643MissingDocument(bytes32)"
    fields = ("name",)
    template = "the token has no document named {name}: list the names with getAllDocuments"

    name: bytes


class ERC1967InvalidImplementation(SolidityError):
    """`ERC1967InvalidImplementation(address implementation)`"""

    code = "erc1967_invalid_implementation"
    signature = "ERC1967InvalidImplementation(address)"
    fields = ("implementation",)
    template = "there is no contract at {implementation}: deploy the implementation first"

    implementation: str


class ERC1967NonPayable(SolidityError):
    """`ERC1967NonPayable()`"""

    code = "erc1967_non_payable"
    signature = "ERC1967NonPayable()"
    template = "the proxy takes no ether without a call: send none"


class ERC1967ProxyUninitialized(SolidityError):
    """`ERC1967ProxyUninitialized()`"""

    code = "erc1967_proxy_uninitialized"
    signature = "ERC1967ProxyUninitialized()"
    template = "the proxy was created without its initialising call: create it with one"


class ERC20InsufficientAllowance(SolidityError, family.NotAuthorised):
    """`ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed)`"""

    code = "erc20_insufficient_allowance"
    signature = "ERC20InsufficientAllowance(address,uint256,uint256)"
    fields = ("spender", "allowance", "needed")
    template = (
        "{spender} may spend {allowance} base units and {needed} are needed: have the holder approve more"
    )

    spender: str
    allowance: int
    needed: int


class ERC20InsufficientBalance(SolidityError, family.Refused):
    """`ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed)`"""

    code = "erc20_insufficient_balance"
    signature = "ERC20InsufficientBalance(address,uint256,uint256)"
    fields = ("sender", "balance", "needed")
    template = "{sender} has {balance} base units and {needed} are needed: use at most the balance"

    sender: str
    balance: int
    needed: int


class ERC20InvalidApprover(SolidityError, family.InvalidInput):
    """`ERC20InvalidApprover(address approver)`"""

    code = "erc20_invalid_approver"
    signature = "ERC20InvalidApprover(address)"
    fields = ("approver",)
    template = "{approver} cannot approve: the approver is the zero address"

    approver: str


class ERC20InvalidReceiver(SolidityError, family.InvalidInput):
    """`ERC20InvalidReceiver(address receiver)`"""

    code = "erc20_invalid_receiver"
    signature = "ERC20InvalidReceiver(address)"
    fields = ("receiver",)
    template = "{receiver} cannot receive the token: name another recipient"

    receiver: str


class ERC20InvalidSender(SolidityError, family.InvalidInput):
    """`ERC20InvalidSender(address sender)`"""

    code = "erc20_invalid_sender"
    signature = "ERC20InvalidSender(address)"
    fields = ("sender",)
    template = "{sender} cannot send the token: name another sender"

    sender: str


class ERC20InvalidSpender(SolidityError, family.InvalidInput):
    """`ERC20InvalidSpender(address spender)`"""

    code = "erc20_invalid_spender"
    signature = "ERC20InvalidSpender(address)"
    fields = ("spender",)
    template = "{spender} cannot be given an allowance: name another spender"

    spender: str


class ERC2612ExpiredSignature(SolidityError, family.Refused):
    """`ERC2612ExpiredSignature(uint256 deadline)`"""

    code = "erc2612_expired_signature"
    signature = "ERC2612ExpiredSignature(uint256)"
    fields = ("deadline",)
    template = "the permit expired at {deadline:time}: ask the holder to sign a new one"

    deadline: int


class ERC2612InvalidSigner(SolidityError, family.NotAuthorised):
    """`ERC2612InvalidSigner(address owner)`"""

    code = "erc2612_invalid_signer"
    signature = "ERC2612InvalidSigner(address)"
    fields = ("owner",)
    template = (
        "the permit is not signed by its owner {owner}: check the signer, nonce, chain id and token address"
    )

    owner: str


class ERC3009AlreadyUsed(SolidityError, family.Refused):
    """`ERC3009AlreadyUsed(address authorizer, bytes32 nonce)`"""

    code = "erc3009_already_used"
    signature = "ERC3009AlreadyUsed(address,bytes32)"
    fields = ("authorizer", "nonce")
    template = (
        "the authorisation {nonce} of {authorizer} was used or cancelled before: look for the earlier"
        " transaction, or ask for a new authorisation"
    )

    authorizer: str
    nonce: bytes


class ERC3009CallerIsNotPayee(SolidityError, family.NotAuthorised):
    """`ERC3009CallerIsNotPayee(address caller, address payee)`"""

    code = "erc3009_caller_is_not_payee"
    signature = "ERC3009CallerIsNotPayee(address,address)"
    fields = ("caller", "payee")
    template = (
        "{caller} presented an authorisation that only its payee {payee} may present: send it through"
        " the payee"
    )

    caller: str
    payee: str


class ERC3009Expired(SolidityError, family.Refused):
    """`ERC3009Expired(uint256 validBefore)`"""

    code = "erc3009_expired"
    signature = "ERC3009Expired(uint256)"
    fields = ("valid_before",)
    template = "the authorisation was valid before {valid_before:time} only: ask the holder to sign a new one"

    valid_before: int


class ERC3009InvalidSignature(SolidityError, family.NotAuthorised):
    """`ERC3009InvalidSignature(address authorizer)`"""

    code = "erc3009_invalid_signature"
    signature = "ERC3009InvalidSignature(address)"
    fields = ("authorizer",)
    template = (
        "the authorisation is not signed by {authorizer}: check the signer, the chain id, the token "
        "address and every signed field"
    )

    authorizer: str


class ERC3009NotYetValid(SolidityError, family.Refused):
    """`ERC3009NotYetValid(uint256 validAfter)`"""

    code = "erc3009_not_yet_valid"
    signature = "ERC3009NotYetValid(uint256)"
    fields = ("valid_after",)
    template = "the authorisation is valid only after {valid_after:time}: send it later"

    valid_after: int


class ERC7943CannotReceive(SolidityError, family.NotEligible):
    """`ERC7943CannotReceive(address account)`"""

    code = "erc7943_cannot_receive"
    signature = "ERC7943CannotReceive(address)"
    fields = ("account",)
    template = "{account} may not receive: its account is frozen or not verified; ask compliance"

    account: str


class ERC7943CannotSend(SolidityError, family.NotEligible):
    """`ERC7943CannotSend(address account)`"""

    code = "erc7943_cannot_send"
    signature = "ERC7943CannotSend(address)"
    fields = ("account",)
    template = "{account} may not send: its account is frozen; ask compliance"

    account: str


class ERC7943CannotTransfer(SolidityError, family.NotEligible):
    """`ERC7943CannotTransfer(address from, address to, uint256 amount)`"""

    code = "erc7943_cannot_transfer"
    signature = "ERC7943CannotTransfer(address,address,uint256)"
    fields = ("from_", "to", "amount")
    template = (
        "a transfer of {amount} from {from_} to {to} is not allowed between these parties: ask compliance"
    )

    from_: str
    to: str
    amount: int


class ERC7943InsufficientUnfrozenBalance(SolidityError, family.NotEligible):
    """`ERC7943InsufficientUnfrozenBalance(address account, uint256 amount, uint256 unfrozen)`"""

    code = "erc7943_insufficient_unfrozen_balance"
    signature = "ERC7943InsufficientUnfrozenBalance(address,uint256,uint256)"
    fields = ("account", "amount", "unfrozen")
    template = (
        "{account} would send {amount} and only {unfrozen} of its balance is not frozen: send less, "
        "or ask compliance to unfreeze"
    )

    account: str
    amount: int
    unfrozen: int


class EscrowIsProtected(SolidityError, family.Refused):
    """`EscrowIsProtected(address market)`"""

    code = "escrow_is_protected"
    signature = "EscrowIsProtected(address)"
    fields = ("market",)
    template = (
        "{market} is the market and holds its customers' escrow: use the market's own functions "
        "(rejectRedemptions, seizeEscrow, returnUnsolicited)"
    )

    market: str


class EscrowStaysEscrow(SolidityError, family.InvalidInput):
    """`EscrowStaysEscrow()`"""

    code = "escrow_stays_escrow"
    signature = "EscrowStaysEscrow()"
    template = "seized escrow can't stay in the market: name another account"


class FailedCall(SolidityError):
    """`FailedCall()`"""

    code = "failed_call"
    signature = "FailedCall()"
    template = "the inner call failed without a reason: simulate it alone to see why"


class FeedDecimalsMismatch(SolidityError, family.InvalidInput):
    """`FeedDecimalsMismatch(uint8 feedDecimals, uint8 tokenDecimals)`"""

    code = "feed_decimals_mismatch"
    signature = "FeedDecimalsMismatch(uint8,uint8)"
    fields = ("feed_decimals", "token_decimals")
    template = (
        "the feed has {feed_decimals} decimals and the token {token_decimals}: deploy a feed with the"
        " token's decimals"
    )

    feed_decimals: int
    token_decimals: int


class FeedNotConfigured(SolidityError, family.ReserveStale):
    """`FeedNotConfigured()`"""

    code = "feed_not_configured"
    signature = "FeedNotConfigured()"
    template = (
        "the feed has no attestors, threshold or maximum age yet: configure it with setAttestors and "
        "setLimits"
    )


class FeedNotSuspended(SolidityError, family.Refused):
    """`FeedNotSuspended()`"""

    code = "feed_not_suspended"
    signature = "FeedNotSuspended()"
    template = "the feed is not suspended: there is nothing to resume"


class FeedSuspended(SolidityError, family.ReserveStale):
    """`FeedSuspended()`"""

    code = "feed_suspended"
    signature = "FeedSuspended()"
    template = "the feed is suspended: the governor has to resume it first"


class ForcedTransferToSelf(SolidityError, family.InvalidInput):
    """`ForcedTransferToSelf(address account)`"""

    code = "forced_transfer_to_self"
    signature = "ForcedTransferToSelf(address)"
    fields = ("account",)
    template = "a forced transfer from {account} to itself moves nothing: name another recipient"

    account: str


class FreezeMayOnlyRaise(SolidityError, family.Refused):
    """`FreezeMayOnlyRaise(address account, uint256 frozen, uint256 asked)`"""

    code = "freeze_may_only_raise"
    signature = "FreezeMayOnlyRaise(address,uint256,uint256)"
    fields = ("account", "frozen", "asked")
    template = (
        "{account} has {frozen} frozen and {asked} was asked: a guardian only raises the frozen "
        "amount; compliance lowers it with unfreeze, under a case"
    )

    account: str
    frozen: int
    asked: int


class FundingIncomplete(SolidityError, family.Refused):
    """`FundingIncomplete(uint256 received, uint256 total)`"""

    code = "funding_incomplete"
    signature = "FundingIncomplete(uint256,uint256)"
    fields = ("received", "total")
    template = "{received} base units arrived of the {total} that the distribution pays: fund it in full"

    received: int
    total: int


class FundingShortfall(SolidityError, family.Refused):
    """`FundingShortfall(uint256 needed, uint256 available)`"""

    code = "funding_shortfall"
    signature = "FundingShortfall(uint256,uint256)"
    fields = ("needed", "available")
    template = (
        "{needed} base units are needed for redemptions and {available} are there: let the treasurer "
        "fund the rest first"
    )

    needed: int
    available: int


class HolderLimitReached(SolidityError, family.NotEligible):
    """`HolderLimitReached(uint256 maximum)`"""

    code = "holder_limit_reached"
    signature = "HolderLimitReached(uint256)"
    fields = ("maximum",)
    template = "the class has the {maximum} holders that it may have: nobody new can hold it until one leaves"

    maximum: int


class HoldingAboveMaximum(SolidityError, family.NotEligible):
    """`HoldingAboveMaximum(bytes16 investor, uint256 holding, uint256 maximum)`"""

    code = "holding_above_maximum"
    signature = "HoldingAboveMaximum(bytes16,uint256,uint256)"
    fields = ("investor", "holding", "maximum")
    template = (
        "investor {investor} would hold {holding} base units, beyond the {maximum} that one investor "
        "may: ask for less"
    )

    investor: bytes
    holding: int
    maximum: int


class HoldingBelowMinimum(SolidityError, family.NotEligible):
    """`HoldingBelowMinimum(bytes16 investor, uint256 holding, uint256 minimum)`"""

    code = "holding_below_minimum"
    signature = "HoldingBelowMinimum(bytes16,uint256,uint256)"
    fields = ("investor", "holding", "minimum")
    template = (
        "investor {investor} would keep {holding} base units, below the least holding of {minimum}: "
        "transfer all, or less"
    )

    investor: bytes
    holding: int
    minimum: int


class IncompleteStatement(SolidityError, family.InvalidInput):
    """`IncompleteStatement()`"""

    code = "incomplete_statement"
    signature = "IncompleteStatement()"
    template = (
        "a commitment needs a root, at least one client and the address of a token contract: build it"
        " from the sub-ledger"
    )


class IncompleteWallet(SolidityError, family.InvalidInput):
    """`IncompleteWallet(address account)`"""

    code = "incomplete_wallet"
    signature = "IncompleteWallet(address)"
    fields = ("account",)
    template = (
        "the entry of wallet {account} lacks a field: give investor, verified-until, country, class and kind"
    )

    account: str


class InsufficientBalance(SolidityError):
    """`InsufficientBalance(uint256 balance, uint256 needed)`"""

    code = "insufficient_balance"
    signature = "InsufficientBalance(uint256,uint256)"
    fields = ("balance", "needed")
    template = "the contract has {balance} wei and {needed} are needed: send no ether with this call"

    balance: int
    needed: int


class InvalidAccountNonce(SolidityError, family.Refused):
    """`InvalidAccountNonce(address account, uint256 currentNonce)`"""

    code = "invalid_account_nonce"
    signature = "InvalidAccountNonce(address,uint256)"
    fields = ("account", "current_nonce")
    template = "{account} is at nonce {current_nonce}: sign again with that nonce"

    account: str
    current_nonce: int


class InvalidApproval(SolidityError, family.NotAuthorised):
    """`InvalidApproval(address signer)`"""

    code = "invalid_approval"
    signature = "InvalidApproval(address)"
    fields = ("signer",)
    template = (
        "the approval is not {signer}'s signature of exactly these orders on this chain and market: "
        "have it signed again"
    )

    signer: str


class InvalidAttestor(SolidityError, family.InvalidInput):
    """`InvalidAttestor(address attestor)`"""

    code = "invalid_attestor"
    signature = "InvalidAttestor(address)"
    fields = ("attestor",)
    template = "{attestor} cannot be an attestor: give addresses in ascending order, each once and none zero"

    attestor: str


class InvalidCalendar(SolidityError, family.InvalidInput):
    """`InvalidCalendar(uint256 firstDay, uint256 expected)`"""

    code = "invalid_calendar"
    signature = "InvalidCalendar(uint256,uint256)"
    fields = ("first_day", "expected")
    template = (
        "the announcement is empty, or starts at day {first_day} where it may start at the next day "
        "ahead and at day {expected} at the latest: announce without a gap and leave out days whose "
        "cut-off has passed"
    )

    first_day: int
    expected: int


class InvalidCountry(SolidityError, family.InvalidInput):
    """`InvalidCountry(uint16 country)`"""

    code = "invalid_country"
    signature = "InvalidCountry(uint16)"
    fields = ("country",)
    template = "{country} is no ISO 3166-1 numeric code: use 1 to 999"

    country: int


class InvalidCustody(SolidityError, family.InvalidInput):
    """`InvalidCustody(address custody)`"""

    code = "invalid_custody"
    signature = "InvalidCustody(address)"
    fields = ("custody",)
    template = (
        "{custody} can't be the custody account: name the account that holds the fund's cash, not the vault"
    )

    custody: str


class InvalidDistribution(SolidityError, family.InvalidInput):
    """`InvalidDistribution()`"""

    code = "invalid_distribution"
    signature = "InvalidDistribution()"
    template = (
        "the distribution lacks its share, root, report or total, its record date lies ahead or its "
        "deadline does not: correct it"
    )


class InvalidInitialization(SolidityError):
    """`InvalidInitialization()`"""

    code = "invalid_initialization"
    signature = "InvalidInitialization()"
    template = "the contract is initialised already: this call is made once, when it is deployed"


class InvalidMaxAge(SolidityError, family.InvalidInput):
    """`InvalidMaxAge()`"""

    code = "invalid_max_age"
    signature = "InvalidMaxAge()"
    template = "the maximum age is zero: set how many seconds an attestation stays fresh"


class InvalidPeriod(SolidityError, family.InvalidInput):
    """`InvalidPeriod()`"""

    code = "invalid_period"
    signature = "InvalidPeriod()"
    template = "the redemption period is zero: give it in seconds"


class InvalidPolicy(SolidityError, family.InvalidInput):
    """`InvalidPolicy()`"""

    code = "invalid_policy"
    signature = "InvalidPolicy()"
    template = (
        "the policy names a class of investors that there is not, a limit of zero, or a minimum "
        "holding above the maximum: correct it"
    )


class InvalidProof(SolidityError, family.InvalidInput):
    """`InvalidProof(uint256 id, uint256 index)`"""

    code = "invalid_proof"
    signature = "InvalidProof(uint256,uint256)"
    fields = ("id", "index")
    template = (
        "the tree of distribution {id} has no such leaf {index}: take index, account, amount and "
        "proof from the distribution's file"
    )

    id: int
    index: int


class InvalidShortString(SolidityError):
    """`InvalidShortString()`"""

    code = "invalid_short_string"
    signature = "InvalidShortString()"
    template = "a stored name does not decode: the contract's code is damaged, verify the deployment"


class InvalidThreshold(SolidityError, family.InvalidInput):
    """`InvalidThreshold(uint256 threshold, uint256 attestors)`"""

    code = "invalid_threshold"
    signature = "InvalidThreshold(uint256,uint256)"
    fields = ("threshold", "attestors")
    template = (
        "a threshold of {threshold} does not fit {attestors} attestors: set one from 1 to the number "
        "of attestors"
    )

    threshold: int
    attestors: int


class InvalidTiers(SolidityError, family.InvalidInput):
    """`InvalidTiers()`"""

    code = "invalid_tiers"
    signature = "InvalidTiers()"
    template = (
        "the approval tiers are empty, not ascending, or one needs no approval: give ascending totals"
        " with at least one approval each"
    )


class InvestorAccountsAreFixed(SolidityError, family.Refused):
    """`InvestorAccountsAreFixed(uint256 totalSupply)`"""

    code = "investor_accounts_are_fixed"
    signature = "InvestorAccountsAreFixed(uint256)"
    fields = ("total_supply",)
    template = (
        "{total_supply} shares are out already, and their holdings can't be counted from the middle: "
        "whether holdings count by investor is set before the first share"
    )

    total_supply: int


class InvestorAccountsNeeded(SolidityError, family.InvalidInput):
    """`InvestorAccountsNeeded()`"""

    code = "investor_accounts_needed"
    signature = "InvestorAccountsNeeded()"
    template = (
        "limits, lock-up and the number of holders count by investor: set investorAccounts, or leave them out"
    )


class LengthMismatch(SolidityError, family.InvalidInput):
    """`LengthMismatch(uint256 left, uint256 right)`"""

    code = "length_mismatch"
    signature = "LengthMismatch(uint256,uint256)"
    fields = ("left", "right")
    template = "the lists have {left} and {right} entries: give one for each"

    left: int
    right: int


class LockedUp(SolidityError, family.NotEligible):
    """`LockedUp(bytes16 investor, uint256 lockedUntil)`"""

    code = "locked_up"
    signature = "LockedUp(bytes16,uint256)"
    fields = ("investor", "locked_until")
    template = (
        "the shares of investor {investor} are locked up until {locked_until:time}: redeem or "
        "transfer from then on"
    )

    investor: bytes
    locked_until: int


class MarketIsFixed(SolidityError, family.Refused):
    """`MarketIsFixed(address market)`"""

    code = "market_is_fixed"
    signature = "MarketIsFixed(address)"
    fields = ("market",)
    template = (
        "the market is {market} for good: change it by upgrading its code, which keeps order numbers "
        "and requests"
    )

    market: str


class MarketWoundDown(SolidityError, family.Refused):
    """`MarketWoundDown()`"""

    code = "market_wound_down"
    signature = "MarketWoundDown()"
    template = "the market is wound down: it never mints again; redemption goes on"


class MintingIsNotStopped(SolidityError, family.Refused):
    """`MintingIsNotStopped()`"""

    code = "minting_is_not_stopped"
    signature = "MintingIsNotStopped()"
    template = "minting is not stopped: there is nothing to resume"


class MintingIsStopped(SolidityError, family.Refused):
    """`MintingIsStopped()`"""

    code = "minting_is_stopped"
    signature = "MintingIsStopped()"
    template = "minting is stopped: wait until the governor resumes it; redemption goes on"


class NavBeforeCutOff(SolidityError, family.NavStale):
    """`NavBeforeCutOff(uint256 asOf, uint256 cutOff)`"""

    code = "nav_before_cut_off"
    signature = "NavBeforeCutOff(uint256,uint256)"
    fields = ("as_of", "cut_off")
    template = (
        "the net asset value is as of {as_of:time}, before the day's cut-off at {cut_off:time}: "
        "publish one as of the cut-off or later"
    )

    as_of: int
    cut_off: int


class NavDecimalsMismatch(SolidityError, family.InvalidInput):
    """`NavDecimalsMismatch(uint8 feedDecimals, uint8 expected)`"""

    code = "nav_decimals_mismatch"
    signature = "NavDecimalsMismatch(uint8,uint8)"
    fields = ("feed_decimals", "expected")
    template = (
        "the feed has {feed_decimals} decimals and the vault counts in {expected}: deploy a feed with"
        " the vault's decimals"
    )

    feed_decimals: int
    expected: int


class NavStale(SolidityError, family.NavStale):
    """`NavStale(uint256 asOf, uint256 freshUntil)`"""

    code = "nav_stale"
    signature = "NavStale(uint256,uint256)"
    fields = ("as_of", "fresh_until")
    template = (
        "the net asset value can't be dealt at (as of {as_of:time}, fresh until {fresh_until:time}): "
        "publish a newer one, or resume the feed if it is suspended"
    )

    as_of: int
    fresh_until: int


class NavUnusable(SolidityError, family.InvalidInput):
    """`NavUnusable(uint256 nav)`"""

    code = "nav_unusable"
    signature = "NavUnusable(uint256)"
    fields = ("nav",)
    template = (
        "a net asset value of {nav} can't price a day, since it is zero or beyond 80 bits: publish a "
        "corrected one"
    )

    nav: int


class NoDealingDay(SolidityError, family.Refused):
    """`NoDealingDay(uint256 lastDay)`"""

    code = "no_dealing_day"
    signature = "NoDealingDay(uint256)"
    fields = ("last_day",)
    template = (
        "no dealing day is announced after day {last_day}: the dealing manager announces the next "
        "ones, then request again"
    )

    last_day: int


class NoDust(SolidityError, family.Refused):
    """`NoDust(uint256 day)`"""

    code = "no_dust"
    signature = "NoDust(uint256)"
    fields = ("day",)
    template = (
        "day {day} has no rounding to sweep: it is not settled, not all of it is claimed, or it came out even"
    )

    day: int


class NoRound(SolidityError, family.InvalidInput):
    """`NoRound(uint80 round)`"""

    code = "no_round"
    signature = "NoRound(uint80)"
    fields = ("round",)
    template = "the feed has no round {round}: ask for one from 1 to latestRound()"

    round: int


class NotAContract(SolidityError, family.InvalidInput):
    """`NotAContract(address account)`"""

    code = "not_a_contract"
    signature = "NotAContract(address)"
    fields = ("account",)
    template = "there is no contract at {account}: check the address and the chain"

    account: str


class NotApprover(SolidityError, family.NotAuthorised):
    """`NotApprover(address account)`"""

    code = "not_approver"
    signature = "NotApprover(address)"
    fields = ("account",)
    template = "{account} is not an approver without delay: have an approver sign instead"

    account: str


class NotAttestor(SolidityError, family.InvalidInput):
    """`NotAttestor(address account)`"""

    code = "not_attestor"
    signature = "NotAttestor(address)"
    fields = ("account",)
    template = "{account} is not an attestor of the feed: list them with attestors()"

    account: str


class NotConfigured(SolidityError, family.Refused):
    """`NotConfigured()`"""

    code = "not_configured"
    signature = "NotConfigured()"
    template = (
        "the vault has no terms, feed or custody account yet: run `issuance deploy apply` with the "
        "fund's terms"
    )


class NotEnoughApprovals(SolidityError, family.NotAuthorised):
    """`NotEnoughApprovals(uint256 given, uint256 required)`"""

    code = "not_enough_approvals"
    signature = "NotEnoughApprovals(uint256,uint256)"
    fields = ("given", "required")
    template = (
        "{given} approvals were given and {required} are required for this total: gather the missing ones"
    )

    given: int
    required: int


class NotEnoughSignatures(SolidityError, family.NotAuthorised):
    """`NotEnoughSignatures(uint256 valid, uint256 required)`"""

    code = "not_enough_signatures"
    signature = "NotEnoughSignatures(uint256,uint256)"
    fields = ("valid", "required")
    template = (
        "{valid} valid signatures of attestors were given and {required} are required: gather the "
        "missing ones; signatures of strangers, for another chain or for another feed don't count"
    )

    valid: int
    required: int


class NotInQuarantine(SolidityError, family.InvalidInput):
    """`NotInQuarantine(address controller, uint256 assets, uint256 shares)`"""

    code = "not_in_quarantine"
    signature = "NotInQuarantine(address,uint256,uint256)"
    fields = ("controller", "assets", "shares")
    template = (
        "the quarantine does not hold {assets} base units of the coin and {shares} of the share for "
        "{controller}: look at what it holds"
    )

    controller: str
    assets: int
    shares: int


class NotInitializing(SolidityError):
    """`NotInitializing()`"""

    code = "not_initializing"
    signature = "NotInitializing()"
    template = "this function runs during initialisation only: it cannot be called now"


class NotOmnibus(SolidityError, family.NotEligible):
    """`NotOmnibus(address wallet, uint8 kind)`"""

    code = "not_omnibus"
    signature = "NotOmnibus(address,uint8)"
    fields = ("wallet", "kind")
    template = (
        "wallet {wallet} is registered as kind {kind}, not as an omnibus wallet (4): prove and "
        "register it as one first"
    )

    wallet: str
    kind: int


class NotOperator(SolidityError, family.NotAuthorised):
    """`NotOperator(address account, address caller)`"""

    code = "not_operator"
    signature = "NotOperator(address,address)"
    fields = ("account", "caller")
    template = (
        "{caller} is neither {account} nor its operator: send from the account itself, or let it name"
        " the operator"
    )

    account: str
    caller: str


class NotRedemptionHolder(SolidityError, family.NotAuthorised):
    """`NotRedemptionHolder(uint256 id, address caller, address holder)`"""

    code = "not_redemption_holder"
    signature = "NotRedemptionHolder(uint256,address,address)"
    fields = ("id", "caller", "holder")
    template = "{caller} may not cancel redemption {id}: only its holder {holder} may"

    id: int
    caller: str
    holder: str


class NotSameInvestor(SolidityError, family.NotEligible):
    """`NotSameInvestor(address account, address other)`"""

    code = "not_same_investor"
    signature = "NotSameInvestor(address,address)"
    fields = ("account", "other")
    template = (
        "{account} and {other} are not wallets of one verified investor: use the investor's own wallets"
    )

    account: str
    other: str


class NothingPending(SolidityError, family.Refused):
    """`NothingPending(address controller, uint256 day)`"""

    code = "nothing_pending"
    signature = "NothingPending(address,uint256)"
    fields = ("controller", "day")
    template = "{controller} has nothing of day {day} that waits or can be claimed back: look at its requests"

    controller: str
    day: int


class NothingSetAside(SolidityError, family.Refused):
    """`NothingSetAside(uint256 id, address account)`"""

    code = "nothing_set_aside"
    signature = "NothingSetAside(uint256,address)"
    fields = ("id", "account")
    template = "distribution {id} has nothing set aside for {account}: claim its leaf first"

    id: int
    account: str


class OperatorLimitExceeded(SolidityError, family.Refused):
    """`OperatorLimitExceeded(address operator, uint256 available, uint256 asked)`"""

    code = "operator_limit_exceeded"
    signature = "OperatorLimitExceeded(address,uint256,uint256)"
    fields = ("operator", "available", "asked")
    template = (
        "{operator} asked for {asked} base units and its rolling limit has {available} left: wait "
        "until it refills, send less, or have the governor raise it"
    )

    operator: str
    available: int
    asked: int


class OrderAboveCap(SolidityError, family.Refused):
    """`OrderAboveCap(uint256 number, uint256 amount, uint256 cap)`"""

    code = "order_above_cap"
    signature = "OrderAboveCap(uint256,uint256,uint256)"
    fields = ("number", "amount", "cap")
    template = (
        "order {number} of {amount} base units is above the cap of {cap} per order: split it, or have"
        " the governor raise the cap"
    )

    number: int
    amount: int
    cap: int


class OrderAlreadyExecuted(SolidityError, family.Refused):
    """`OrderAlreadyExecuted(uint256 number)`"""

    code = "order_already_executed"
    signature = "OrderAlreadyExecuted(uint256)"
    fields = ("number",)
    template = (
        "order {number} was executed before: never send it again; find the first execution by its "
        "OrderExecuted event"
    )

    number: int


class OrderEmpty(SolidityError, family.InvalidInput):
    """`OrderEmpty(uint256 number)`"""

    code = "order_empty"
    signature = "OrderEmpty(uint256)"
    fields = ("number",)
    template = "order {number} has no amount: give more than zero"

    number: int


class OrderExpired(SolidityError, family.Refused):
    """`OrderExpired(uint256 number, uint256 expiry)`"""

    code = "order_expired"
    signature = "OrderExpired(uint256,uint256)"
    fields = ("number", "expiry")
    template = "order {number} expired at {expiry:time}: have it approved again with a later expiry"

    number: int
    expiry: int


class OwnRevocation(SolidityError, family.NotAuthorised):
    """`OwnRevocation(address guardian)`"""

    code = "own_revocation"
    signature = "OwnRevocation(address)"
    fields = ("guardian",)
    template = "{guardian} can't cancel its own revocation: another guardian may, if it is wrong"

    guardian: str


class PaymentReferenceMissing(SolidityError, family.InvalidInput):
    """`PaymentReferenceMissing(uint256 id)`"""

    code = "payment_reference_missing"
    signature = "PaymentReferenceMissing(uint256)"
    fields = ("id",)
    template = "the payout of redemption {id} has no payment reference: give the bank's"

    id: int


class PreviewUnavailable(SolidityError, family.Refused):
    """`PreviewUnavailable()`"""

    code = "preview_unavailable"
    signature = "PreviewUnavailable()"
    template = (
        "requests are priced at the next net asset value, so nothing can be previewed: read what is "
        "claimable once the day is settled"
    )


class ReasonMissing(SolidityError, family.InvalidInput):
    """`ReasonMissing()`"""

    code = "reason_missing"
    signature = "ReasonMissing()"
    template = "a suspension names its reason: give the hash of the document"


class RedemptionBelowMinimum(SolidityError, family.Refused):
    """`RedemptionBelowMinimum(uint256 shares, uint256 minimum)`"""

    code = "redemption_below_minimum"
    signature = "RedemptionBelowMinimum(uint256,uint256)"
    fields = ("shares", "minimum")
    template = (
        "{shares} base units are below the least redemption of {minimum} and are not all that is "
        "free: redeem more, or all"
    )

    shares: int
    minimum: int


class RedemptionEmpty(SolidityError, family.InvalidInput):
    """`RedemptionEmpty()`"""

    code = "redemption_empty"
    signature = "RedemptionEmpty()"
    template = "the redemption has no amount: redeem more than zero"


class RedemptionHolderFrozen(SolidityError, family.NotEligible):
    """`RedemptionHolderFrozen(uint256 id, address holder)`"""

    code = "redemption_holder_frozen"
    signature = "RedemptionHolderFrozen(uint256,address)"
    fields = ("id", "holder")
    template = (
        "the holder {holder} of redemption {id} is frozen: its escrow stays until compliance "
        "unfreezes or seizes it"
    )

    id: int
    holder: str


class RedemptionHolderNotFrozen(SolidityError, family.Refused):
    """`RedemptionHolderNotFrozen(uint256 id, address holder)`"""

    code = "redemption_holder_not_frozen"
    signature = "RedemptionHolderNotFrozen(uint256,address)"
    fields = ("id", "holder")
    template = (
        "the holder {holder} of redemption {id} is not frozen, nor is the whole amount frozen beyond "
        "what it still holds: escrow is seized from frozen holders only"
    )

    id: int
    holder: str


class RedemptionInStatus(SolidityError, family.Refused):
    """`RedemptionInStatus(uint256 id, uint8 status, uint8 required)`"""

    code = "redemption_in_status"
    signature = "RedemptionInStatus(uint256,uint8,uint8)"
    fields = ("id", "status", "required")
    template = (
        "redemption {id} is {status:status} and would have to be {required:status}: read its status "
        "before acting on it; a payout is recorded once"
    )

    id: int
    status: int
    required: int


class ReleaseNotProposed(SolidityError, family.NotAuthorised):
    """`ReleaseNotProposed(address controller, bytes32 caseId)`"""

    code = "release_not_proposed"
    signature = "ReleaseNotProposed(address,bytes32)"
    fields = ("controller", "case_id")
    template = (
        "nobody proposed exactly this release for {controller} (case {case_id}): let compliance "
        "propose it first"
    )

    controller: str
    case_id: bytes


class ReportAlreadyDistributed(SolidityError, family.Refused):
    """`ReportAlreadyDistributed(bytes32 report, uint256 id)`"""

    code = "report_already_distributed"
    signature = "ReportAlreadyDistributed(bytes32,uint256)"
    fields = ("report", "id")
    template = "report {report} was distributed before, as distribution {id}: a report is distributed once"

    report: bytes
    id: int


class ReportMissing(SolidityError, family.InvalidInput):
    """`ReportMissing()`"""

    code = "report_missing"
    signature = "ReportMissing()"
    template = "the report's hash is zero: attest the hash of the canonical report"


class RequestEmpty(SolidityError, family.InvalidInput):
    """`RequestEmpty()`"""

    code = "request_empty"
    signature = "RequestEmpty()"
    template = "the request is for nothing: give an amount above zero"


class ReserveStale(SolidityError, family.ReserveStale):
    """`ReserveStale(uint256 asOf, uint256 freshUntil)`"""

    code = "reserve_stale"
    signature = "ReserveStale(uint256,uint256)"
    fields = ("as_of", "fresh_until")
    template = (
        "the reserve attestation does not allow minting (as of {as_of:time}, fresh until "
        "{fresh_until:time}): publish a newer attestation, or resume the feed if it is suspended; "
        "redemption goes on meanwhile"
    )

    as_of: int
    fresh_until: int


class SafeCastOverflowedUintDowncast(SolidityError, family.InvalidInput):
    """`SafeCastOverflowedUintDowncast(uint8 bits, uint256 value)`"""

    code = "safe_cast_overflowed_uint_downcast"
    signature = "SafeCastOverflowedUintDowncast(uint8,uint256)"
    fields = ("bits", "value")
    template = "{value} does not fit in {bits} bits: correct the amount or the time"

    bits: int
    value: int


class SafeERC20FailedOperation(SolidityError, family.Refused):
    """`SafeERC20FailedOperation(address token)`"""

    code = "safe_erc20_failed_operation"
    signature = "SafeERC20FailedOperation(address)"
    fields = ("token",)
    template = "{token} did not make the transfer: look at its pause, freezes and allowances"

    token: str


class SameHand(SolidityError, family.NotAuthorised):
    """`SameHand(address account)`"""

    code = "same_hand"
    signature = "SameHand(address)"
    fields = ("account",)
    template = "{account} proposed the release itself: another account confirms it"

    account: str


class SignersNotSorted(SolidityError, family.InvalidInput):
    """`SignersNotSorted(address previous, address current)`"""

    code = "signers_not_sorted"
    signature = "SignersNotSorted(address,address)"
    fields = ("previous", "current")
    template = (
        "signer {current} follows {previous}: sort the signatures by signer, ascending, each signer once"
    )

    previous: str
    current: str


class SkipsUnknownOrder(SolidityError, family.InvalidInput):
    """`SkipsUnknownOrder(uint256 skipped, uint256 orders)`"""

    code = "skips_unknown_order"
    signature = "SkipsUnknownOrder(uint256,uint256)"
    fields = ("skipped", "orders")
    template = (
        "the mask {skipped} skips more orders than the batch's {orders}: bit i stands for the batch's order i"
    )

    skipped: int
    orders: int


class StringTooLong(SolidityError, family.InvalidInput):
    """`StringTooLong(string str)`"""

    code = "string_too_long"
    signature = "StringTooLong(string)"
    fields = ("str_",)
    template = "{str_!r} is longer than 31 bytes: shorten it"

    str_: str


class StringsInsufficientHexLength(SolidityError):
    """`StringsInsufficientHexLength(uint256 value, uint256 length)`"""

    code = "strings_insufficient_hex_length"
    signature = "StringsInsufficientHexLength(uint256,uint256)"
    fields = ("value", "length")
    template = (
        "{value} has more than {length} bytes: a contract's constructor writes its address wrongly, "
        "check its source"
    )

    value: int
    length: int


class SubscriptionBelowMinimum(SolidityError, family.Refused):
    """`SubscriptionBelowMinimum(uint256 assets, uint256 minimum)`"""

    code = "subscription_below_minimum"
    signature = "SubscriptionBelowMinimum(uint256,uint256)"
    fields = ("assets", "minimum")
    template = "{assets} base units are below the least subscription of {minimum}: subscribe for more"

    assets: int
    minimum: int


class TermOutOfBounds(SolidityError, family.InvalidInput):
    """`TermOutOfBounds(uint256 value, uint256 least, uint256 most)`"""

    code = "term_out_of_bounds"
    signature = "TermOutOfBounds(uint256,uint256,uint256)"
    fields = ("value", "least", "most")
    template = "{value} is not between {least} and {most}, the vault's hard bounds: correct the dealing terms"

    value: int
    least: int
    most: int


class TokenNotPaused(SolidityError, family.Refused):
    """`TokenNotPaused()`"""

    code = "token_not_paused"
    signature = "TokenNotPaused()"
    template = "the token is not paused: there is nothing to resume"


class TokenPaused(SolidityError, family.Refused):
    """`TokenPaused()`"""

    code = "token_paused"
    signature = "TokenPaused()"
    template = (
        "the token is paused: wait until the governor resumes it; redemptions that were requested go on"
    )


class TooManyDecimals(SolidityError, family.InvalidInput):
    """`TooManyDecimals(uint8 decimals)`"""

    code = "too_many_decimals"
    signature = "TooManyDecimals(uint8)"
    fields = ("decimals",)
    template = "{decimals} decimals are more than 18: deploy with at most 18"

    decimals: int


class TooManyUnsettledDays(SolidityError, family.Refused):
    """`TooManyUnsettledDays(address controller, uint256 first, uint256 second)`"""

    code = "too_many_unsettled_days"
    signature = "TooManyUnsettledDays(address,uint256,uint256)"
    fields = ("controller", "first", "second")
    template = (
        "requests of {controller} wait for the price of days {first} and {second}: request again once"
        " day {first} is settled"
    )

    controller: str
    first: int
    second: int


class TotalAboveTiers(SolidityError, family.Refused):
    """`TotalAboveTiers(uint256 total, uint256 highest)`"""

    code = "total_above_tiers"
    signature = "TotalAboveTiers(uint256,uint256)"
    fields = ("total", "highest")
    template = (
        "a total of {total} base units is above the highest approval tier of {highest}: split the "
        "batch, or have the governor add a tier"
    )

    total: int
    highest: int


class TotalIsNotBalance(SolidityError, family.Refused):
    """`TotalIsNotBalance(uint128 total, uint256 balance)`"""

    code = "total_is_not_balance"
    signature = "TotalIsNotBalance(uint128,uint256)"
    fields = ("total", "balance")
    template = (
        "the clients' positions add up to {total} base units and the wallet holds {balance}: find the"
        " difference, then build the commitment again"
    )

    total: int
    balance: int


class TransfersClosed(SolidityError, family.NotEligible):
    """`TransfersClosed(address from, address to)`"""

    code = "transfers_closed"
    signature = "TransfersClosed(address,address)"
    fields = ("from_", "to")
    template = (
        "shares of this class don't pass from {from_} to {to}, another investor: redeem them, and let"
        " the other subscribe"
    )

    from_: str
    to: str


class TreeExceedsFunding(SolidityError, family.Refused):
    """`TreeExceedsFunding(uint256 id, uint256 amount, uint256 unclaimed)`"""

    code = "tree_exceeds_funding"
    signature = "TreeExceedsFunding(uint256,uint256,uint256)"
    fields = ("id", "amount", "unclaimed")
    template = (
        "distribution {id} has {unclaimed} base units left and the leaf asks for {amount}: its tree "
        "adds up to more than was paid in, stop it"
    )

    id: int
    amount: int
    unclaimed: int


class UUPSUnauthorizedCallContext(SolidityError):
    """`UUPSUnauthorizedCallContext()`"""

    code = "uups_unauthorized_call_context"
    signature = "UUPSUnauthorizedCallContext()"
    template = (
        "upgrades go through the proxy: call upgradeToAndCall on the proxy's address, not on the "
        "implementation"
    )


class UUPSUnsupportedProxiableUUID(SolidityError):
    """`UUPSUnsupportedProxiableUUID(bytes32 slot)`"""

    code = "uups_unsupported_proxiable_uuid"
    signature = "UUPSUnsupportedProxiableUUID(bytes32)"
    fields = ("slot",)
    template = "the new implementation names storage slot {slot}: give a UUPS implementation"

    slot: bytes


class UnfreezeMayOnlyLower(SolidityError, family.Refused):
    """`UnfreezeMayOnlyLower(address account, uint256 frozen, uint256 asked)`"""

    code = "unfreeze_may_only_lower"
    signature = "UnfreezeMayOnlyLower(address,uint256,uint256)"
    fields = ("account", "frozen", "asked")
    template = (
        "{account} has {frozen} frozen and {asked} was asked: unfreeze only lowers the frozen amount;"
        " a guardian raises it with setFrozenTokens"
    )

    account: str
    frozen: int
    asked: int


class UnsolicitedExceeded(SolidityError, family.Refused):
    """`UnsolicitedExceeded(uint256 asked, uint256 available)`"""

    code = "unsolicited_exceeded"
    signature = "UnsolicitedExceeded(uint256,uint256)"
    fields = ("asked", "available")
    template = (
        "{asked} base units were to be returned and only {available} arrived without a request: "
        "return at most that"
    )

    asked: int
    available: int


class UnusableMetadata(SolidityError, family.InvalidInput):
    """`UnusableMetadata()`"""

    code = "unusable_metadata"
    signature = "UnusableMetadata()"
    template = (
        "the token's name or symbol is empty, it has more than 18 decimals, or its currency is no "
        "three-letter code: correct the terms"
    )


class ValueTooLarge(SolidityError, family.InvalidInput):
    """`ValueTooLarge(uint256 value)`"""

    code = "value_too_large"
    signature = "ValueTooLarge(uint256)"
    fields = ("value",)
    template = "{value} does not fit in 112 bits: attest base units, and correct the amount"

    value: int


class VaultInUse(SolidityError, family.Refused):
    """`VaultInUse(address vault)`"""

    code = "vault_in_use"
    signature = "VaultInUse(address)"
    fields = ("vault",)
    template = (
        "{vault} takes requests or has some without a price: let its calendar run out and settle its "
        "days first"
    )

    vault: str


class VaultMismatch(SolidityError, family.InvalidInput):
    """`VaultMismatch(address vault, address asset)`"""

    code = "vault_mismatch"
    signature = "VaultMismatch(address,address)"
    fields = ("vault", "asset")
    template = (
        "{vault} does not deal in this share against {asset}: name the vault that was deployed for both"
    )

    vault: str
    asset: str


class WalletBelongsToAnother(SolidityError, family.Refused):
    """`WalletBelongsToAnother(address account, bytes16 investor, bytes16 asked)`"""

    code = "wallet_belongs_to_another"
    signature = "WalletBelongsToAnother(address,bytes16,bytes16)"
    fields = ("account", "investor", "asked")
    template = (
        "wallet {account} belongs to investor {investor}, not {asked}: remove it from the registry first"
    )

    account: str
    investor: bytes
    asked: bytes


class WalletNotRegistered(SolidityError, family.InvalidInput):
    """`WalletNotRegistered(address account)`"""

    code = "wallet_not_registered"
    signature = "WalletNotRegistered(address)"
    fields = ("account",)
    template = "wallet {account} is not registered: there is nothing to remove"

    account: str


class WalletNotVerified(SolidityError, family.NotEligible):
    """`WalletNotVerified(address account, uint256 verifiedUntil)`"""

    code = "wallet_not_verified"
    signature = "WalletNotVerified(address,uint256)"
    fields = ("account", "verified_until")
    template = (
        "wallet {account} is not verified (verified until {verified_until:time}): verify its owner "
        "and register it again"
    )

    account: str
    verified_until: int


ALL: tuple[type[SolidityError], ...] = (
    AccessManagedInvalidAuthority,
    AccessManagedRequiredDelay,
    AccessManagedUnauthorized,
    AccessManagerAlreadyScheduled,
    AccessManagerBadConfirmation,
    AccessManagerExpired,
    AccessManagerInvalidInitialAdmin,
    AccessManagerLockedFunction,
    AccessManagerLockedRole,
    AccessManagerNotReady,
    AccessManagerNotScheduled,
    AccessManagerUnauthorizedAccount,
    AccessManagerUnauthorizedCall,
    AccessManagerUnauthorizedCancel,
    AccessManagerUnauthorizedConsume,
    ActorUnknown,
    AddressEmptyCode,
    AdministratorIsProtected,
    AlreadyClaimed,
    ApproverIsSender,
    ApproversNotSorted,
    AttestationFromFuture,
    AttestationNotNewer,
    AuthorityHasNoCode,
    AuthorityIsFixed,
    BackingExceeded,
    BatchEmpty,
    BlockNotOfThisChain,
    BufferTooLarge,
    CallerIsNotMarket,
    CallerIsNotVault,
    CancellationUnclaimed,
    CaseIdMissing,
    CaseIdRequired,
    CheckpointUnorderedInsertion,
    ClaimExceeded,
    ClassNotAdmitted,
    CountryNotAdmitted,
    CutOffNotLater,
    CutOffNotReached,
    CutOffPassed,
    DayNotAfter,
    DayNotClosed,
    DayNotReached,
    DayOutOfOrder,
    DeadlineNotReached,
    DealingIsSuspended,
    DealingNotSuspended,
    DealtInFuture,
    DischargeExceedsBurned,
    DistributionInStatus,
    DistributionIsNotStopped,
    DistributionIsStopped,
    ERC1643InvalidName,
    ERC1643MissingDocument,
    ERC1967InvalidImplementation,
    ERC1967NonPayable,
    ERC1967ProxyUninitialized,
    ERC20InsufficientAllowance,
    ERC20InsufficientBalance,
    ERC20InvalidApprover,
    ERC20InvalidReceiver,
    ERC20InvalidSender,
    ERC20InvalidSpender,
    ERC2612ExpiredSignature,
    ERC2612InvalidSigner,
    ERC3009AlreadyUsed,
    ERC3009CallerIsNotPayee,
    ERC3009Expired,
    ERC3009InvalidSignature,
    ERC3009NotYetValid,
    ERC7943CannotReceive,
    ERC7943CannotSend,
    ERC7943CannotTransfer,
    ERC7943InsufficientUnfrozenBalance,
    EscrowIsProtected,
    EscrowStaysEscrow,
    FailedCall,
    FeedDecimalsMismatch,
    FeedNotConfigured,
    FeedNotSuspended,
    FeedSuspended,
    ForcedTransferToSelf,
    FreezeMayOnlyRaise,
    FundingIncomplete,
    FundingShortfall,
    HolderLimitReached,
    HoldingAboveMaximum,
    HoldingBelowMinimum,
    IncompleteStatement,
    IncompleteWallet,
    InsufficientBalance,
    InvalidAccountNonce,
    InvalidApproval,
    InvalidAttestor,
    InvalidCalendar,
    InvalidCountry,
    InvalidCustody,
    InvalidDistribution,
    InvalidInitialization,
    InvalidMaxAge,
    InvalidPeriod,
    InvalidPolicy,
    InvalidProof,
    InvalidShortString,
    InvalidThreshold,
    InvalidTiers,
    InvestorAccountsAreFixed,
    InvestorAccountsNeeded,
    LengthMismatch,
    LockedUp,
    MarketIsFixed,
    MarketWoundDown,
    MintingIsNotStopped,
    MintingIsStopped,
    NavBeforeCutOff,
    NavDecimalsMismatch,
    NavStale,
    NavUnusable,
    NoDealingDay,
    NoDust,
    NoRound,
    NotAContract,
    NotApprover,
    NotAttestor,
    NotConfigured,
    NotEnoughApprovals,
    NotEnoughSignatures,
    NotInQuarantine,
    NotInitializing,
    NotOmnibus,
    NotOperator,
    NotRedemptionHolder,
    NotSameInvestor,
    NothingPending,
    NothingSetAside,
    OperatorLimitExceeded,
    OrderAboveCap,
    OrderAlreadyExecuted,
    OrderEmpty,
    OrderExpired,
    OwnRevocation,
    PaymentReferenceMissing,
    PreviewUnavailable,
    ReasonMissing,
    RedemptionBelowMinimum,
    RedemptionEmpty,
    RedemptionHolderFrozen,
    RedemptionHolderNotFrozen,
    RedemptionInStatus,
    ReleaseNotProposed,
    ReportAlreadyDistributed,
    ReportMissing,
    RequestEmpty,
    ReserveStale,
    SafeCastOverflowedUintDowncast,
    SafeERC20FailedOperation,
    SameHand,
    SignersNotSorted,
    SkipsUnknownOrder,
    StringTooLong,
    StringsInsufficientHexLength,
    SubscriptionBelowMinimum,
    TermOutOfBounds,
    TokenNotPaused,
    TokenPaused,
    TooManyDecimals,
    TooManyUnsettledDays,
    TotalAboveTiers,
    TotalIsNotBalance,
    TransfersClosed,
    TreeExceedsFunding,
    UUPSUnauthorizedCallContext,
    UUPSUnsupportedProxiableUUID,
    UnfreezeMayOnlyLower,
    UnsolicitedExceeded,
    UnusableMetadata,
    ValueTooLarge,
    VaultInUse,
    VaultMismatch,
    WalletBelongsToAnother,
    WalletNotRegistered,
    WalletNotVerified,
)
"""Every class of this module, sorted by name."""


@cache
def registry() -> RevertRegistry:
    """What a `Client` is given to decode reverts: these classes, and one made from the ABI for each error
    of a library that no packaged contract declares.
    """
    return RevertRegistry(ALL, [artifacts.all_errors()])
