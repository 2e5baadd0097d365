// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "./IERC7540.sol";
import {IERC7575} from "./IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "./IERC7887.sol";

/// @notice On what terms a vault deals. Basis points are ten-thousandths.
/// @param entryFeeBps Of what is subscribed; stays in the fund.
/// @param exitFeeBps Of what is redeemed; stays in the fund.
/// @param swingBps By how much the price swings against the side that moves the fund.
/// @param swingThresholdBps Net flow, of the class's net asset value, above which it swings.
/// @param gateBps Most that a day redeems, of the class's shares; 10,000 for no gate.
/// @param overdueAfter Seconds after a cut-off from when a request that still has no price may be cancelled again: 1 to 90
/// days, counted in hours, rounded up.
/// @param minSubscription Least that a request may subscribe, in the asset's base units.
/// @param minRedemption Least that a request may redeem, in base units of the share, unless it is all that is free.
struct DealingTerms {
    uint16 entryFeeBps;
    uint16 exitFeeBps;
    uint16 swingBps;
    uint16 swingThresholdBps;
    uint16 gateBps;
    uint32 overdueAfter;
    uint96 minSubscription;
    uint96 minRedemption;
}

/// @notice A dealing day.
/// @param cutOff Unix time; a request at that very second belongs to the next day.
/// @param navAsOf Instant of the net asset value it was settled at; 0 until then.
/// @param nav Net asset value of one share, in the feed's decimals; 0 until settled.
/// @param entryFeeBps The terms as of the day's close, like all that follows; 0 until then.
/// @param overdueHours `overdueAfter`, in hours.
struct Day {
    uint40 cutOff;
    uint40 navAsOf;
    uint80 nav;
    uint16 entryFeeBps;
    uint16 exitFeeBps;
    uint16 swingBps;
    uint16 swingThresholdBps;
    uint16 gateBps;
    uint16 overdueHours;
}

/// @notice One side of a dealing day: its subscriptions or its redemptions.
/// @param amount Until the day is settled what is requested (assets, shares); from then on what is left to be claimed
/// (shares, assets).
/// @param positions How many requests have not been claimed. When there are none any more, `amount` is dust.
/// @param price What one share costs or brings, in the feed's decimals; 0 until settled.
/// @param feeBps The fee on it.
/// @param term Of subscriptions when they were settled (Unix time), from where lock-ups run; of redemptions the part that
/// the gate let through, in 10^12ths.
struct Book {
    uint96 amount;
    uint24 positions;
    uint80 price;
    uint16 feeBps;
    uint40 term;
}

/// @notice How a day was settled. Assets and shares in base units, prices in the feed's decimals.
/// @param nav Net asset value of one share.
/// @param navAsOf The instant it held.
/// @param assetsIn Subscribed.
/// @param sharesOut Issued for it.
/// @param sharesIn Redeemed.
/// @param assetsOut Owed for it.
/// @param sharesCarried Requested, stopped by the gate, and waiting for the next day.
struct Settlement {
    uint256 nav;
    uint256 navAsOf;
    uint256 subscriptionPrice;
    uint256 redemptionPrice;
    uint256 assetsIn;
    uint256 sharesOut;
    uint256 sharesIn;
    uint256 assetsOut;
    uint256 sharesCarried;
}

/// @notice What is to leave the quarantine, by two hands.
/// @param controller Whose it is.
/// @param to Who gets it: a verified wallet.
/// @param assets Base units of the asset.
/// @param shares Base units of the share.
/// @param redeem The shares are redeemed for the controller at the next price, instead of going to `to`: for an investor
/// who may not hold them any more. If he cancels that, they go back to quarantine.
/// @param caseId The case it happens under.
struct Release {
    address controller;
    address to;
    uint96 assets;
    uint96 shares;
    bool redeem;
    bytes32 caseId;
}

/// @title IFundVaultTypes
/// @notice What a fund vault says and refuses.
interface IFundVaultTypes {
    event DaysAnnounced(uint256 indexed firstDay, uint40[] cutOffs, address indexed actor);
    event DayClosed(uint256 indexed day, uint256 assets, uint256 shares, address indexed actor);
    event DaySettled(uint256 indexed day, address indexed actor, Settlement settlement);
    event DealingSuspended(bytes32 indexed reason, address indexed actor);
    event DealingResumed(address indexed actor);
    event TermsChanged(DealingTerms terms, address indexed actor);
    event NavFeedChanged(address indexed feed, address indexed actor);
    event CustodyChanged(address indexed custody, address indexed actor);
    event RedemptionsFunded(address indexed actor, uint256 assets);
    event FundingReturned(address indexed actor, uint256 assets);

    /// @notice Rounding that nobody can claim any more went back to the fund.
    event DustSwept(uint256 indexed day, uint256 assets, uint256 shares, address indexed actor);

