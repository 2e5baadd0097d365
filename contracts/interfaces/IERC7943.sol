// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title ERC-7943 for fungible tokens, final text
/// @notice Interface id 0x3edbb4c4.
interface IERC7943Fungible {
    /// @notice Tokens were moved by the authority of `forcedTransfer`.
    event ForcedTransfer(address indexed from, address indexed to, uint256 amount);

    /// @notice The frozen amount of an account was set to `amount`.
    event Frozen(address indexed account, uint256 amount);

    /// @notice The account may not send.
    error ERC7943CannotSend(address account);

    /// @notice The account may not receive.
    error ERC7943CannotReceive(address account);

    /// @notice The transfer is not allowed between these parties.
    error ERC7943CannotTransfer(address from, address to, uint256 amount);

    /// @notice `account` holds enough, but only `unfrozen` of it may move.
    error ERC7943InsufficientUnfrozenBalance(address account, uint256 amount, uint256 unfrozen);

    function forcedTransfer(address from, address to, uint256 amount) external returns (bool result);
    function setFrozenTokens(address account, uint256 amount) external returns (bool result);
    function canSend(address account) external view returns (bool allowed);
    function canReceive(address account) external view returns (bool allowed);
    function getFrozenTokens(address account) external view returns (uint256 amount);
    function canTransfer(address from, address to, uint256 amount) external view returns (bool allowed);
}
