// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Signatures} from "../access/Signatures.sol";
import {IERC3009} from "../interfaces/IERC3009.sol";
import {SignedToken} from "./SignedToken.sol";

/// @title SignedTransfers
/// @notice ERC-3009 authorizations, each with the v, r, s form for keys and a bytes form that contract accounts can sign
/// too (ERC-1271).
abstract contract SignedTransfers is IERC3009, SignedToken {
    /// @custom:storage-location erc7201:issuance.storage.SignedTransfers
    struct SignedTransfersStorage {
        mapping(address authorizer => mapping(bytes32 nonce => bool)) used;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.SignedTransfers")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x2f6b450b5547b727a0f427d72c941f468ee86c53a2845eb1244a5c73e51ba700;

    bytes32 private constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL_TYPEHASH =
        keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

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

    function _signedTransfers() private pure returns (SignedTransfersStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