    /// @notice What settled days brought was set aside for the controller, unclaimed, up to and including `day`.
    event ClaimKept(address indexed controller, uint256 indexed day, uint256 requested, uint256 due);

    /// @notice What was due or cancelled could not be given to the controller and is kept apart, instead of the event of its
    /// delivery.
    event Quarantined(address indexed controller, uint256 assets, uint256 shares, address indexed actor);
    event ReleaseProposed(bytes32 indexed caseId, address indexed controller, address indexed actor);
    event ReleaseRetracted(bytes32 indexed caseId, address indexed controller, address indexed actor);
    event Released(
        bytes32 indexed caseId,
        address indexed controller,
        address indexed actor,
        address to,
        uint256 assets,
        uint256 shares,
        bool redeem
    );

    /// @notice An address without code where a contract is needed.
    error NotAContract(address account);

    /// @notice Terms, feed and custody have to be set first.
    error NotConfigured();

    /// @notice A term is beyond its hard cap, or zero where that can't be.
    error TermOutOfBounds(uint256 value, uint256 least, uint256 most);

    /// @notice The feed counts in other decimals than the vault.
    error NavDecimalsMismatch(uint8 feedDecimals, uint8 expected);

    /// @notice The vault can't be its own custody account, nor nobody.
    error InvalidCustody(address custody);

    /// @notice No dealing day is announced for now.
    error NoDealingDay(uint256 lastDay);

    /// @notice The list is empty, or starts where the calendar has a gap or a day whose cut-off has passed.
    error InvalidCalendar(uint256 firstDay, uint256 expected);

    /// @notice Cut-offs ascend and lie ahead.
    error CutOffNotLater(uint256 cutOff, uint256 previous);

    /// @notice Days close in order, each once.
    error DayOutOfOrder(uint256 day, uint256 expected);

    /// @notice The day's cut-off has not come.
    error CutOffNotReached(uint256 day, uint256 cutOff);

    /// @notice The day's cut-off has passed: the request stands until it is priced, or overdue.
    error CutOffPassed(uint256 day, uint256 cutOff);

    error DayNotClosed(uint256 day);
    error DealingIsSuspended(bytes32 reason);
    error DealingNotSuspended();
    error ReasonMissing();

    /// @notice The net asset value is missing, suspended or older than its feed allows.
    error NavStale(uint256 asOf, uint256 freshUntil);

    /// @notice Forward pricing: the value has to hold as of the day's cut-off or later.
    error NavBeforeCutOff(uint256 asOf, uint256 cutOff);

    /// @notice Zero, so small that a swing makes it zero, or more than 80 bits.
    error NavUnusable(uint256 nav);

    /// @notice The treasury has to fund the day's net redemptions first.
    error FundingShortfall(uint256 needed, uint256 available);

    error SubscriptionBelowMinimum(uint256 assets, uint256 minimum);

    /// @notice Below the minimum, and not all that is free.
    error RedemptionBelowMinimum(uint256 shares, uint256 minimum);

    error RequestEmpty();

    /// @notice Neither the account itself nor its operator.
    error NotOperator(address account, address caller);

    /// @notice Owner, controller and receiver have to be wallets of one investor.
    error NotSameInvestor(address account, address other);

    /// @notice Two days of the controller wait for their price; a third can't be requested before the first has it.
    error TooManyUnsettledDays(address controller, uint256 first, uint256 second);

    /// @notice A cancelled request has to be claimed before the next request.
    error CancellationUnclaimed(address controller, uint256 day);

    /// @notice The controller has no such request that waits for its price, or no such cancellation to claim.
    error NothingPending(address controller, uint256 day);

    /// @notice More than is claimable.
    error ClaimExceeded(address controller, uint256 asked, uint256 claimable);

    /// @notice Requests are priced later, so nothing can be previewed (ERC-7540).
    error PreviewUnavailable();

    /// @notice There is no dust: the day is not settled, not all of it is claimed, or it came out even.
    error NoDust(uint256 day);

    error CaseIdMissing();

    /// @notice The controller has not that much in quarantine.
    error NotInQuarantine(address controller, uint256 assets, uint256 shares);

    /// @notice Nobody who is in `COMPLIANCE` now proposed exactly this release.
    error ReleaseNotProposed(address controller, bytes32 caseId);

    /// @notice Who proposed a release can't confirm it.
    error SameHand(address account);
}

/// @title IFundDesk
/// @notice What the desk does with a fund vault.
interface IFundDesk is IFundVaultTypes {
    // ------------------------------------------------------------------------------------------------ dealing

