// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Signatures} from "../access/Signatures.sol";
import {IERC3009} from "../interfaces/IERC3009.sol";
import {NoncesUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/NoncesUpgradeable.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title SignedTransfers
/// @notice ERC-2612 permits and ERC-3009 authorizations, each with the v, r, s form for keys and a bytes form that
/// contract accounts can sign too (ERC-1271).
abstract contract SignedTransfers is IERC20Permit, IERC3009, NoncesUpgradeable, EIP712 {
    /// @custom:storage-location erc7201:issuance.storage.SignedTransfers
    struct SignedTransfersStorage {
        mapping(address authorizer => mapping(bytes32 nonce => bool)) used;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.SignedTransfers")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x2f6b450b5547b727a0f427d72c941f468ee86c53a2845eb1244a5c73e51ba700;

    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL_TYPEHASH =
        keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    /// @notice The permit's deadline has passed.
    error ERC2612ExpiredSignature(uint256 deadline);

    /// @notice The signature is not the owner's over these values and the owner's current nonce.
    error ERC2612InvalidSigner(address owner);

    // ---------------------------------------------------------------------------------------------- ERC-2612

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

    // ---------------------------------------------------------------------------------------------- ERC-3009

    /// @inheritdoc IERC3009
    function authorizationState(address authorizer, bytes32 nonce) external view returns (bool) {
        return _signedTransfers().used[authorizer][nonce];
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bytes32 digest = _authorization(TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce);
        if (!Signatures.isValid(from, digest, v, r, s)) revert ERC3009InvalidSignature(from);
        _move(from, to, value);
    }

    /// @inheritdoc IERC3009
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 digest = _authorization(TRANSFER_TYPEHASH, from, to, value, validAfter, validBefore, nonce);
        if (!Signatures.isValid(from, digest, signature)) revert ERC3009InvalidSignature(from);
        _move(from, to, value);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        if (msg.sender != to) revert ERC3009CallerIsNotPayee(msg.sender, to);
        bytes32 digest = _authorization(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce);
        if (!Signatures.isValid(from, digest, v, r, s)) revert ERC3009InvalidSignature(from);
        _move(from, to, value);
    }

    /// @inheritdoc IERC3009
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        if (msg.sender != to) revert ERC3009CallerIsNotPayee(msg.sender, to);
        bytes32 digest = _authorization(RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce);
        if (!Signatures.isValid(from, digest, signature)) revert ERC3009InvalidSignature(from);
        _move(from, to, value);
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s) external {
        if (!Signatures.isValid(authorizer, _cancellation(authorizer, nonce), v, r, s)) {
            revert ERC3009InvalidSignature(authorizer);
        }
    }

    /// @inheritdoc IERC3009
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        if (!Signatures.isValid(authorizer, _cancellation(authorizer, nonce), signature)) {
            revert ERC3009InvalidSignature(authorizer);
        }
    }

    /// @dev Checks the time, uses up the nonce, and gives the digest to check the signature against. The nonce is used
    /// before any contract account is asked for its signature.
    function _authorization(
        bytes32 typehash,
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) private returns (bytes32) {
        if (block.timestamp <= validAfter) revert ERC3009NotYetValid(validAfter);
        if (block.timestamp >= validBefore) revert ERC3009Expired(validBefore);
        _use(from, nonce);
        emit AuthorizationUsed(from, nonce);
        return
            _hashTypedDataV4(keccak256(abi.encode(typehash, from, to, value, validAfter, validBefore, nonce)));
    }

    function _cancellation(address authorizer, bytes32 nonce) private returns (bytes32) {
        _use(authorizer, nonce);
        emit AuthorizationCanceled(authorizer, nonce);
        return _hashTypedDataV4(keccak256(abi.encode(CANCEL_TYPEHASH, authorizer, nonce)));
    }

    function _use(address authorizer, bytes32 nonce) private {
        mapping(bytes32 => bool) storage used = _signedTransfers().used[authorizer];
        if (used[nonce]) revert ERC3009AlreadyUsed(authorizer, nonce);
        used[nonce] = true;
    }

    // ---------------------------------------------------------------------------------------------- the token

    function _approve(address owner, address spender, uint256 value) internal virtual;

    function _move(address from, address to, uint256 value) internal virtual;

    function _signedTransfers() private pure returns (SignedTransfersStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
