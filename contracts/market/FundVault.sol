// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {IAttestedFeed} from "../interfaces/IAttestedFeed.sol";
import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "../interfaces/IERC7540.sol";
import {IERC7575} from "../interfaces/IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../interfaces/IERC7887.sol";
import {IFundVault} from "../interfaces/IFundVault.sol";
import {Claims} from "./fund/Claims.sol";
import {Positions} from "./fund/Positions.sol";
import {Pricing} from "./fund/Pricing.sol";
import {Requests} from "./fund/Requests.sol";
import {Settlements} from "./fund/Settlements.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title FundVault
/// @notice Subscribes and redeems one share class in one settlement coin at the next net asset value: ERC-7540 with the
/// dealing day as request id, the vault's side of ERC-7575, and ERC-7887.
/// @dev `Calendar` has the days and the terms, `Positions` what each controller asked for and has coming, `Requests`,
/// `Settlements`, `Claims` and `Quarantine` what happens to it, `Pricing` the arithmetic.
contract FundVault is IERC165, UUPSUpgradeable, Settlements, Requests, Claims {
    /// @param navDecimals The decimals of the feeds of net asset value.
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_, address share_, address asset_, uint8 navDecimals)
        Governed(authority_)
        Positions(share_, asset_, navDecimals)
    {
        _disableInitializers();
    }

    /// @notice Initialises the proxy. Terms, feed and custody are set by `GOVERNOR`; until then no day can be announced,
    /// and without a day nothing can be requested.
    function initialize() external initializer {}

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

    function _lastNav() private view returns (uint256 nav) {
        address feed = navFeed();
        if (feed == address(0)) return 0;
        // An old value still says what the fund was last worth.
        // slither-disable-next-line unused-return
        (nav,,) = IAttestedFeed(feed).reading();
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}
}
