// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @notice Contract accounts that answer wrongly, or not at all: each is refused wherever a signature is taken, and one
/// that answers rightly is accepted in the same places.
contract ContractSignersTest is AttackSuite {
    /// @dev Above every attestor, so that it comes last among sorted signers.
    address private constant ACCOUNT = address(uint160(type(uint160).max - 7));
    bytes4 private constant MAGIC = 0x1626ba7e;
    uint256 private constant GAS = 3_000_000;

    /// @dev Returns ERC-1271's value, left-aligned as the ABI has it.
    bytes private constant GOOD = hex"631626ba7e60e01b5f5260205ff3";

    MintOrder[] private _orders;
    bytes[] private _bad;

    function setUp() public override {
        super.setUp();
        vm.etch(ACCOUNT, GOOD);
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.APPROVER, ACCOUNT, 0)));
        address[] memory attestors = new address[](3);
        (attestors[0], attestors[1], attestors[2]) = (attestor(0), attestor(1), ACCOUNT);
        _govern(address(feed), abi.encodeCall(IAttestedFeed.setAttestors, (attestors, 2)));
        vm.prank(alice);
        token.transfer(ACCOUNT, 500);
        _orders.push(_order(bob, 7));
        _request(alice, 30);
        _collect();
    }

    function _collect() private {
        _bad.push(hex"00"); // nothing
        _bad.push(hex"60016000526004601cf3"); // four bytes
        _bad.push(hex"631626ba7e60e01b5f5260045ff3"); // the value in four bytes
        _bad.push(hex"631626ba7e60e01b5f52601f5ff3"); // in 31 bytes
        _bad.push(hex"631626ba7e5f5260205ff3"); // right-aligned
        _bad.push(hex"7f1626ba7effffffffffffffffffffffffffffffffffffffffffffffffffffffff5f5260205ff3"); // dirty
        _bad.push(hex"60015f5260205ff3"); // true
        _bad.push(hex"5f195f5260205ff3"); // all ones
        _bad.push(hex"60205ff3"); // zero
        _bad.push(hex"365f5f37"); // runs off its code
        _bad.push(hex"365f5f37365ff3"); // what it was asked, which starts with the selector
        _bad.push(hex"631626ba7e60e01b5f5260205ffd"); // a revert with the value
        _bad.push(hex"fe"); // an invalid instruction: all gas
        _bad.push(hex"5b5f56"); // a loop: all gas
        _bad.push(hex"33ff"); // self-destruction, which a static call forbids
        _bad.push(bytes.concat(hex"60015f55", GOOD)); // writes first
        _bad.push(bytes.concat(hex"5f5fa0", GOOD)); // logs first
        _bad.push(bytes.concat(hex"5f5f5ff050", GOOD)); // creates first
        _bad.push(hex""); // no code: gone, or never there
    }

    function _publication() private view returns (bytes memory) {
        Attestation memory a = _attestation(1_000_000e6, block.timestamp - 1);
        Signature[] memory list = new Signature[](2);
        list[0] = Signature({signer: attestor(0), data: _sign(attestorKeys[0], feed.attestationDigest(a))});
        list[1] = Signature({signer: ACCOUNT, data: ""});
        return abi.encodeCall(IAttestedFeed.publish, (a, list));
    }

    /// @dev `caller` is refused for each bad answer, and passes on the good one.
    function _onlyTheRightAnswer(address caller, address target, bytes memory data, bytes memory refusal)
        private
    {
        for (uint256 i = 0; i < _bad.length; ++i) {
            vm.etch(ACCOUNT, _bad[i]);
            vm.prank(caller);
            (bool ok, bytes memory reason) = target.call{gas: GAS}(data);
            vm.assertFalse(ok, "accepted");
            // A signer that eats the gas may leave too little for the refusal itself.
            if (reason.length != 0) vm.assertEq(reason, refusal, "refusal");
        }
        vm.etch(ACCOUNT, GOOD);
        _passes(caller, target, data);
    }

    function test_Permit() public {
        _onlyTheRightAnswer(stranger, address(token), _permitCall(ACCOUNT, ""), _invalidPermit(ACCOUNT));
        vm.assertEq(token.allowance(ACCOUNT, bob), 77, "allowance");
    }

    function test_TransferWithAuthorization() public {
        bytes memory call = _transferCall(ACCOUNT, "");
        _onlyTheRightAnswer(stranger, address(token), call, _invalidAuthorization(ACCOUNT));
        vm.assertEq(token.balanceOf(bob), 100, "once");
    }

    function test_ReceiveWithAuthorization() public {
        bytes memory call = _receiveCall(ACCOUNT, "");
        _onlyTheRightAnswer(bob, address(token), call, _invalidAuthorization(ACCOUNT));
        vm.assertEq(token.balanceOf(bob), 100, "once");
    }

    function test_CancelAuthorization() public {
        bytes memory call = _cancelCall(ACCOUNT, "");
        _onlyTheRightAnswer(stranger, address(token), call, _invalidAuthorization(ACCOUNT));
        vm.assertTrue(token.authorizationState(ACCOUNT, NONCE), "cancelled");
    }

    function test_RequestRedemptionWithAuthorization() public {
        bytes memory call = _redeemCall(ACCOUNT, "");
        _onlyTheRightAnswer(stranger, address(market), call, _invalidAuthorization(ACCOUNT));
        vm.assertEq(market.redemption(2).holder, ACCOUNT, "holder");
    }

    function test_ApprovalOfAMint() public {
        bytes memory call =
            abi.encodeCall(IPrimaryMarket.mint, (_approvedBy(_orders, _signedBy(ACCOUNT, ""))));
        _onlyTheRightAnswer(operator, address(market), call, _invalidApproval(ACCOUNT));
        vm.assertEq(token.balanceOf(bob), 7, "once");
    }

    function test_ApprovalOfAnAcceptance() public {
        bytes memory call =
            abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(1), _signedBy(ACCOUNT, "")));
        _onlyTheRightAnswer(operator, address(market), call, _invalidApproval(ACCOUNT));
        vm.assertEq(token.burned(), 30, "once");
    }

    function test_Attestation() public {
        bytes memory tooFew = abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 1, 2);
        _onlyTheRightAnswer(stranger, address(feed), _publication(), tooFew);
        vm.assertEq(feed.latestRound(), 2, "once");
    }

    /// @dev An answer of a megabyte costs the signer's own gas: not one byte beyond the first 32 is copied.
    function test_ALongAnswerIsNotCopied() public {
        vm.etch(ACCOUNT, hex"631626ba7e60e01b5f52620f42405ff3");
        _passes(stranger, address(token), _permitCall(ACCOUNT, ""));
        vm.assertEq(token.allowance(ACCOUNT, bob), 77, "allowance");
    }

    /// @dev The v, r, s forms are for keys, whatever the code would answer.
    function test_NoContractSignsByParts() public {
        bytes memory data = abi.encodeWithSignature(PERMIT_VRS, ACCOUNT, bob, 77, UNTIL, 27, MAGIC, MAGIC);
        _refused(stranger, address(token), data, _invalidPermit(ACCOUNT));
        data = abi.encodeWithSignature(TRANSFER_VRS, ACCOUNT, bob, 100, 0, UNTIL, NONCE, 27, MAGIC, MAGIC);
        _refused(stranger, address(token), data, _invalidAuthorization(ACCOUNT));
    }

    /// @dev What a contract account signs ends with its code.
    function test_ASignerThatIsGoneSignsNoMore() public {
        bytes memory call = _transferCall(ACCOUNT, "");
        vm.etch(ACCOUNT, "");
        _refused(stranger, address(token), call, _invalidAuthorization(ACCOUNT));
        vm.assertEq(token.balanceOf(ACCOUNT), 500, "nothing moved");
    }
}
