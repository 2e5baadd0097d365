// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAttestedFeed} from "../interfaces/IAttestedFeed.sol";
import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "../interfaces/IERC7540.sol";
import {IERC7575} from "../interfaces/IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../interfaces/IERC7887.sol";
import {Book, Day, DealingTerms, IFundDesk, IFundVault, Release} from "../interfaces/IFundVault.sol";
import {Claims} from "./fund/Claims.sol";
import {FundDesk} from "./fund/FundDesk.sol";
import {Pricing} from "./fund/Pricing.sol";
import {Requests} from "./fund/Requests.sol";
import {VaultStorage} from "./fund/VaultStorage.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title FundVault
/// @notice Subscribes and redeems one share class in one settlement coin at the next net asset value: ERC-7540 with the
/// dealing day as request id, the vault's side of ERC-7575, and ERC-7887.
/// @dev `Positions` has what each controller asked for and has coming, `Requests` and `Claims` what investors do, `Pricing`
/// the arithmetic. What the desk does stands in `FundDesk`, which works on this contract's storage: `Calendar`,
/// `Settlements`, `Pushes`, `Quarantine`.
contract FundVault is IERC165, UUPSUpgradeable, Requests, Claims {
    using Address for address;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    address private immutable DESK;

    /// @param navDecimals The decimals of the feeds of net asset value.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_, address share_, address asset_, uint8 navDecimals)
        VaultStorage(authority_, share_, asset_, navDecimals)
    {
        DESK = address(new FundDesk(authority_, share_, asset_, navDecimals));
        _disableInitializers();
    }

    /// @notice Initialises the proxy. Terms, feed and custody are set by `GOVERNOR`; until then no day can be announced,
    /// and without a day nothing can be requested.
    function initialize() external initializer {}

    // ------------------------------------------------------------------------------------------------ the desk

    /// @inheritdoc IFundDesk
    function announceDays(uint256, uint40[] calldata) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function closeDay(uint256) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function settleDay(uint256) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function suspendDealing(bytes32) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function resumeDealing() external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function setTerms(DealingTerms calldata) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function setNavFeed(address) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function setCustody(address) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function fundRedemptions(uint256) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function returnFunding(uint256) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function sweepDust(uint256) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function roll(address) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function pushShares(uint256, address[] calldata) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function pushAssets(address[] calldata) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function pushCancelled(address[] calldata) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function proposeRelease(Release calldata) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function retractRelease(Release calldata) external {
        _desk();
    }

    /// @inheritdoc IFundDesk
    function confirmRelease(Release calldata) external {
        _desk();
    }

    // ------------------------------------------------------------------------------------------------ ERC-7575

    /// @inheritdoc IERC7575
    function asset() external view returns (address) {
        return address(COIN);
    }

    /// @inheritdoc IERC7575
    function share() external view returns (address) {
        return address(SHARE);
    }

    /// @inheritdoc IERC7575
    /// @dev What all shares of the class are worth, in the asset. Not what the vault holds: the fund's assets are in
    /// custody, and sending assets to the vault changes no price.
    function totalAssets() external view returns (uint256) {
        return convertToAssets(IERC20(address(SHARE)).totalSupply());
    }

    /// @inheritdoc IERC7575
    /// @dev At the last net asset value attested, fresh or not; 0 without one.
    function convertToShares(uint256 assets) external view returns (uint256) {
        uint256 nav = _lastNav();
        return nav == 0 ? 0 : Pricing.sharesFor(_units(), assets, nav, 0);
    }

    /// @inheritdoc IERC7575
    /// @dev At the last net asset value attested, fresh or not; 0 without one.
    function convertToAssets(uint256 shares) public view returns (uint256) {
        return Pricing.assetsFor(_units(), shares, _lastNav(), 0);
    }

    /// @inheritdoc IERC7575
    function previewDeposit(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    /// @inheritdoc IERC7575
    function previewMint(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    /// @inheritdoc IERC7575
    function previewWithdraw(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    /// @inheritdoc IERC7575
    function previewRedeem(uint256) external pure returns (uint256) {
        revert PreviewUnavailable();
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC7540Operator).interfaceId
            || interfaceId == type(IERC7540Deposit).interfaceId
            || interfaceId == type(IERC7540Redeem).interfaceId || interfaceId == type(IERC7575).interfaceId
            || interfaceId == type(IERC7887Deposit).interfaceId
            || interfaceId == type(IERC7887Redeem).interfaceId;
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IFundVault
    function openDay() external view returns (uint256 day, uint256 cutOff) {
        State memory state = _calendar().state;
        day = _firstAhead(state);
        return day > state.announced ? (0, 0) : (day, _calendar().dayAt[day].cutOff);
    }

    /// @inheritdoc IFundVault
    function progress() external view returns (uint256 announced, uint256 closed, uint256 settled) {
        State memory state = _calendar().state;
        return (state.announced, state.closed, state.settled);
    }

    /// @inheritdoc IFundVault
    function isIdle() external view returns (bool) {
        State memory state = _calendar().state;
        uint256 open = _firstAhead(state);
        if (open <= state.announced) return false;
        for (uint256 day = uint256(state.settled) + 1; day <= open; ++day) {
            uint256 subscriptions = _side(SUBSCRIPTIONS).books[day].positions;
            if (subscriptions != 0 || _side(REDEMPTIONS).books[day].positions != 0) return false;
        }
        return true;
    }

    /// @inheritdoc IFundVault
    function dealingDay(uint256 day) external view returns (Day memory) {
        return _calendar().dayAt[day];
    }

    /// @inheritdoc IFundVault
    function subscriptionBook(uint256 day) external view returns (Book memory) {
        return _side(SUBSCRIPTIONS).books[day];
    }

    /// @inheritdoc IFundVault
    function redemptionBook(uint256 day) external view returns (Book memory) {
        return _side(REDEMPTIONS).books[day];
    }

    /// @inheritdoc IFundVault
    function dealingTerms() external view returns (DealingTerms memory) {
        return _calendar().terms;
    }

    /// @inheritdoc IFundVault
    function suspensionReason() external view returns (bytes32) {
        return _calendar().suspensionReason;
    }

    /// @inheritdoc IFundVault
    function navFeed() external view returns (address) {
        return _settlements().feed;
    }

    /// @inheritdoc IFundVault
    function custody() external view returns (address) {
        return _settlements().custody;
    }

    /// @inheritdoc IFundVault
    function funding() external view returns (uint256) {
        return _settlements().funding;
    }

    /// @inheritdoc IFundVault
    function quarantined(address controller) external view returns (uint256 assets, uint256 shares) {
        Held storage held = _quarantine().held[controller];
        return (held.assets, held.shares);
    }

    /// @inheritdoc IFundVault
    function proposerOf(Release calldata release) external view returns (address) {
        return _quarantine().proposers[keccak256(abi.encode(release))];
    }

    // ------------------------------------------------------------------------------------------------ inside

    /// @dev Runs the desk's function of the same name on this storage. It asks for the caller's role.
    /// @custom:oz-upgrades-unsafe-allow delegatecall
    function _desk() private {
        // None of them gives anything back.
        // slither-disable-next-line unused-return
        DESK.functionDelegateCall(msg.data);
    }

    function _lastNav() private view returns (uint256 nav) {
        address feed = _settlements().feed;
        if (feed == address(0)) return 0;
        // An old value still says what the fund was last worth.
        // slither-disable-next-line unused-return
        (nav,,) = IAttestedFeed(feed).reading();
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}
}
