// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../access/Governed.sol";
import {IFundShare} from "../../interfaces/IFundShare.sol";
import {Book, Day, DealingTerms, IFundVaultTypes} from "../../interfaces/IFundVault.sol";
import {IInvestorRegistry} from "../../interfaces/IInvestorRegistry.sol";
import {PackedPosition} from "./PackedPosition.sol";
import {Units} from "./Pricing.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title VaultStorage
/// @notice What a fund vault knows: the one storage on which its two halves, `FundVault` and `FundDesk`, work.
abstract contract VaultStorage is IFundVaultTypes, Governed {
    /// @dev What every request reads, in one slot. `cutOff` is that of the day after `closed`; 0 if none is announced.
    struct State {
        uint24 announced;
        uint24 closed;
        uint24 settled;
        uint40 cutOff;
        bool suspended;
        uint96 minSubscription;
    }

    /// @dev Settled and unclaimed. `requested` and `due` are assets and shares for a subscription, shares and assets for a
    /// redemption; `day` is the last that it comes from. Stored in one slot (`StoredClaim`).
    struct Claim {
        uint256 requested;
        uint256 due;
        uint256 day;
    }

    struct StoredClaim {
        uint104 requested;
        uint104 due;
        uint24 day;
    }

    struct Cancellation {
        uint104 amount;
        uint24 day;
    }

    struct Side {
        mapping(uint256 day => Book) books;
        mapping(address controller => PackedPosition) positions;
        mapping(address controller => StoredClaim) claims;
        mapping(address controller => Cancellation) cancellations;
    }

    /// @param dealtAt When the last of the shares were dealt, from where their lock-up runs.
    struct Held {
        uint104 assets;
        uint104 shares;
        uint40 dealtAt;
    }

    /// @custom:storage-location erc7201:issuance.storage.Calendar
    struct CalendarStorage {
        State state;
        DealingTerms terms;
        bytes32 suspensionReason;
        mapping(uint256 day => Day) dayAt;
    }

    /// @custom:storage-location erc7201:issuance.storage.Positions
    struct PositionsStorage {
        Side subscriptions;
        Side redemptions;
        mapping(address controller => mapping(address operator => bool)) operators;
    }

    /// @custom:storage-location erc7201:issuance.storage.Settlements
    struct SettlementsStorage {
        address custody;
        uint96 funding;
        address feed;
    }

    /// @custom:storage-location erc7201:issuance.storage.Quarantine
    struct QuarantineStorage {
        mapping(address controller => Held) held;
        mapping(bytes32 release => address) proposers;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Calendar")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant CALENDAR = 0x43f2976388d30459d0365b86db28aad2730c37ae90eb105d80fae0ecd6deb000;

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Positions")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant POSITIONS = 0x7af197949043879b7501f25ca3bac959fb3235c48ea2e0b7582206624d032f00;

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Settlements")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant SETTLEMENTS = 0xd59901a636bb88a3db2aa1d8a765afc3d3c953bb030f604535a064fca0b5dd00;

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Quarantine")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant QUARANTINE = 0xdb1f12b9f214ef0c02774912e237bb617d38055f42516b06f2eafaa6b3e19800;

    /// @dev A gated day's rounding costs an order up to one base unit of shares, which has to be worth nothing.
    uint256 private constant MIN_SHARE_DECIMALS = 4;

    bool internal constant SUBSCRIPTIONS = false;
    bool internal constant REDEMPTIONS = true;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 internal immutable COIN;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IFundShare internal immutable SHARE;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInvestorRegistry internal immutable REGISTRY;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint8 internal immutable NAV_DECIMALS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint256 private immutable COIN_UNIT;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint256 private immutable SHARE_UNIT;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_, address share_, address asset_, uint8 navDecimals) Governed(authority_) {
        if (share_.code.length == 0) revert NotAContract(share_);
        if (asset_.code.length == 0) revert NotAContract(asset_);
        if (navDecimals > 18) revert TermOutOfBounds(navDecimals, 0, 18);
        uint256 shareDecimals = IERC20Metadata(share_).decimals();
        if (shareDecimals < MIN_SHARE_DECIMALS) {
            revert TermOutOfBounds(shareDecimals, MIN_SHARE_DECIMALS, 18);
        }
        SHARE = IFundShare(share_);
        COIN = IERC20(asset_);
        REGISTRY = IInvestorRegistry(IFundShare(share_).registry());
        NAV_DECIMALS = navDecimals;
        COIN_UNIT = 10 ** IERC20Metadata(asset_).decimals();
        SHARE_UNIT = 10 ** (shareDecimals + navDecimals);
    }

    function _units() internal view returns (Units memory) {
        return Units({coinUnit: COIN_UNIT, shareUnit: SHARE_UNIT});
    }

    function _side(bool which) internal view returns (Side storage) {
        PositionsStorage storage $ = _positions();
        return which == SUBSCRIPTIONS ? $.subscriptions : $.redemptions;
    }

    function _calendar() internal pure returns (CalendarStorage storage $) {
        assembly ("memory-safe") {
            $.slot := CALENDAR
        }
    }

    function _positions() internal pure returns (PositionsStorage storage $) {
        assembly ("memory-safe") {
            $.slot := POSITIONS
        }
    }

    function _settlements() internal pure returns (SettlementsStorage storage $) {
        assembly ("memory-safe") {
            $.slot := SETTLEMENTS
        }
    }

    function _quarantine() internal pure returns (QuarantineStorage storage $) {
        assembly ("memory-safe") {
            $.slot := QUARANTINE
        }
    }
}
