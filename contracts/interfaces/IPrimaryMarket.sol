// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MintBatch, MintOrder, Signature} from "./IssuanceTypes.sol";

/// @notice Where a redemption stands.
enum RedemptionStatus {
    None,
    Requested,
    Accepted,
    Paid,
    Cancelled,
    Rejected,
    Seized
}

/// @notice A holder's request to redeem at par; two storage slots.
struct Redemption {
    address holder;
    uint40 requestedAt;
    RedemptionStatus status;
    uint112 amount;
}

/// @notice How many approvers a total needs.
/// @param upTo Largest total (base units) of the tier.
/// @param approvals How many distinct approvers have to sign; never zero.
struct ApprovalTier {
    uint112 upTo;
    uint8 approvals;
}

/// @title IPrimaryMarket
/// @notice The only way into and out of the stablecoin: approved mint orders in, redemptions at par out.
interface IPrimaryMarket {
    /// @notice An order was executed. Amount and recipient stand in the token's `Transfer`: the n-th `OrderExecuted`
    /// of a batch belongs to the n-th `Transfer` from the zero address that follows it.
    event OrderExecuted(uint256 indexed number, address indexed operator);

    event RedemptionRequested(
        uint256 indexed id,
        address indexed holder,
        bytes32 indexed requestReference,
        uint256 amount,
        address sender
    );
    event RedemptionCancelled(uint256 indexed id, address indexed holder, uint256 amount);
    event RedemptionRejected(
        uint256 indexed id, address indexed actor, address indexed holder, uint256 amount, bytes32 reason
    );
    event RedemptionAccepted(
        uint256 indexed id, address indexed actor, address indexed holder, uint256 amount
    );
    event RedemptionPaid(
        uint256 indexed id, address indexed actor, bytes32 indexed paymentReference, uint256 amount
    );
    event RedemptionSeized(
        uint256 indexed id, address indexed actor, bytes32 indexed caseId, address to, uint256 amount
    );
    event UnsolicitedReturned(
        address indexed to, address indexed actor, bytes32 indexed caseId, uint256 amount
    );

    event MintingStopped(address indexed actor);
    event MintingResumed(address indexed actor);
    event WoundDown(address indexed actor);
    event OrderCapChanged(uint112 cap, address indexed actor);
    event ApprovalTiersChanged(ApprovalTier[] tiers, address indexed actor);
    event OperatorLimitChanged(address indexed operator, uint112 limit, address indexed actor);
    event RedemptionPeriodChanged(uint32 period, address indexed actor);

    /// @notice The mask skips orders that the batch doesn't have.
    error SkipsUnknownOrder(uint256 skipped, uint256 orders);

    /// @notice The order's number was executed before.
    error OrderAlreadyExecuted(uint256 number);

    error OrderExpired(uint256 number, uint256 expiry);
    error OrderEmpty(uint256 number);

    /// @notice The order is larger than the cap per order.
    error OrderAboveCap(uint256 number, uint256 amount, uint256 cap);

    /// @notice The operator's rolling limit has no room for the total.
    error OperatorLimitExceeded(address operator, uint256 available, uint256 asked);

    /// @notice No approval tier reaches the total.
    error TotalAboveTiers(uint256 total, uint256 highest);

    error NotEnoughApprovals(uint256 given, uint256 required);
    error NotApprover(address account);
    error InvalidApproval(address signer);
    error ApproversNotSorted(address previous, address current);

    /// @notice The sender of a batch may not approve it, nor may the access manager send one for somebody unseen.
    error ApproverIsSender(address account);

    /// @notice There is nothing in it to do.
    error BatchEmpty();
    error MintingIsStopped();
    error MintingIsNotStopped();
    error MarketWoundDown();

    error InvalidTiers();
    error InvalidPeriod();

    error RedemptionEmpty();
    error RedemptionInStatus(uint256 id, RedemptionStatus status, RedemptionStatus required);
    error NotRedemptionHolder(uint256 id, address caller, address holder);

    /// @notice The holder was frozen meanwhile, or more of its tokens than it still holds: its escrow stays until
    /// compliance decides.
    error RedemptionHolderFrozen(uint256 id, address holder);

    /// @notice Escrow is seized only if the holder is frozen, or the whole amount is frozen beyond what it still holds.
    error RedemptionHolderNotFrozen(uint256 id, address holder);

    /// @notice Seized escrow has to leave the market.
    error EscrowStaysEscrow();