    /// @notice Writes the calendar from `firstDay` on. Days of the old calendar after the last one are dropped; a day that
    /// has requests may get another cut-off but is never dropped. Only `DEALING_MANAGER`.
    /// @param firstDay The next day after the calendar's last, or one whose cut-off has not passed.
    /// @param cutOffs Unix times, ascending, all ahead.
    function announceDays(uint256 firstDay, uint40[] calldata cutOffs) external;

    /// @notice Closes the next day, whose cut-off has passed, and fixes the terms it is dealt on. Only `DEALING_MANAGER`.
    function closeDay(uint256 day) external;

    /// @notice Applies the net asset value to the next closed day: issues and redeems all its shares, and settles the
    /// difference with custody. Costs the same for any number of requests. Only `DEALING_MANAGER`.
    function settleDay(uint256 day) external;

    /// @notice Stops requests and settlement, for a reason that is published (keccak-256 of the document). What was
    /// settled can be claimed. Only `GUARDIAN`.
    function suspendDealing(bytes32 reason) external;

    /// @notice Ends a suspension. Only `GOVERNOR`.
    function resumeDealing() external;

    /// @notice Sets the terms for days that are not closed yet. Only `GOVERNOR`.
    function setTerms(DealingTerms calldata terms) external;

    /// @notice Names the feed of the net asset value of one share in the asset's currency. Only `GOVERNOR`.
    function setNavFeed(address feed) external;

    /// @notice Names the account that holds the fund's cash. Only `GOVERNOR`.
    function setCustody(address custody) external;

    /// @notice Brings assets of the caller for net redemptions. Only `TREASURER`.
    function fundRedemptions(uint256 assets) external;

    /// @notice Sends funding that no redemption used to custody. Only `TREASURER`.
    function returnFunding(uint256 assets) external;

    /// @notice Gives a day's rounding back to the fund, once all its requests are claimed: assets to custody, shares
    /// destroyed. Anyone may call it.
    function sweepDust(uint256 day) external;

    // ------------------------------------------------------------------------------------------------- claims

    /// @notice Brings a controller's bookkeeping up to date, at most `MAX_STEPS` days a call. Anyone may call it; nothing
    /// leaves the vault. Needed only by who was gated for more days than that.
    function roll(address controller) external;

    /// @notice Delivers the shares that were settled up to and including `day`. Whose shares are refused has them
    /// quarantined; who has none due as of that day is passed over. Only `DEALING_MANAGER`.
    function pushShares(uint256 day, address[] calldata controllers) external;

    /// @notice Pays what is due for redemptions. Who isn't verified or is frozen has it quarantined; who has nothing due
    /// is passed over. Only `DEALING_MANAGER`.
    function pushAssets(address[] calldata controllers) external;

    /// @notice Hands back what controllers cancelled and have not claimed; to quarantine where that is refused. Only
    /// `DEALING_MANAGER`.
    function pushCancelled(address[] calldata controllers) external;

    /// @notice First hand: proposes to release what is in quarantine. Only `COMPLIANCE`.
    function proposeRelease(Release calldata release) external;

    /// @notice Takes a proposal back. Only `COMPLIANCE`.
    function retractRelease(Release calldata release) external;

    /// @notice Second hand, of another account: confirms exactly what was proposed. Only `TREASURER`.
    function confirmRelease(Release calldata release) external;
}

/// @title IFundVault
/// @notice Subscribes and redeems one share class in one settlement coin at the next net asset value.
/// @dev A request id is a dealing day. All requests of a day have one price, fixed by an attestation as of the day's
/// cut-off or later.
interface IFundVault is
    IFundDesk,
    IERC7540Operator,
    IERC7540Deposit,
    IERC7540Redeem,
    IERC7575,
    IERC7887Deposit,
    IERC7887Redeem
{
    /// @notice The day that a request of now belongs to, and its cut-off. Zero without one.
    function openDay() external view returns (uint256 day, uint256 cutOff);

    /// @notice The last day announced, closed, settled.
    function progress() external view returns (uint256 announced, uint256 closed, uint256 settled);

    /// @notice Whether no day takes requests and none waits for its price. Only then a share lets go of its vault.
    function isIdle() external view returns (bool);

    function dealingDay(uint256 day) external view returns (Day memory);
    function subscriptionBook(uint256 day) external view returns (Book memory);
    function redemptionBook(uint256 day) external view returns (Book memory);
    function dealingTerms() external view returns (DealingTerms memory);

    /// @notice Why dealing is suspended (hash of the document); zero while it is not.
    function suspensionReason() external view returns (bytes32);

    function navFeed() external view returns (address);
    function custody() external view returns (address);

    /// @notice What the treasury has brought and no redemption has used, in the asset's base units.
    function funding() external view returns (uint256);

    function quarantined(address controller) external view returns (uint256 assets, uint256 shares);

    /// @notice Who proposed the release; nobody if it isn't proposed.
    function proposerOf(Release calldata release) external view returns (address);
}
