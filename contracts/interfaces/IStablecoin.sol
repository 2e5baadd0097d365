// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IRegulatedERC20} from "./IRegulatedERC20.sol";

/// @title IStablecoin
/// @notice A regulated token that cannot be minted beyond its attested reserve.
interface IStablecoin is IRegulatedERC20 {
    event FeedChanged(address indexed feed, address indexed actor);
    event BufferChanged(uint16 bufferBps, address indexed actor);
    event MarketChanged(address indexed market, address indexed actor);

    /// @notice `amount` of liabilities was settled.
    /// @param total Everything discharged so far.
    event Discharged(uint256 amount, uint256 total);

    /// @notice The mint would pass what the attested reserve covers.
    /// @param minted Everything ever minted, this mint included.
    /// @param ceiling What `minted` may reach.
    error BackingExceeded(uint256 minted, uint256 ceiling);

    /// @notice The reserve attestation is missing (`asOf` 0), suspended (`freshUntil` 0) or too old.
    error ReserveStale(uint256 asOf, uint256 freshUntil);

    /// @notice Only the market may mint, burn from escrow and discharge.
    error CallerIsNotMarket(address caller);

    /// @notice More would be discharged than was burned.
    error DischargeExceedsBurned(uint256 discharged, uint256 burned);

    /// @notice The feed has to count in the token's base units.
    error FeedDecimalsMismatch(uint8 feedDecimals, uint8 tokenDecimals);

    /// @notice An address without code where a contract is needed.
    error NotAContract(address account);

    /// @notice The market is named once and for all; it changes by upgrade.
    error MarketIsFixed(address market);

    /// @notice The buffer may not pass 100 %.
    error BufferTooLarge(uint16 bufferBps);

    /// @notice Mints `amounts[i]` base units to `accounts[i]`, each of them. Only the market.
    /// @return total Base units minted.
    function mint(address[] calldata accounts, uint256[] calldata amounts) external returns (uint256 total);

    /// @notice Burns from the market's own balance. Only the market.
    function burnEscrow(uint256 amount) external;

    /// @notice Records that `amount` of burned tokens was paid out. Only the market.
    function discharge(uint256 amount) external;

    /// @notice Lowers what is frozen of `account` by what was seized of its escrow, so that one freeze is not used
    /// twice. An account that is frozen as such stays frozen. Only the market.
    function lowerFrozen(address account, uint256 amount) external;

    /// @notice Burns tokens of `account`, frozen ones included, and discharges them, under a case.
    function burnByOrder(address account, uint256 amount, bytes32 caseId) external;

    /// @notice Points the backing rule at another attested feed.
    function setFeed(address feed) external;

    /// @notice Sets the over-collateralisation the ceiling keeps back, in basis points.
    function setBuffer(uint16 bufferBps) external;

    /// @notice Names the one contract that may mint, once.
    function setMarket(address market) external;

    /// @notice How much of the frozen amount of `account` its balance does not cover; the most there is for an account
    /// that is frozen as such.
    function frozenBeyondBalance(address account) external view returns (uint256);

    /// @notice The index of the first account with more frozen than its balance covers; `accounts.length` without one.
    function firstFrozenBeyondBalance(address[] calldata accounts) external view returns (uint256 index);

    function feed() external view returns (address);
    function bufferBps() external view returns (uint16);
    function market() external view returns (address);

    /// @notice ISO 4217 code of the reference currency.
    function currency() external view returns (string memory);

    /// @notice Liabilities settled so far, and by `timestamp`.
    function discharged() external view returns (uint256);
    function dischargedAt(uint48 timestamp) external view returns (uint256);

    /// @notice Burned and not yet paid out.
    function payableTotal() external view returns (uint256);

    /// @notice What `minted` may reach under the last attestation; 0 when there is none that is fresh.
    function ceiling() external view returns (uint256);

    /// @notice What may still be minted now; 0 when the attestation is not fresh.
    function headroom() external view returns (uint256);

    /// @notice The attested reserve over all that was minted and not discharged by the attestation's instant, in basis
    /// points, rounded down. `type(uint256).max` when there are no liabilities; 0 when there is no attestation.
    function coverageBps() external view returns (uint256);

    /// @notice Every rule of the token that would refuse to mint `amount` to `to` now, as encoded custom errors.
    function explainMint(address to, uint256 amount) external view returns (bytes[] memory refusals);
}
