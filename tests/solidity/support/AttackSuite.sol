// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3009} from "../../../contracts/interfaces/IERC3009.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Permits} from "../../../contracts/token/Permits.sol";
import {RedemptionSuite} from "./RedemptionSuite.sol";
import {vm} from "./Vm.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

/// @notice The suite with 1000 base units at alice, her signatures, and everything that an attack compares.
abstract contract AttackSuite is RedemptionSuite {
    bytes32 internal constant NONCE = keccak256("nonce");
    bytes32 internal constant SALT = keccak256("salt");
    uint256 internal constant UNTIL = START + 365 days;

    bytes32 internal constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 internal constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant CANCEL = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    string internal constant PERMIT_BYTES = "permit(address,address,uint256,uint256,bytes)";
    string internal constant PERMIT_VRS = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)";
    string internal constant TRANSFER_BYTES =
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
    string internal constant TRANSFER_VRS =
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
    string internal constant RECEIVE_BYTES =
        "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
    string internal constant RECEIVE_VRS =
        "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
    string internal constant CANCEL_BYTES = "cancelAuthorization(address,bytes32,bytes)";
    string internal constant CANCEL_VRS = "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)";

    // ------------------------------------------------------------------------------------------- what is signed

    function _typed(bytes memory structure) internal view returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), keccak256(structure)));
    }

    /// @dev `owner` lets bob spend 77.
    function _permitDigest(address owner) internal view returns (bytes32) {
        return _typed(abi.encode(PERMIT, owner, bob, 77, token.nonces(owner), UNTIL));
    }

    /// @dev `from` gives bob 100.
    function _transferDigest(address from) internal view returns (bytes32) {
        return _typed(abi.encode(TRANSFER, from, bob, 100, 0, UNTIL, NONCE));
    }

    /// @dev `from` lets bob take 100.
    function _receiveDigest(address from) internal view returns (bytes32) {
        return _typed(abi.encode(RECEIVE, from, bob, 100, 0, UNTIL, NONCE));
    }

    function _cancelDigest(address authorizer) internal view returns (bytes32) {
        return _typed(abi.encode(CANCEL, authorizer, NONCE));
    }

    /// @dev `holder` redeems 250 under `REFERENCE`.
    function _redeemDigest(address holder) internal view returns (bytes32) {
        bytes32 nonce = market.redemptionNonce(REFERENCE, SALT);
        return _typed(abi.encode(RECEIVE, holder, address(market), 250, 0, UNTIL, nonce));
    }

    // --------------------------------------------------------------------------------------------------- calls

    function _permitCall(address owner, bytes memory signature) internal view returns (bytes memory) {
        return abi.encodeWithSignature(PERMIT_BYTES, owner, bob, 77, UNTIL, signature);
    }

    function _transferCall(address from, bytes memory signature) internal view returns (bytes memory) {
        return abi.encodeWithSignature(TRANSFER_BYTES, from, bob, 100, 0, UNTIL, NONCE, signature);
    }

    function _receiveCall(address from, bytes memory signature) internal view returns (bytes memory) {
        return abi.encodeWithSignature(RECEIVE_BYTES, from, bob, 100, 0, UNTIL, NONCE, signature);
    }

    function _cancelCall(address authorizer, bytes memory signature) internal pure returns (bytes memory) {
        return abi.encodeWithSignature(CANCEL_BYTES, authorizer, NONCE, signature);
    }

    function _redeemCall(address holder, bytes memory signature) internal pure returns (bytes memory) {
        return abi.encodeCall(
            IPrimaryMarket.requestRedemptionWithAuthorization,
            (holder, 250, REFERENCE, 0, UNTIL, SALT, signature)
        );
    }

    function _requestSigned(address holder, bytes memory signature) internal returns (uint256) {
        return market.requestRedemptionWithAuthorization(holder, 250, REFERENCE, 0, UNTIL, SALT, signature);
    }

    /// @dev One batch of one order with the approvals given.
    function _approvedBy(MintOrder[] memory orders, Signature[] memory approvals)
        internal
        pure
        returns (MintBatch[] memory batches)
    {
        batches = new MintBatch[](1);
        batches[0] = MintBatch({orders: orders, approvals: approvals, skipped: 0});
    }

    function _signedBy(address signer, bytes memory data) internal pure returns (Signature[] memory list) {
        list = new Signature[](1);
        list[0] = Signature({signer: signer, data: data});
    }

    function _two(uint256 first, uint256 second) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](2);
        (ids[0], ids[1]) = (first, second);
    }

    // ------------------------------------------------------------------------------------------------ refusals

    function _invalidPermit(address owner) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(Permits.ERC2612InvalidSigner.selector, owner);
    }

    function _invalidAuthorization(address account) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC3009.ERC3009InvalidSignature.selector, account);
    }

    function _invalidApproval(address signer) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IPrimaryMarket.InvalidApproval.selector, signer);
    }

    function _unauthorised(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    /// @dev `caller` calls `target` and is refused with exactly `refusal`.
    function _refused(address caller, address target, bytes memory data, bytes memory refusal) internal {
        vm.prank(caller);
        (bool ok, bytes memory reason) = target.call(data);
        vm.assertFalse(ok, "was not refused");
        vm.assertEq(reason, refusal, "refusal");
    }

    /// @dev `caller` lacks the role for `data`.
    function _lacksTheRole(address caller, address target, bytes memory data) internal {
        _refused(caller, target, data, _unauthorised(caller));
    }

    /// @dev `caller` calls `target`, which allows it.
    function _passes(address caller, address target, bytes memory data) internal {
        vm.prank(caller);
        (bool ok, bytes memory reason) = target.call(data);
        if (ok) return;
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }

    // --------------------------------------------------------------------------------------------------- state

    /// @dev A fingerprint of everything that an attack without effect leaves as it was.
    function _fingerprint() internal view returns (bytes32) {
        address[8] memory who =
            [alice, bob, carol, stranger, operator, guardian, address(market), address(this)];
        bytes memory all;
        for (uint256 i = 0; i < who.length; ++i) {
            all =
                abi.encode(all, token.balanceOf(who[i]), token.getFrozenTokens(who[i]), token.nonces(who[i]));
        }
        all = abi.encode(all, token.totalSupply(), token.minted(), token.discharged(), token.paused());
        all = abi.encode(all, market.escrowed(), market.redemptionCount(), market.mintingStopped());
        (, uint256 available) = market.operatorLimit(operator);
        return keccak256(abi.encode(all, available, feed.latestRound(), feed.suspended(), feed.attestors()));
    }
}
