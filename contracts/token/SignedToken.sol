// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title SignedToken
/// @notice What a signed message may have a token do.
abstract contract SignedToken is EIP712 {
    function _approve(address owner, address spender, uint256 value) internal virtual;

    function _move(address from, address to, uint256 value) internal virtual;
}
