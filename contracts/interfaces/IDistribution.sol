// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice Where a distribution stands.
enum DistributionStatus {
    None,
    Open,
    Swept,
    Cancelled
}

/// @notice What is distributed to whom, and on whose word.
/// @param share The share class it is paid on.
/// @param recordDate Instant (Unix time) of the register that the amounts were reckoned from; not after now.
/// @param deadline From then on (Unix time) what is unclaimed may be swept.
/// @param total Base units of the coin: the sum of the tree's amounts.
/// @param root Root of the Merkle tree of amounts.
/// @param report Keccak of the canonical report: what was decided, the register and the amounts. One distribution each.
struct DistributionTerms {
    address share;
    uint40 recordDate;
    uint40 deadline;
    uint112 total;
    bytes32 root;
    bytes32 report;
}

/// @notice A distribution as it stands. All amounts are base units of the coin.
/// @param funder Who paid it in, and gets back what is swept or cancelled.
/// @param unclaimed Neither paid, set aside, swept nor cancelled.
/// @param setAside Claimed for accounts that couldn't be paid, and kept for them.
struct DistributionRecord {
    DistributionTerms terms;
    address funder;
    DistributionStatus status;
    bool stopped;
    uint112 unclaimed;
    uint112 setAside;
}

/// @notice One leaf of a distribution's tree with its proof.
/// @param index The leaf's number, from 0: each is claimed once.
struct DistributionClaim {
    uint256 index;
    address account;
    uint256 amount;
    bytes32[] proof;
}

/// @title IDistribution
/// @notice Pays Merkle trees of amounts in one coin: dividends, and the proceeds of a liquidation.
/// @dev Trees are those of OpenZeppelin's `StandardMerkleTree` over `["uint256", "address", "uint256"]` (index, account,
/// amount): a leaf is `keccak256(keccak256(abi.encode(index, account, amount)))`, and pairs are hashed in ascending order.
/// Each distribution is paid in in full when it is created, and never pays out more: none touches another's money.
interface IDistribution {
    event DistributionCreated(
        uint256 indexed id, address indexed share, address indexed actor, DistributionTerms terms
    );
    event DistributionPaid(
        uint256 indexed id, address indexed account, address indexed actor, uint256 index, uint256 amount
    );

    /// @notice The account could not be paid: frozen in the coin, or not verified. The amount is kept for it.
    event DistributionSetAside(
        uint256 indexed id, address indexed account, address indexed actor, uint256 index, uint256 amount
    );

    /// @notice What was kept for `account` was paid to `to`; `caseId` is zero when that is the account itself.
    event DistributionReleased(
        uint256 indexed id,
        address indexed account,
        address indexed actor,
        address to,
        uint256 amount,
        bytes32 caseId
    );
    event DistributionSwept(uint256 indexed id, address indexed actor, address to, uint256 amount);
    event DistributionStopped(uint256 indexed id, address indexed actor);
    event DistributionResumed(uint256 indexed id, address indexed actor);
    event DistributionCancelled(uint256 indexed id, address indexed actor, address to, uint256 amount);

    /// @notice The share has no code; root, report or total is missing; the record date lies ahead; or the deadline does
    /// not.
    error InvalidDistribution();

    /// @notice The report was distributed before, as `id`.
    error ReportAlreadyDistributed(bytes32 report, uint256 id);

    /// @notice The coin did not arrive in full.
    error FundingIncomplete(uint256 received, uint256 total);

    /// @notice There is no such distribution, or it ended: it takes no claims.
    error DistributionInStatus(uint256 id, DistributionStatus status);

    error DistributionIsStopped(uint256 id);
    error DistributionIsNotStopped(uint256 id);
    error AlreadyClaimed(uint256 id, uint256 index);

    /// @notice The tree has no such leaf.
    error InvalidProof(uint256 id, uint256 index);

    /// @notice The tree's amounts add up to more than was paid in.
    error TreeExceedsFunding(uint256 id, uint256 amount, uint256 unclaimed);

    error NothingSetAside(uint256 id, address account);
    error DeadlineNotReached(uint256 id, uint256 deadline);
    error CaseIdMissing();

    /// @notice An address without code where a contract is needed.
    error NotAContract(address account);

    /// @notice Creates a distribution and takes its total from the caller, by allowance. Only `TREASURER`.
    /// @return id From 1.
    function create(DistributionTerms calldata terms) external returns (uint256 id);

    /// @notice Pays a leaf's amount to its account, whoever calls. If the account is frozen or not verified, the amount is
    /// set aside for it instead.
    /// @return paid Whether it was paid rather than set aside.
    function claim(uint256 id, DistributionClaim calldata claim_) external returns (bool paid);

    /// @notice The same for many. Skips leaves that were claimed before, so that nobody holds up a batch by claiming first.
    /// @return paid How many were paid.
    function claimMany(uint256 id, DistributionClaim[] calldata claims) external returns (uint256 paid);

    /// @notice Pays what was set aside for `account` to it, now that it is neither frozen nor unverified. Anybody.
    function release(uint256 id, address account) external;

    /// @notice Pays what was set aside for `account` to another verified wallet, under a case. Only `COMPLIANCE`.
    function releaseTo(uint256 id, address account, address to, bytes32 caseId) external;

    /// @notice Ends a distribution after its deadline: what nobody claimed goes back to who paid it in. What is set aside
    /// stays. Only `TREASURER`.
    function sweep(uint256 id) external;

    /// @notice Stops claims and releases at once. Only `GUARDIAN`.
    function stop(uint256 id) external;

    /// @notice Ends a stop. Only `GOVERNOR`.
    function resume(uint256 id) external;

    /// @notice Ends a stopped distribution for good: all that was not paid out, set aside or not, goes back to who paid it
    /// in. For a wrong tree; the right one is another distribution. Only `GOVERNOR`.
    function cancel(uint256 id) external;

    function distribution(uint256 id) external view returns (DistributionRecord memory);

    /// @notice The distribution with that report; 0 without one.
    function idOf(bytes32 report) external view returns (uint256);

    /// @notice Ids run from 1 to this count.
    function distributionCount() external view returns (uint256);
    function isClaimed(uint256 id, uint256 index) external view returns (bool);

    /// @notice What is kept for `account`, in base units.
    function setAsideFor(uint256 id, address account) external view returns (uint256);

    /// @notice What the distribution still owes, in base units: unclaimed and set aside.
    function owed(uint256 id) external view returns (uint256);

    /// @notice Whether `account` can be paid now: not frozen in the coin, and verified.
    function canBePaid(address account) external view returns (bool);

    function coin() external view returns (address);
    function registry() external view returns (address);
}
