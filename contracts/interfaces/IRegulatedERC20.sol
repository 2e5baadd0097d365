// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "./IERC7943.sol";

/// @title IRegulatedERC20
/// @notice What a regulated token adds to ERC-20, ERC-2612, ERC-3009, ERC-7943 and ERC-1643.
interface IRegulatedERC20 is IERC7943Fungible {
    event Paused(address indexed account);
    event Resumed(address indexed account);

    /// @notice A compliance officer acted on `account` under a case.
    /// @param action Selector of the function that was used.
    event CaseActed(
        bytes32 indexed caseId, address indexed account, address indexed actor, bytes4 action, uint256 amount
    );

    /// @notice Transfers and mints are paused.
    error TokenPaused();

    /// @notice The token is not paused.
    error TokenNotPaused();

    /// @notice Use the overload with a case id: compliance acts under a case only.
    error CaseIdRequired();

    /// @notice `setFrozenTokens` only raises the frozen amount; `unfreeze` lowers it, under a case.
    error FreezeMayOnlyRaise(address account, uint256 frozen, uint256 asked);

    /// @notice `unfreeze` only lowers the frozen amount; `setFrozenTokens` raises it.
    error UnfreezeMayOnlyLower(address account, uint256 frozen, uint256 asked);

    /// @notice The market's escrow is no one's to freeze, seize or burn in the token: use the market's own functions.
    error EscrowIsProtected(address market);

    /// @notice A forced transfer needs two parties.
    error ForcedTransferToSelf(address account);

    /// @notice The name or symbol is empty, the currency is no ISO 4217 code, or there are more than 18 decimals.
    error UnusableMetadata();

    /// @notice Stops transfers and mints at once. Burns of escrow and forced transfers go on.
    function pause() external;

    /// @notice Ends a pause.
    function resume() external;

    /// @notice Lowers the frozen amount of `account` to `amount`, under a case.
    function unfreeze(address account, uint256 amount, bytes32 caseId) external;

    /// @notice Moves tokens, frozen ones included, under a case. Never changes the total supply.
    function forcedTransfer(address from, address to, uint256 amount, bytes32 caseId) external returns (bool);

    function paused() external view returns (bool);

    /// @notice Everything ever minted, in base units.
    function minted() external view returns (uint256);

    /// @notice Everything ever burned, in base units: `minted() - totalSupply()`.
    function burned() external view returns (uint256);
}