    error PaymentReferenceMissing(uint256 id);
    error LengthMismatch(uint256 left, uint256 right);
    error CaseIdMissing();

    /// @notice More than what arrived without a request.
    error UnsolicitedExceeded(uint256 asked, uint256 available);

    /// @notice Executes approved batches of orders. Only `OPERATOR`.
    function mint(MintBatch[] calldata batches) external;

    /// @notice Puts the caller's tokens into escrow for redemption at par.
    function requestRedemption(uint256 amount, bytes32 requestReference) external returns (uint256 id);

    /// @notice The same on a holder's signed ERC-3009 `ReceiveWithAuthorization` whose nonce is
    /// `redemptionNonce(requestReference, salt)`. Anyone may send it.
    function requestRedemptionWithAuthorization(
        address holder,
        uint256 amount,
        bytes32 requestReference,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external returns (uint256 id);

    /// @notice Takes a request back until it is accepted. Only its holder.
    function cancelRedemption(uint256 id) external;

    /// @notice Burns the escrow of approved requests, which makes them payable. Only `OPERATOR`.
    function acceptRedemptions(uint256[] calldata ids, Signature[] calldata approvals) external;

    /// @notice Records payouts that the bank has confirmed. Only `TREASURER`.
    function recordPayouts(uint256[] calldata ids, bytes32[] calldata paymentReferences) external;

    /// @notice Returns the escrow of requests that cannot be accepted. Only `OPERATOR`.
    function rejectRedemptions(uint256[] calldata ids, bytes32 reason) external;

    /// @notice Moves the escrow of a frozen holder, under a case. Only `COMPLIANCE`.
    function seizeEscrow(uint256 id, address to, bytes32 caseId) external;

    /// @notice Returns tokens that arrived without a request, under a case. Only `COMPLIANCE`.
    function returnUnsolicited(address to, uint256 amount, bytes32 caseId) external;

    function stopMinting() external;
    function resumeMinting() external;

    /// @notice Ends minting for good. Redemption goes on.
    function windDown() external;

    function setOrderCap(uint112 cap) external;
    function setApprovalTiers(ApprovalTier[] calldata tiers) external;
    function setOperatorLimit(address operator, uint112 limit) external;
    function setRedemptionPeriod(uint32 period) external;

    /// @notice Every rule that would refuse the order now if `operator` sent it alone, as encoded custom errors of
    /// this market, the token and the registry. Approvals are not part of it.
    function explain(MintOrder calldata order, address operator)
        external
        view
        returns (bytes[] memory refusals);

    /// @notice The EIP-712 digest that approvers of a mint batch sign. Its domain's version is the first 14 bytes of the
    /// implementation's address (`eip712Domain()`, ERC-5267): an upgrade makes it another digest.
    function mintDigest(MintOrder[] calldata orders) external view returns (bytes32);

    /// @notice The EIP-712 digest that approvers of an acceptance sign, in the domain of `mintDigest`.
    function acceptanceDigest(uint256[] calldata ids) external view returns (bytes32);

    /// @notice The ERC-3009 nonce that binds an authorization to a redemption reference.
    function redemptionNonce(bytes32 requestReference, bytes32 salt) external view returns (bytes32);

    /// @notice How many approvers a mint batch of this total needs. Reverts above the highest tier.
    function requiredApprovals(uint256 total) external view returns (uint256);

    /// @notice How many approvers an acceptance of this total needs: above the highest tier, as many as that tier.
    function requiredAcceptanceApprovals(uint256 total) external view returns (uint256);

    function isExecuted(uint256 number) external view returns (bool);
    function redemption(uint256 id) external view returns (Redemption memory);
    function redemptionCount() external view returns (uint256);

    /// @notice Sum of the escrow of open requests, and what the market holds beyond it.
    function escrowed() external view returns (uint256);
    function unsolicited() external view returns (uint256);

    /// @notice How many requests among `fromId` to `toId` (inclusive) are unpaid beyond the redemption period.
    function countOverdue(uint256 fromId, uint256 toId) external view returns (uint256 overdue);

    /// @notice An operator's rolling limit, and how much of it is free now.
    function operatorLimit(address operator) external view returns (uint256 limit, uint256 available);

    function orderCap() external view returns (uint256);
    function approvalTiers() external view returns (ApprovalTier[] memory);
    function redemptionPeriod() external view returns (uint32);
    function mintingStopped() external view returns (bool);
    function woundDown() external view returns (bool);
    function token() external view returns (address);
    function registry() external view returns (address);
}
