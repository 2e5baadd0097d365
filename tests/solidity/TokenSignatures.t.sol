// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3009} from "../../contracts/interfaces/IERC3009.sol";
import {IERC7943Fungible} from "../../contracts/interfaces/IERC7943.sol";
import {Permits} from "../../contracts/token/Permits.sol";
import {ReenteringWallet, RevertingWallet, Wallet1271} from "./support/Mocks.sol";
import {Suite} from "./support/Suite.sol";
import {vm} from "./support/Vm.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice ERC-2612 and ERC-3009, signed by keys and by contract accounts.
contract TokenSignaturesTest is Suite {
    bytes32 private constant NONCE = keccak256("nonce");
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    function setUp() public override {
        super.setUp();
        _attest(1_000_000e6);
        _mint(alice, 1000);
    }

    function _typed(bytes memory structure) private view returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), keccak256(structure)));
    }

    function _permitDigest(address owner, uint256 value, uint256 deadline) private view returns (bytes32) {
        return _typed(abi.encode(PERMIT, owner, bob, value, token.nonces(owner), deadline));
    }

    /// @dev alice to bob, 100, valid for the hour around now.
    function _authorization(bytes32 typehash, address from) private view returns (bytes32) {
        return _typed(abi.encode(typehash, from, bob, 100, START - 1, START + 1 hours, NONCE));
    }

    function _transfer(address from, bytes memory signature) private {
        token.transferWithAuthorization(from, bob, 100, START - 1, START + 1 hours, NONCE, signature);
    }

    function _invalidPermit(address owner) private pure returns (bytes memory) {
        return abi.encodeWithSelector(Permits.ERC2612InvalidSigner.selector, owner);
    }

    function _invalidAuthorization(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC3009.ERC3009InvalidSignature.selector, account);
    }

    function _used(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC3009.ERC3009AlreadyUsed.selector, account, NONCE);
    }

    // ---------------------------------------------------------------------------------------------- ERC-2612

    function test_DomainSeparatorFollowsNameChainAndProxy() public {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("Demo Coin");
        bytes32 version = keccak256("1");
        vm.assertEq(
            token.DOMAIN_SEPARATOR(),
            keccak256(abi.encode(typehash, name, version, uint256(31_337), address(token))),
            "domain"
        );
        vm.chainId(7);
        vm.assertEq(
            token.DOMAIN_SEPARATOR(),
            keccak256(abi.encode(typehash, name, version, uint256(7), address(token))),
            "domain of another chain"
        );
        (bytes1 fields, string memory domainName,, uint256 chain, address contract_,,) = token.eip712Domain();
        vm.assertEq(uint8(fields), 0x0f, "fields");
        vm.assertEq(domainName, "Demo Coin", "name");
        vm.assertEq(chain, 7, "chain");
        vm.assertEq(contract_, address(token), "contract");
    }

    function test_PermitByKey_OnceOnly() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _permitDigest(alice, 77, START));
        vm.expectEmit(address(token));
        emit IERC20.Approval(alice, bob, 77);
        vm.prank(stranger);
        token.permit(alice, bob, 77, START, v, r, s);
        vm.assertEq(token.allowance(alice, bob), 77, "allowance");
        vm.assertEq(token.nonces(alice), 1, "nonce");
        vm.expectRevert(_invalidPermit(alice));
        token.permit(alice, bob, 77, START, v, r, s);
    }

    function test_PermitByBytes() public {
        bytes memory signature = _sign(ALICE_KEY, _permitDigest(alice, 77, START));
        token.permit(alice, bob, 77, START, signature);
        vm.assertEq(token.allowance(alice, bob), 77, "allowance");
        vm.expectRevert(_invalidPermit(alice));
        token.permit(alice, bob, 77, START, signature);
    }

    function test_PermitExpires() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _permitDigest(alice, 77, START - 1));
        bytes memory refusal = abi.encodeWithSelector(Permits.ERC2612ExpiredSignature.selector, START - 1);
        vm.expectRevert(refusal);
        token.permit(alice, bob, 77, START - 1, v, r, s);
        vm.expectRevert(refusal);
        token.permit(alice, bob, 77, START - 1, abi.encodePacked(r, s, v));
    }

    function test_PermitOfAnotherChainOrForm() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _permitDigest(alice, 77, START));
        vm.chainId(1);
        vm.expectRevert(_invalidPermit(alice));
        token.permit(alice, bob, 77, START, v, r, s);
        vm.chainId(31_337);
        bytes32 highS = bytes32(CURVE_ORDER - uint256(s));
        uint8 flipped = v == 27 ? 28 : 27;
        vm.expectRevert(_invalidPermit(alice));
        token.permit(alice, bob, 77, START, flipped, r, highS);
        vm.expectRevert(_invalidPermit(alice));
        token.permit(alice, bob, 77, START, abi.encodePacked(r, highS, flipped));
        vm.expectRevert(_invalidPermit(alice));
        token.permit(alice, bob, 77, START, v - 27, r, s);
        vm.expectRevert(_invalidPermit(alice));
        token.permit(alice, bob, 78, START, v, r, s);
        vm.expectRevert(_invalidPermit(address(0)));
        token.permit(address(0), bob, 77, START, v, r, s);
        vm.assertEq(token.nonces(alice), 0, "a refusal gives the nonce back");
        token.permit(alice, bob, 77, START, v, r, s);
    }

    function test_PermitOfContractAccount() public {
        address wallet = address(new Wallet1271(alice));
        bytes memory signature = _sign(ALICE_KEY, _permitDigest(wallet, 77, START));
        token.permit(wallet, bob, 77, START, signature);
        vm.assertEq(token.allowance(wallet, bob), 77, "allowance");
        bytes memory other = _sign(BOB_KEY, _permitDigest(wallet, 77, START));
        vm.expectRevert(_invalidPermit(wallet));
        token.permit(wallet, bob, 77, START, other);
    }

    function test_DelegatedAccountStillSignsWithItsKey() public {
        bytes memory signature = _sign(ALICE_KEY, _permitDigest(alice, 77, START));
        vm.etch(alice, bytes.concat(hex"ef0100", bytes20(address(new RevertingWallet()))));
        token.permit(alice, bob, 77, START, signature);
        vm.assertEq(token.allowance(alice, bob), 77, "allowance");
    }

    function test_PermitOfFrozenHolderMovesNothing() public {
        bytes memory signature = _sign(ALICE_KEY, _permitDigest(alice, 77, START));
        _freezeAccount(alice);
        token.permit(alice, bob, 77, START, signature);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice));
        token.transferFrom(alice, bob, 1);
    }

    // ---------------------------------------------------------------------------------------------- ERC-3009

    function test_TransferByKey_AUsedOneReverts() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _authorization(TRANSFER, alice));
        vm.assertFalse(token.authorizationState(alice, NONCE), "unused");
        vm.expectEmit(address(token));
        emit IERC3009.AuthorizationUsed(alice, NONCE);
        vm.expectEmit(address(token));
        emit IERC20.Transfer(alice, bob, 100);
        vm.prank(stranger);
        token.transferWithAuthorization(alice, bob, 100, START - 1, START + 1 hours, NONCE, v, r, s);
        vm.assertTrue(token.authorizationState(alice, NONCE), "used");
        vm.assertEq(token.balanceOf(bob), 100, "bob");
        vm.expectRevert(_used(alice));
        token.transferWithAuthorization(alice, bob, 100, START - 1, START + 1 hours, NONCE, v, r, s);
        vm.expectRevert(_used(alice));
        _transfer(alice, abi.encodePacked(r, s, v));
    }

    function test_TransferRefusesBadSignatures() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BOB_KEY, _authorization(TRANSFER, alice));
        vm.expectRevert(_invalidAuthorization(alice));
        token.transferWithAuthorization(alice, bob, 100, START - 1, START + 1 hours, NONCE, v, r, s);
        bytes memory signature = _sign(ALICE_KEY, _authorization(RECEIVE, alice));
        vm.expectRevert(_invalidAuthorization(alice));
        _transfer(alice, signature);
        signature = _sign(ALICE_KEY, _authorization(TRANSFER, alice));
        vm.chainId(1);
        vm.expectRevert(_invalidAuthorization(alice));
        _transfer(alice, signature);
        vm.chainId(31_337);
        (v, r, s) = vm.sign(ALICE_KEY, _authorization(TRANSFER, alice));
        signature = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(_invalidAuthorization(alice));
        _transfer(alice, signature);
        vm.assertFalse(token.authorizationState(alice, NONCE), "a refusal gives the nonce back");
    }

    function test_TransferIsValidStrictlyBetweenItsTimes() public {
        bytes memory signature = _sign(ALICE_KEY, _authorization(TRANSFER, alice));
        vm.warp(START - 1);
        vm.expectRevert(abi.encodeWithSelector(IERC3009.ERC3009NotYetValid.selector, START - 1));
        _transfer(alice, signature);
        vm.warp(START + 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IERC3009.ERC3009Expired.selector, START + 1 hours));
        _transfer(alice, signature);
        vm.warp(START + 1 hours - 1);
        _transfer(alice, signature);
    }

    function test_OnlyThePayeeReceives() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, _authorization(RECEIVE, alice));
        bytes memory refusal =
            abi.encodeWithSelector(IERC3009.ERC3009CallerIsNotPayee.selector, stranger, bob);
        vm.prank(stranger);
        vm.expectRevert(refusal);
        token.receiveWithAuthorization(alice, bob, 100, START - 1, START + 1 hours, NONCE, v, r, s);
        vm.prank(stranger);
        vm.expectRevert(refusal);
        token.receiveWithAuthorization(
            alice, bob, 100, START - 1, START + 1 hours, NONCE, abi.encodePacked(r, s, v)
        );
        vm.prank(bob);
        vm.expectRevert(_invalidAuthorization(alice));
        token.receiveWithAuthorization(alice, bob, 101, START - 1, START + 1 hours, NONCE, v, r, s);
        vm.prank(bob);
        token.receiveWithAuthorization(alice, bob, 100, START - 1, START + 1 hours, NONCE, v, r, s);
        vm.assertEq(token.balanceOf(bob), 100, "bob");
        vm.prank(bob);
        vm.expectRevert(_used(alice));
        token.receiveWithAuthorization(
            alice, bob, 100, START - 1, START + 1 hours, NONCE, abi.encodePacked(r, s, v)
        );
    }

    function test_ReceiveByBytes() public {
        bytes memory signature = _sign(ALICE_KEY, _authorization(RECEIVE, alice));
        vm.prank(bob);
        token.receiveWithAuthorization(alice, bob, 100, START - 1, START + 1 hours, NONCE, signature);
        vm.assertEq(token.balanceOf(bob), 100, "bob");
    }

    function test_CancelByKeyAndByBytes() public {
        bytes32 digest = _typed(abi.encode(CANCEL, alice, NONCE));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BOB_KEY, digest);
        vm.expectRevert(_invalidAuthorization(alice));
        token.cancelAuthorization(alice, NONCE, v, r, s);
        vm.expectRevert(_invalidAuthorization(alice));
        token.cancelAuthorization(alice, NONCE, abi.encodePacked(r, s, v));
        (v, r, s) = vm.sign(ALICE_KEY, digest);
        vm.expectEmit(address(token));
        emit IERC3009.AuthorizationCanceled(alice, NONCE);
        token.cancelAuthorization(alice, NONCE, v, r, s);
        bytes memory transfer = _sign(ALICE_KEY, _authorization(TRANSFER, alice));
        vm.expectRevert(_used(alice));
        _transfer(alice, transfer);
        vm.expectRevert(_used(alice));
        token.cancelAuthorization(alice, NONCE, abi.encodePacked(r, s, v));
        digest = _typed(abi.encode(CANCEL, alice, bytes32("second")));
        token.cancelAuthorization(alice, "second", _sign(ALICE_KEY, digest));
        vm.assertTrue(token.authorizationState(alice, "second"), "cancelled");
    }

    function test_ContractAccountAuthorises() public {
        address wallet = address(new Wallet1271(alice));
        vm.prank(alice);
        token.transfer(wallet, 100);
        bytes memory wrong = _sign(BOB_KEY, _authorization(TRANSFER, wallet));
        vm.expectRevert(_invalidAuthorization(wallet));
        _transfer(wallet, wrong);
        _transfer(wallet, _sign(ALICE_KEY, _authorization(TRANSFER, wallet)));
        vm.assertEq(token.balanceOf(bob), 100, "bob");
    }

    function test_FailingOrReenteringContractAccountIsRefused() public {
        address failing = address(new RevertingWallet());
        address reentering = address(new ReenteringWallet(address(token), carol));
        vm.prank(alice);
        token.transfer(failing, 100);
        vm.prank(alice);
        token.transfer(reentering, 200);
        vm.expectRevert(_invalidAuthorization(failing));
        _transfer(failing, "");
        vm.expectRevert(_invalidAuthorization(reentering));
        _transfer(reentering, "");
        vm.assertEq(token.balanceOf(carol), 0, "nothing slipped out");
    }

    function test_FrozenHolderAuthorisesNothing() public {
        bytes memory signature = _sign(ALICE_KEY, _authorization(TRANSFER, alice));
        _freezeAccount(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice));
        _transfer(alice, signature);
        vm.assertFalse(token.authorizationState(alice, NONCE), "unused");
    }
}
