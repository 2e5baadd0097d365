// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {vm} from "../support/Vm.sol";

/// @notice A signature has one form: 65 bytes, v 27 or 28, low s. Every other form of a good one is refused on every
/// entry point that takes signatures, and the good form still works afterwards.
contract MalleabilityTest is AttackSuite {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// @dev What can be made of a good signature without the key.
    function _forms(uint256 key, bytes32 digest) private pure returns (bytes[] memory forms) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        bytes32 highS = bytes32(CURVE_ORDER - uint256(s));
        forms = new bytes[](13);
        forms[0] = abi.encodePacked(r, highS, v == 27 ? uint8(28) : uint8(27));
        forms[1] = abi.encodePacked(r, highS, v);
        forms[2] = abi.encodePacked(r, s, v - 27);
        forms[3] = abi.encodePacked(r, s, v == 27 ? uint8(28) : uint8(27));
        forms[4] = abi.encodePacked(r, s, v + 35 + 2 * 31_337 - 27);
        forms[5] = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
        forms[6] = abi.encodePacked(r, s, v, uint8(0));
        forms[7] = abi.encodePacked(r, s);
        forms[8] = abi.encodePacked(r, s, uint256(v));
        forms[9] = abi.encodePacked(v, r, s);
        forms[10] = abi.encodePacked(bytes32(0), s, v);
        forms[11] = abi.encodePacked(r, bytes32(0), v);
        forms[12] = "";
    }

    /// @dev Every other form is refused with `refusal`; then the good one passes, which shows what was wrong.
    function _oneForm(
        uint256 key,
        bytes32 digest,
        address caller,
        address target,
        function(bytes memory) internal returns (bytes memory) call,
        bytes memory refusal
    ) private {
        bytes[] memory forms = _forms(key, digest);
        for (uint256 i = 0; i < forms.length; ++i) {
            _refused(caller, target, call(forms[i]), refusal);
        }
        _passes(caller, target, call(_sign(key, digest)));
    }

    /// @dev The same for the form with v, r and s apart, which has no length to get wrong.
    function _oneFormApart(
        bytes32 digest,
        address caller,
        function(uint8, bytes32, bytes32) internal returns (bytes memory) call,
        bytes memory refusal
    ) private {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, digest);
        bytes32 highS = bytes32(CURVE_ORDER - uint256(s));
        uint8 other = v == 27 ? 28 : 27;
        _refused(caller, address(token), call(other, r, highS), refusal);
        _refused(caller, address(token), call(v, r, highS), refusal);
        _refused(caller, address(token), call(v - 27, r, s), refusal);
        _refused(caller, address(token), call(other, r, s), refusal);
        _refused(caller, address(token), call(29, r, s), refusal);
        _refused(caller, address(token), call(0, 0, 0), refusal);
        _refused(caller, address(token), call(v, 0, s), refusal);
        _refused(caller, address(token), call(v, r, 0), refusal);
        _passes(caller, address(token), call(v, r, s));
    }

    // --------------------------------------------------------------------------------------------------- token

    function _permitOfAlice(bytes memory signature) private view returns (bytes memory) {
        return _permitCall(alice, signature);
    }

    function _permitOfAliceApart(uint8 v, bytes32 r, bytes32 s) private view returns (bytes memory) {
        return abi.encodeWithSignature(PERMIT_VRS, alice, bob, 77, UNTIL, v, r, s);
    }

    function test_Permit() public {
        uint256 snapshot = vm.snapshotState();
        function(bytes memory) internal returns (bytes memory) call = _permitOfAlice;
        _oneForm(ALICE_KEY, _permitDigest(alice), stranger, address(token), call, _invalidPermit(alice));
        vm.assertEq(token.allowance(alice, bob), 77, "allowance");
        vm.revertToState(snapshot);
        function(uint8, bytes32, bytes32) internal returns (bytes memory) apart = _permitOfAliceApart;
        _oneFormApart(_permitDigest(alice), stranger, apart, _invalidPermit(alice));
        vm.assertEq(token.nonces(alice), 1, "one permit");
    }

    function _transferOfAlice(bytes memory signature) private view returns (bytes memory) {
        return _transferCall(alice, signature);
    }

    function _transferOfAliceApart(uint8 v, bytes32 r, bytes32 s) private view returns (bytes memory) {
        return abi.encodeWithSignature(TRANSFER_VRS, alice, bob, 100, 0, UNTIL, NONCE, v, r, s);
    }

    function test_TransferWithAuthorization() public {
        uint256 snapshot = vm.snapshotState();
        bytes32 digest = _transferDigest(alice);
        function(bytes memory) internal returns (bytes memory) call = _transferOfAlice;
        _oneForm(ALICE_KEY, digest, stranger, address(token), call, _invalidAuthorization(alice));
        vm.assertEq(token.balanceOf(bob), 100, "once");
        vm.revertToState(snapshot);
        function(uint8, bytes32, bytes32) internal returns (bytes memory) apart = _transferOfAliceApart;
        _oneFormApart(digest, stranger, apart, _invalidAuthorization(alice));
        vm.assertEq(token.balanceOf(bob), 100, "once");
    }

    function _receiveOfAlice(bytes memory signature) private view returns (bytes memory) {
        return _receiveCall(alice, signature);
    }

    function _receiveOfAliceApart(uint8 v, bytes32 r, bytes32 s) private view returns (bytes memory) {
        return abi.encodeWithSignature(RECEIVE_VRS, alice, bob, 100, 0, UNTIL, NONCE, v, r, s);
    }

    function test_ReceiveWithAuthorization() public {
        uint256 snapshot = vm.snapshotState();
        bytes32 digest = _receiveDigest(alice);
        function(bytes memory) internal returns (bytes memory) call = _receiveOfAlice;
        _oneForm(ALICE_KEY, digest, bob, address(token), call, _invalidAuthorization(alice));
        vm.assertEq(token.balanceOf(bob), 100, "once");
        vm.revertToState(snapshot);
        function(uint8, bytes32, bytes32) internal returns (bytes memory) apart = _receiveOfAliceApart;
        _oneFormApart(digest, bob, apart, _invalidAuthorization(alice));
        vm.assertEq(token.balanceOf(bob), 100, "once");
    }

    function _cancelOfAlice(bytes memory signature) private view returns (bytes memory) {
        return _cancelCall(alice, signature);
    }

    function _cancelOfAliceApart(uint8 v, bytes32 r, bytes32 s) private view returns (bytes memory) {
        return abi.encodeWithSignature(CANCEL_VRS, alice, NONCE, v, r, s);
    }

    function test_CancelAuthorization() public {
        uint256 snapshot = vm.snapshotState();
        bytes32 digest = _cancelDigest(alice);
        function(bytes memory) internal returns (bytes memory) call = _cancelOfAlice;
        _oneForm(ALICE_KEY, digest, stranger, address(token), call, _invalidAuthorization(alice));
        vm.revertToState(snapshot);
        function(uint8, bytes32, bytes32) internal returns (bytes memory) apart = _cancelOfAliceApart;
        _oneFormApart(digest, stranger, apart, _invalidAuthorization(alice));
        vm.assertTrue(token.authorizationState(alice, NONCE), "cancelled");
    }

    // -------------------------------------------------------------------------------------------------- market

    function _redeemOfAlice(bytes memory signature) private view returns (bytes memory) {
        return _redeemCall(alice, signature);
    }

    function test_RequestRedemptionWithAuthorization() public {
        bytes32 digest = _redeemDigest(alice);
        function(bytes memory) internal returns (bytes memory) call = _redeemOfAlice;
        _oneForm(ALICE_KEY, digest, stranger, address(market), call, _invalidAuthorization(alice));
        vm.assertEq(market.redemptionCount(), 1, "one request");
    }

    MintOrder private _pending;

    function _mintApproved(bytes memory signature) private view returns (bytes memory) {
        Signature[] memory approvals = _signedBy(approver(0), signature);
        return abi.encodeCall(IPrimaryMarket.mint, (_approvedBy(_one(_pending), approvals)));
    }

    function test_ApprovalOfAMint() public {
        _pending = _order(alice, 5);
        bytes32 digest = market.mintDigest(_one(_pending));
        function(bytes memory) internal returns (bytes memory) call = _mintApproved;
        _oneForm(approverKeys[0], digest, operator, address(market), call, _invalidApproval(approver(0)));
        vm.assertEq(token.balanceOf(alice), 1005, "once");
    }

    function _acceptApproved(bytes memory signature) private view returns (bytes memory) {
        return abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(1), _signedBy(approver(0), signature)));
    }

    function test_ApprovalOfAnAcceptance() public {
        bytes32 digest = market.acceptanceDigest(_ids(_request(alice, 100)));
        function(bytes memory) internal returns (bytes memory) call = _acceptApproved;
        _oneForm(approverKeys[0], digest, operator, address(market), call, _invalidApproval(approver(0)));
        vm.assertEq(token.burned(), 100, "once");
    }

    // ---------------------------------------------------------------------------------------------------- feed

    function _next() private pure returns (Attestation memory) {
        return _attestation(1_000_000e6, START);
    }

    /// @dev One good signature beside the form under test; two are needed.
    function _publication(bytes memory signature) private view returns (bytes memory) {
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(_next()), 2);
        list[1].data = signature;
        return abi.encodeCall(IAttestedFeed.publish, (_next(), list));
    }

    function test_Attestation() public {
        vm.warp(START + 1);
        bytes memory tooFew = abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 1, 2);
        function(bytes memory) internal returns (bytes memory) call = _publication;
        bytes32 digest = feed.attestationDigest(_next());
        _oneForm(attestorKeys[1], digest, stranger, address(feed), call, tooFew);
        vm.assertEq(feed.latestRound(), 2, "once");
    }

    /// @dev One attestor's signature in two forms is one signature.
    function test_TwoFormsOfOneSignatureAreNotTwo() public {
        vm.warp(START + 1);
        bytes32 digest = feed.attestationDigest(_next());
        Signature[] memory list = new Signature[](2);
        list[0] = Signature({signer: attestor(0), data: _sign(attestorKeys[0], digest)});
        list[1] = Signature({signer: attestor(0), data: _forms(attestorKeys[0], digest)[0]});
        vm.expectRevert(
            abi.encodeWithSelector(IAttestedFeed.SignersNotSorted.selector, attestor(0), attestor(0))
        );
        feed.publish(_next(), list);
    }

    // ------------------------------------------------------------------------------------------------- nobody

    /// @dev `ecrecover` gives the zero address for a signature that is none. It is nobody's.
    function test_NobodySignsForTheZeroAddress() public {
        bytes memory none = new bytes(65);
        _refused(stranger, address(token), _permitCall(address(0), none), _invalidPermit(address(0)));
        bytes memory refusal = _invalidAuthorization(address(0));
        _refused(stranger, address(token), _transferCall(address(0), none), refusal);
        _refused(bob, address(token), _receiveCall(address(0), none), refusal);
        _refused(stranger, address(token), _cancelCall(address(0), none), refusal);
        _refused(stranger, address(market), _redeemCall(address(0), none), refusal);

        Signature[] memory list = _signedBy(address(0), none);
        _refused(
            operator,
            address(market),
            abi.encodeCall(IPrimaryMarket.mint, (_approvedBy(_one(_order(alice, 5)), list))),
            abi.encodeWithSelector(IPrimaryMarket.ApproversNotSorted.selector, address(0), address(0))
        );
        vm.warp(START + 1);
        _refused(
            stranger,
            address(feed),
            abi.encodeCall(IAttestedFeed.publish, (_next(), list)),
            abi.encodeWithSelector(IAttestedFeed.SignersNotSorted.selector, address(0), address(0))
        );
    }
}
