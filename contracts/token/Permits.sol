// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Signatures} from "../access/Signatures.sol";
import {SignedToken} from "./SignedToken.sol";
import {NoncesUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/NoncesUpgradeable.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title Permits
/// @notice ERC-2612, with the v, r, s form for keys and a bytes form that contract accounts can sign too (ERC-1271).
abstract contract Permits is IERC20Permit, NoncesUpgradeable, SignedToken {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    /// @notice The permit's deadline has passed.
    error ERC2612ExpiredSignature(uint256 deadline);

    /// @notice The signature is not the owner's over these values and the owner's current nonce.
    error ERC2612InvalidSigner(address owner);

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(IERC20Permit, NoncesUpgradeable) returns (uint256) {
        return super.nonces(owner);
    }

    /// @inheritdoc IERC20Permit
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc IERC20Permit
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 digest = _permitDigest(owner, spender, value, deadline);
        if (!Signatures.isValid(owner, digest, v, r, s)) revert ERC2612InvalidSigner(owner);
        _approve(owner, spender, value);
    }

    /// @notice ERC-2612 with a signature of a key or, by ERC-1271, of a contract account.
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes calldata signature)
        external
    {
        bytes32 digest = _permitDigest(owner, spender, value, deadline);
        if (!Signatures.isValid(owner, digest, signature)) revert ERC2612InvalidSigner(owner);
        _approve(owner, spender, value);
    }

    /// @dev Uses up the owner's nonce; a refused signature reverts, which gives it back.
    function _permitDigest(address owner, address spender, uint256 value, uint256 deadline)
        private
        returns (bytes32)
    {
        if (block.timestamp > deadline) revert ERC2612ExpiredSignature(deadline);
        return _hashTypedDataV4(
            keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, _useNonce(owner), deadline))
        );
    }
}
