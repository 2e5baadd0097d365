// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {GuardianGate} from "../../../contracts/access/GuardianGate.sol";
import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry, WalletEntry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttackSuite} from "../support/AttackSuite.sol";
import {Reentrant} from "../support/Reentrant.sol";
import {vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Contract accounts are asked for their signature in eight places. Here the account asked holds every role,
/// tokens, an allowance, an open request and the others' good signatures, and calls back into every function that
/// changes anything. Outside a signature check each of these calls succeeds; inside, every one fails, and the call
/// around it does what it would have done.
contract ReentrancyTest is AttackSuite {
    Reentrant private _signer = new Reentrant();
    address private _account = address(_signer);

    function setUp() public override {
        super.setUp();
        _grantEveryRole();
        _attestWithSigner();
        _verify(_account);
        _mint(_account, 1000);
        vm.prank(alice);
        token.approve(_account, 10);
        vm.prank(_account);
        token.approve(address(market), 400);
        _freeze(carol, 5);
        _freezeAccount(stranger);
        _fillMarket();
        _prepareToken();
        _prepareMarket();
        _prepareRest();
    }

    // ------------------------------------------------------------------------------------------- preparations

    /// @dev The signer becomes a member of everything without delay, an attestor, and an operator with a limit.
    function _grantEveryRole() private {
        bytes[] memory calls = new bytes[](9);
        for (uint64 role = 1; role < 10; ++role) {
            calls[role - 1] = abi.encodeCall(AccessManager.grantRole, (role, _account, 0));
            vm.prank(admin);
            manager.schedule(address(manager), calls[role - 1], 0);
        }
        vm.warp(block.timestamp + ADMIN_DELAY);
        for (uint256 i = 0; i < calls.length; ++i) {
            vm.prank(admin);
            manager.execute(address(manager), calls[i]);
        }
        vm.prank(_account);
        market.setOperatorLimit(_account, 1000);
    }

    function _attestWithSigner() private {
        address[] memory attestors = new address[](2);
        (attestors[0], attestors[1]) = (attestor(0), _account);
        vm.prank(_account);
        feed.setAttestors(attestors, 1);
        _publish(1_000_000e6, block.timestamp - 1);
    }

    /// @dev Published by the attestor that has a key; the threshold is one.
    function _publish(uint256 value, uint256 asOf) private {
        (bool ok,) = address(feed).call(_publication(value, asOf));
        vm.assertTrue(ok, "published");
    }

    function _publication(uint256 value, uint256 asOf) private view returns (bytes memory) {
        Attestation memory a = _attestation(value, asOf);
        Signature[] memory list = _signatures(attestorKeys, feed.attestationDigest(a), 1);
        return abi.encodeCall(IAttestedFeed.publish, (a, list));
    }

    /// @dev Requests 1 to 4: the signer's, a frozen holder's, alice's accepted, alice's open; one token unsolicited.
    function _fillMarket() private {
        vm.prank(_account);
        market.requestRedemption(100, REFERENCE);
        _mint(alice, 100);
        vm.prank(compliance);
        token.unfreeze(stranger, 0, CASE);
        _verify(stranger);
        _mint(stranger, 50);
        _request(stranger, 50);
        _freezeAccount(stranger);
        _accept(_ids(_request(alice, 20)));
        _request(alice, 30);
        vm.prank(alice);
        token.transfer(address(market), 1);
    }

    function _into(address target, bytes memory data) private {
        _signer.prepare(target, data);
    }

    function _prepareToken() private {
        address t = address(token);
        _into(t, abi.encodeCall(IERC20.transfer, (carol, 1)));
        _into(t, abi.encodeCall(IERC20.approve, (carol, 1)));
        _into(t, abi.encodeCall(IERC20.transferFrom, (alice, carol, 1)));
        _into(t, _permitCall(alice, _sign(ALICE_KEY, _permitDigest(alice))));
        _into(t, _transferCall(alice, _sign(ALICE_KEY, _transferDigest(alice))));
        bytes32 digest = _typed(abi.encode(RECEIVE, alice, _account, 100, 0, UNTIL, NONCE));
        _into(
            t,
            abi.encodeWithSignature(
                RECEIVE_BYTES, alice, _account, 100, 0, UNTIL, NONCE, _sign(ALICE_KEY, digest)
            )
        );
        _into(t, _cancelCall(alice, _sign(ALICE_KEY, _cancelDigest(alice))));
        _into(t, abi.encodeCall(IRegulatedERC20.pause, ()));
        _into(t, abi.encodeCall(IERC7943Fungible.setFrozenTokens, (alice, 1)));
        _into(t, abi.encodeCall(IRegulatedERC20.unfreeze, (carol, 1, CASE)));
        _into(t, abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, carol, 1, CASE)));
        _into(t, abi.encodeCall(IStablecoin.burnByOrder, (alice, 1, CASE)));
        _into(t, abi.encodeCall(IStablecoin.setFeed, (address(feed))));
        _into(t, abi.encodeCall(IStablecoin.setBuffer, (1)));
        _into(t, abi.encodeCall(IERC1643.setDocument, (CASE, "uri", CASE)));
        _into(t, _upgrade(t));
    }

    /// @dev To the implementation that it has: succeeds, and emits.
    function _upgrade(address proxy) private view returns (bytes memory) {
        return abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (_implementation(proxy), ""));
    }

    function _prepareMarket() private {
        address m = address(market);
        MintOrder[] memory orders = _one(_order(alice, 5));
        _into(m, abi.encodeCall(IPrimaryMarket.mint, (_batch(orders))));
        _into(m, abi.encodeCall(IPrimaryMarket.requestRedemption, (1, REFERENCE)));
        _into(m, _redeemCall(alice, _sign(ALICE_KEY, _redeemDigest(alice))));
        _into(m, abi.encodeCall(IPrimaryMarket.cancelRedemption, (1)));
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(4)), 1);
        _into(m, abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(4), approvals)));
        _into(m, abi.encodeCall(IPrimaryMarket.rejectRedemptions, (_ids(4), REASON)));
        bytes32[] memory references = new bytes32[](1);
        references[0] = REFERENCE;
        _into(m, abi.encodeCall(IPrimaryMarket.recordPayouts, (_ids(3), references)));
        _into(m, abi.encodeCall(IPrimaryMarket.seizeEscrow, (2, carol, CASE)));
        _into(m, abi.encodeCall(IPrimaryMarket.returnUnsolicited, (carol, 1, CASE)));
        _into(m, abi.encodeCall(IPrimaryMarket.stopMinting, ()));
        _into(m, abi.encodeCall(IPrimaryMarket.windDown, ()));
        _into(m, abi.encodeCall(IPrimaryMarket.setOrderCap, (1)));
        _into(m, abi.encodeCall(IPrimaryMarket.setApprovalTiers, (_tiers())));
        _into(m, abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, 1)));
        _into(m, abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (1)));
        _into(m, _upgrade(m));
    }

    function _prepareRest() private {
        vm.warp(block.timestamp + 10);
        _into(address(feed), _publication(1_000_001e6, block.timestamp - 2));
        _into(address(feed), abi.encodeCall(IAttestedFeed.suspend, ()));
        _into(address(feed), abi.encodeCall(IAttestedFeed.suspendAttestor, (attestor(0))));
        _into(address(feed), abi.encodeCall(IAttestedFeed.setAttestors, (_attestors(), 1)));
        _into(address(feed), abi.encodeCall(IAttestedFeed.setLimits, (1, 1, 1)));
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] = WalletEntry({account: vm.addr(999), wallet: _wallet(alice, uint40(UNTIL))});
        _into(address(registry), abi.encodeCall(IInvestorRegistry.setWallets, (entries)));
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        _into(address(registry), abi.encodeCall(IInvestorRegistry.removeWallets, (accounts)));
        _into(address(registry), _upgrade(address(registry)));
        _into(address(gate), abi.encodeCall(GuardianGate.revokeRole, (Roles.OPERATOR, operator)));
        _into(address(manager), abi.encodeCall(AccessManager.renounceRole, (Roles.TREASURER, _account)));
        bytes memory data = abi.encodeCall(IStablecoin.setBuffer, (2));
        _into(address(manager), abi.encodeCall(AccessManager.execute, (address(token), data)));
    }

    // --------------------------------------------------------------------------------------------- the attack

    /// @dev None of the attempts is void: each succeeds when no signature is being checked.
    function test_OutsideASignatureCheckEveryAttemptSucceeds() public {
        uint256 count = _signer.count();
        vm.assertEq(count, 43, "attempts");
        for (uint256 i = 0; i < count; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.assertTrue(_signer.attempt(i), "an attempt fails by itself");
            vm.revertToState(snapshot);
        }
    }

    function test_DuringMint() public {
        MintOrder[] memory orders = _one(_order(bob, 7));
        (, uint256 available) = market.operatorLimit(operator);
        uint256 supply = token.totalSupply();
        vm.prank(operator);
        market.mint(_approvedBy(orders, _signedBy(_account, "")));
        (, uint256 left) = market.operatorLimit(operator);
        vm.assertEq(token.balanceOf(bob), 7, "minted");
        vm.assertEq(token.totalSupply(), supply + 7, "supply");
        vm.assertEq(left, available - 7, "limit");
    }

    function test_DuringAcceptRedemptions() public {
        uint256 supply = token.totalSupply();
        vm.prank(operator);
        market.acceptRedemptions(_ids(4), _signedBy(_account, ""));
        vm.assertEq(token.totalSupply(), supply - 30, "burned once");
        vm.assertEq(market.escrowed(), 150, "escrow of the others");
        vm.assertEq(token.balanceOf(address(market)), 151, "and what came unasked");
    }

    function test_DuringPermit() public {
        bytes memory call = _permitCall(_account, "");
        bytes32 before = _fingerprint();
        _passes(stranger, address(token), call);
        vm.assertEq(token.allowance(_account, bob), 77, "allowance");
        vm.assertEq(token.nonces(_account), 1, "nonce");
        vm.assertEq(_fingerprint(), before, "nothing else");
    }

    function test_DuringTransferWithAuthorization() public {
        _passes(stranger, address(token), _transferCall(_account, ""));
        _movedToBob();
    }

    function test_DuringReceiveWithAuthorization() public {
        _passes(bob, address(token), _receiveCall(_account, ""));
        _movedToBob();
    }

    function _movedToBob() private view {
        vm.assertEq(token.balanceOf(bob), 100, "bob");
        vm.assertEq(token.balanceOf(_account), 800, "the signer, less its escrow");
        vm.assertTrue(token.authorizationState(_account, NONCE), "used");
        vm.assertFalse(token.authorizationState(alice, NONCE), "alice's is unused");
    }

    function test_DuringCancelAuthorization() public {
        bytes32 before = _fingerprint();
        _passes(stranger, address(token), _cancelCall(_account, ""));
        vm.assertTrue(token.authorizationState(_account, NONCE), "cancelled");
        vm.assertEq(_fingerprint(), before, "nothing else");
    }

    function test_DuringRequestRedemptionWithAuthorization() public {
        _passes(stranger, address(market), _redeemCall(_account, ""));
        vm.assertEq(market.redemptionCount(), 5, "one request");
        vm.assertEq(market.redemption(5).holder, _account, "holder");
        vm.assertEq(market.escrowed(), 180 + 250, "escrow");
        vm.assertEq(token.balanceOf(_account), 1000 - 100 - 250, "the signer");
    }

    function test_DuringPublish() public {
        Attestation memory a = _attestation(1_000_002e6, block.timestamp - 1);
        vm.prank(stranger);
        vm.assertEq(feed.publish(a, _signedBy(_account, "")), 3, "round");
        (uint256 value,,) = feed.reading();
        vm.assertEq(value, 1_000_002e6, "value");
        vm.assertEq(feed.attestors().length, 2, "attestors");
        vm.assertFalse(feed.suspended(), "not suspended");
    }
}
