// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC3009} from "../../../contracts/interfaces/IERC3009.sol";
import {ApprovalTier, IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AuditSuite} from "../support/AuditSuite.sol";
import {Vm, vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice docs/audits.md, "Traps": what others fell into, each as a test that we don't. Those of the SDK are in Python.
contract TrapsTest is AuditSuite {
    function _governRefused(address target, bytes memory data, bytes memory refusal) private {
        _ready(governor, target, data);
        bytes memory execute = abi.encodeCall(AccessManager.execute, (target, data));
        _refused(governor, address(manager), execute, refusal);
    }

    /// @dev Cap, limit, attested value, age, tiers, period: zero is nothing, or it can't be set.
    function test_Trap01_ZeroMeansNothing() public {
        uint256 snapshot = vm.snapshotState();
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOrderCap, (0)));
        _mintRefused(
            alice, 1, abi.encodeWithSelector(IPrimaryMarket.OrderAboveCap.selector, nextNumber, 1, 0)
        );
        vm.revertToState(snapshot);
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, 0)));
        _mintRefused(
            alice, 1, abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, operator, 0, 1)
        );
        vm.warp(block.timestamp + 10 days);
        (, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(available, 0, "and it stays nothing");
        vm.revertToState(snapshot);
        vm.warp(START + 60);
        _attest(0);
        _mintRefused(alice, 1, abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1001, 0));

        bytes memory noAge = abi.encodeWithSelector(IAttestedFeed.InvalidMaxAge.selector);
        _governRefused(address(feed), abi.encodeCall(IAttestedFeed.setLimits, (0, 0, 0)), noAge);
        bytes memory noTiers = abi.encodeWithSelector(IPrimaryMarket.InvalidTiers.selector);
        ApprovalTier[] memory tiers = new ApprovalTier[](1);
        _governRefused(address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (tiers)), noTiers);
        bytes memory noPeriod = abi.encodeWithSelector(IPrimaryMarket.InvalidPeriod.selector);
        _governRefused(address(market), abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (0)), noPeriod);
    }

    function test_Trap02_AThresholdOfZeroIsNone() public {
        bytes memory refusal = abi.encodeWithSelector(IAttestedFeed.InvalidThreshold.selector, 0, 3);
        _governRefused(address(feed), abi.encodeCall(IAttestedFeed.setAttestors, (_attestors(), 0)), refusal);
        refusal = abi.encodeWithSelector(IAttestedFeed.InvalidThreshold.selector, 0, 0);
        _governRefused(
            address(feed), abi.encodeCall(IAttestedFeed.setAttestors, (new address[](0), 0)), refusal
        );
        Attestation memory a = _attestation(1_000_000e6, block.timestamp - 1);
        _refused(
            stranger,
            address(feed),
            abi.encodeCall(IAttestedFeed.publish, (a, new Signature[](0))),
            abi.encodeWithSelector(IAttestedFeed.NotEnoughSignatures.selector, 0, 2)
        );
        // Suspending attestors one by one doesn't bring it down to none either.
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(guardian);
            feed.suspendAttestor(attestor(i));
        }
        vm.assertGe(feed.requiredSignatures(1_000_000e6), 2, "still two");
    }

    /// @dev `updatedAt` is when the value held. Posting late, or again, does not make it young.
    function test_Trap03_UpdatedAtIsTheAttestedInstant() public {
        vm.warp(START + 10 hours);
        _attestAsOf(1_000_000e6, START + 1);
        (,, uint256 startedAt, uint256 updatedAt,) = feed.latestRoundData();
        vm.assertEq(updatedAt, START + 1, "not when it was posted");
        vm.assertEq(startedAt, START + 1, "nor this one");
        vm.assertEq(feed.roundPostedAt(2), START + 10 hours, "that stands elsewhere");
        vm.warp(START + 1 + MAX_AGE + 1);
        vm.assertEq(token.headroom(), 0, "and from there it ages");
    }

    function test_Trap04_RawFiguresOfOtherDecimalsAreRefused() public {
        address other = address(_newFeed(8));
        bytes memory refusal = abi.encodeWithSelector(IStablecoin.FeedDecimalsMismatch.selector, 8, 6);
        _governRefused(address(token), abi.encodeCall(IStablecoin.setFeed, (other)), refusal);
    }

    /// @dev What constructors set are immutables, part of the code; everything else is set through the proxy, and is
    /// there when read through it.
    function test_Trap05_NothingSetInAConstructorIsMissingBehindTheProxy() public view {
        vm.assertEq(token.name(), "Demo Coin", "name");
        vm.assertEq(token.decimals(), 6, "decimals");
        vm.assertEq(token.currency(), "HKD", "currency");
        vm.assertEq(token.authority(), address(manager), "authority");
        vm.assertEq(token.getFrozenTokens(address(token)), type(uint128).max, "initialised");
        vm.assertEq(market.token(), address(token), "token");
        vm.assertEq(market.registry(), address(registry), "registry");
        vm.assertEq(market.authority(), address(manager), "the market's authority");
        vm.assertEq(registry.authority(), address(manager), "the registry's");
        vm.assertEq(feed.maxAge(), MAX_AGE, "age");
    }

    /// @dev A consent names what it consents to: two redemptions, two orders, two permits have nothing in common.
    function test_Trap06_NoConsentIsAConstant() public {
        uint256 first = _request(alice, 100);
        uint256 second = _request(alice, 100);
        vm.assertTrue(
            market.acceptanceDigest(_ids(first)) != market.acceptanceDigest(_ids(second)), "acceptance"
        );
        vm.assertTrue(
            market.mintDigest(_one(_order(alice, 1))) != market.mintDigest(_one(_order(alice, 1))), "mint"
        );
        bytes32 before = _permitDigest(alice);
        _passes(stranger, address(token), _permitCall(alice, _sign(ALICE_KEY, before)));
        vm.assertTrue(_permitDigest(alice) != before, "permit");
        vm.assertTrue(
            market.redemptionNonce(REFERENCE, SALT) != market.redemptionNonce(REFERENCE, NONCE), "redemption"
        );
    }

    /// @dev A burn is of escrow that its holder gave, or of compliance under a case. The market burns from itself only.
    function test_Trap07_NobodyBurnsFromAnyone() public {
        address[4] memory who = [operator, treasurer, guardian, governor];
        bytes memory call = abi.encodeCall(IStablecoin.burnByOrder, (alice, 1, CASE));
        for (uint256 i = 0; i < 4; ++i) {
            _lacksTheRole(who[i], address(token), call);
        }
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IStablecoin.burnByOrder, (alice, 1, bytes32(0))),
            abi.encodeWithSelector(IRegulatedERC20.CaseIdRequired.selector)
        );
        vm.prank(address(market));
        vm.expectRevert(
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", market, 0, 1)
        );
        token.burnEscrow(1);
        vm.assertEq(token.balanceOf(alice), 1000, "alice");
    }

    /// @dev What a batch holds is added up before the tier, the limit and the backing are asked.
    function test_Trap08_ABatchPassesNoLimitThatItsSumExceeds() public {
        vm.warp(START + 60);
        _attest(150_000e6);
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 100_000e6), _order(alice, 100_000e6));
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (_batch(orders, 1)));
        _refused(
            operator,
            address(market),
            call,
            abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 1, 2)
        );
        call = abi.encodeCall(IPrimaryMarket.mint, (_batch(orders, 2)));
        _refused(
            operator,
            address(market),
            call,
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 200_000e6 + 1000, 150_000e6)
        );
    }

    function test_Trap09_AUsedNonceReverts() public {
        bytes memory call = _transferCall(alice, _sign(ALICE_KEY, _transferDigest(alice)));
        _passes(stranger, address(token), call);
        _refused(
            stranger,
            address(token),
            call,
            abi.encodeWithSelector(IERC3009.ERC3009AlreadyUsed.selector, alice, NONCE)
        );
        vm.assertEq(token.balanceOf(bob), 100, "once");
    }

    function test_Trap10_AMintNamesItsActorAndItsOrder() public {
        MintOrder memory order = _order(alice, 5);
        vm.recordLogs();
        _send(_batch(_one(order)));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs[0].topics[0], IPrimaryMarket.OrderExecuted.selector, "event");
        vm.assertEq(uint256(logs[0].topics[1]), order.number, "order");
        vm.assertEq(logs[0].topics[2], bytes32(uint256(uint160(operator))), "actor");
    }

    /// @dev Escrow is a transfer to the market, and back. Supply and its events are untouched until it is burned.
    function test_Trap11_EscrowIsNoBurnAndMint() public {
        vm.recordLogs();
        uint256 id = _request(alice, 100);
        vm.prank(alice);
        market.cancelRedemption(id);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 transfers = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IERC20.Transfer.selector) continue;
            ++transfers;
            vm.assertTrue(logs[i].topics[1] != 0 && logs[i].topics[2] != 0, "neither minted nor burned");
        }
        vm.assertEq(transfers, 2, "there and back");
        vm.assertEq(token.minted(), 1000, "minted");
        vm.assertEq(token.burned(), 0, "burned");
    }

    function test_Trap12_ReturningWhatCameUnaskedLeavesTheHolds() public {
        _request(alice, 100);
        vm.prank(alice);
        token.transfer(address(market), 7);
        bytes memory call = abi.encodeCall(IPrimaryMarket.returnUnsolicited, (bob, 8, CASE));
        _refused(
            compliance,
            address(market),
            call,
            abi.encodeWithSelector(IPrimaryMarket.UnsolicitedExceeded.selector, 8, 7)
        );
        vm.prank(compliance);
        market.returnUnsolicited(bob, 7, CASE);
        vm.assertEq(token.balanceOf(address(market)), 100, "the hold");
    }

    /// @dev Power is granted, after a delay, and then taken from the old holder in a second act: a grant to a wrong
    /// address loses nothing.
    function test_Trap13_NoRolePassesInOneStep() public {
        bytes memory grant = abi.encodeCall(AccessManager.grantRole, (0, stranger, 0));
        vm.prank(admin);
        manager.schedule(address(manager), grant, 0);
        (bool isMember,) = manager.hasRole(0, stranger);
        vm.assertFalse(isMember, "not at once");
        vm.warp(block.timestamp + ADMIN_DELAY);
        vm.prank(admin);
        manager.execute(address(manager), grant);
        (isMember,) = manager.hasRole(0, admin);
        vm.assertTrue(isMember, "the old one is still there");
        _administer(abi.encodeCall(AccessManager.revokeRole, (0, stranger)));
        (isMember,) = manager.hasRole(0, stranger);
        vm.assertFalse(isMember, "and takes it back");
        bytes memory none = abi.encodeWithSignature("transferOwnership(address)", stranger);
        address[5] memory all =
            [address(token), address(market), address(registry), address(feed), address(gate)];
        for (uint256 i = 0; i < 5; ++i) {
            vm.prank(admin);
            (bool ok,) = all[i].call(none);
            vm.assertFalse(ok, "no owner");
        }
    }

    /// @dev No Solidity is generated. Names go in as arguments, and come out as they went in.
    function test_Trap20_ANameIsDataAndNeverCode() public {
        string memory name = "\"); selfdestruct(0x0); /* {{x}}";
        bytes memory arguments = abi.encode(manager, name, "';--", 6, "HKD");
        Stablecoin odd = Stablecoin(_proxy(_create("Stablecoin.sol:Stablecoin", arguments)));
        vm.assertEq(odd.name(), name, "name");
        vm.assertEq(odd.symbol(), "';--", "symbol");
    }
}
