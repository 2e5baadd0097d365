// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AuditSuite} from "../support/AuditSuite.sol";
import {AggregatorReader, PlainAggregator} from "../support/Feeds.sol";
import {Wallet1271} from "../support/Mocks.sol";
import {vm} from "../support/Vm.sol";

/// @notice docs/audits.md, "Stablecoins and issuance SDKs", rows 2 to 15 as far as they are about contracts: a test for
/// each.
contract StablecoinReserveTest is AuditSuite {
    // ------------------------------------------------------------------------------------ reserve and refusals

    /// @dev Our feed reads as any AggregatorV3. The other way round, an aggregator that nobody attests backs nothing.
    function test_Sdk02_TheFeedReadsAsAnAggregator_AndAPlainAggregatorBacksNothing() public {
        AggregatorReader reader = new AggregatorReader();
        vm.assertEq(reader.reserve(feed, 1 hours), 1_000_000e6, "by somebody else's reader");
        vm.warp(block.timestamp + 1 hours);
        vm.assertEq(reader.reserve(feed, 1 hours), 0, "its age is from the instant that was attested");
        address plain = address(new PlainAggregator());
        _govern(address(token), abi.encodeCall(IStablecoin.setFeed, (plain)));
        MintBatch[] memory batches = _batch(_one(_order(alice, 1)));
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (batches)), "");
        _redeem(alice, 1000);
    }

    /// @dev Each refusal names its gate and carries its numbers.
    function test_Sdk03_TheErrorSaysWhichGateAndWithWhatNumbers() public {
        _mintRefused(
            alice,
            999_999_999_001,
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1_000_000_000_001, 1_000_000e6)
        );
        vm.warp(START + MAX_AGE);
        _mintRefused(
            alice,
            1,
            abi.encodeWithSelector(IStablecoin.ReserveStale.selector, START - 1, START - 1 + MAX_AGE)
        );
    }

    function test_Sdk07_MakerAndCheckerAreTwo_AndOrdersExpire() public {
        MintOrder[] memory orders = _one(_order(alice, 200_000e6));
        Signature[] memory approvals = _signatures(approverKeys, market.mintDigest(orders), 1);
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (_approvedBy(orders, approvals)));
        _refused(
            operator,
            address(market),
            call,
            abi.encodeWithSelector(IPrimaryMarket.NotEnoughApprovals.selector, 1, 2)
        );
        call = abi.encodeCall(IPrimaryMarket.mint, (_batch(orders)));
        vm.warp(uint256(orders[0].expiry) + 1);
        _refused(
            operator,
            address(market),
            call,
            abi.encodeWithSelector(IPrimaryMarket.OrderExpired.selector, orders[0].number, orders[0].expiry)
        );
    }

    /// @dev A read, by anybody, that changes nothing and agrees with the call.
    function test_Sdk08_TheReserveIsCheckedBeforePaying() public {
        MintOrder memory order = _order(alice, 1_000_000e6 - 999);
        bytes32 before = _fingerprint();
        vm.prank(stranger);
        bytes[] memory refusals = market.explain(order, operator);
        vm.assertEq(refusals.length, 1, "one");
        vm.assertEq(
            refusals[0],
            abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, 1_000_000e6 + 1, 1_000_000e6),
            "the reserve"
        );
        vm.assertEq(_fingerprint(), before, "nothing changed");
    }

    /// @dev No feed works without a maximum age, and the time counts from the first attestation on.
    function test_Sdk09_StalenessFromDayOne_AndEveryKindOfCoin() public {
        AttestedFeed fresh = _newFeed(6);
        vm.assertEq(fresh.maxAge(), 0, "not set");
        Attestation memory a = _attestation(1, START - 1);
        _refused(
            stranger,
            address(fresh),
            abi.encodeCall(IAttestedFeed.publish, (a, new Signature[](0))),
            abi.encodeWithSelector(IAttestedFeed.FeedNotConfigured.selector)
        );
        bytes memory call = abi.encodeCall(IAttestedFeed.setLimits, (0, 1, 1));
        _ready(governor, address(feed), call);
        vm.prank(governor);
        vm.expectRevert(IAttestedFeed.InvalidMaxAge.selector);
        manager.execute(address(feed), call);
        for (uint8 decimals = 0; decimals <= 18; decimals += 6) {
            _deploy(decimals);
            vm.assertEq(token.headroom(), 0, "nothing attested");
            _attest(5);
            _mint(alice, 5);
            vm.warp(block.timestamp + MAX_AGE);
            vm.assertEq(token.headroom(), 0, "stale");
        }
        Stablecoin bare = _newToken();
        vm.prank(alice);
        bare.approve(bob, type(uint256).max);
        vm.assertEq(bare.allowance(alice, bob), type(uint256).max, "an unlimited allowance is one");
    }

    function test_Sdk10_OneAvailableBalance_EscrowIsNotRescued() public {
        _request(alice, 400);
        vm.assertEq(market.unsolicited(), 0, "available");
        _refused(
            compliance,
            address(market),
            abi.encodeCall(IPrimaryMarket.returnUnsolicited, (bob, 1, CASE)),
            abi.encodeWithSelector(IPrimaryMarket.UnsolicitedExceeded.selector, 1, 0)
        );
        bytes memory escrow = abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, market);
        address m = address(market);
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (m, bob, 1, CASE)),
            escrow
        );
        _refused(compliance, address(token), abi.encodeCall(IStablecoin.burnByOrder, (m, 1, CASE)), escrow);
        _refused(guardian, address(token), abi.encodeCall(IERC7943Fungible.setFrozenTokens, (m, 1)), escrow);
    }

    // ----------------------------------------------------------------------------------------------- standards

    /// @dev Every signed call has a bytes form that contract accounts can use.
    function test_Sdk11_ContractAccountsSignEverything() public {
        address wallet = address(new Wallet1271(alice));
        vm.prank(alice);
        token.transfer(wallet, 500);
        _passes(stranger, address(token), _permitCall(wallet, _sign(ALICE_KEY, _permitDigest(wallet))));
        uint256 snapshot = vm.snapshotState();
        _passes(stranger, address(token), _transferCall(wallet, _sign(ALICE_KEY, _transferDigest(wallet))));
        vm.revertToState(snapshot);
        _passes(bob, address(token), _receiveCall(wallet, _sign(ALICE_KEY, _receiveDigest(wallet))));
        vm.revertToState(snapshot);
        _passes(stranger, address(token), _cancelCall(wallet, _sign(ALICE_KEY, _cancelDigest(wallet))));
        _passes(stranger, address(market), _redeemCall(wallet, _sign(ALICE_KEY, _redeemDigest(wallet))));
        vm.assertEq(token.balanceOf(wallet), 250, "balance");
    }

    /// @dev One view of why not, spelt once: the errors that the call itself reverts with.
    function test_Sdk13_OneViewOfEveryReason() public {
        MintOrder memory order = _order(bob, 1);
        _freezeAccount(bob);
        vm.prank(guardian);
        token.pause();
        vm.prank(guardian);
        market.stopMinting();
        bytes[] memory refusals = market.explain(order, operator);
        vm.assertEq(refusals.length, 3, "three");
        vm.assertEq(bytes32(refusals[0]), IPrimaryMarket.MintingIsStopped.selector, "stopped");
        vm.assertEq(bytes32(refusals[1]), IRegulatedERC20.TokenPaused.selector, "paused");
        vm.assertEq(
            refusals[2], abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, bob), "frozen"
        );
        bytes memory call = abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(order))));
        _refused(operator, address(market), call, refusals[0]);
        vm.assertFalse(token.canTransfer(alice, bob, 1), "for transfers the standard's");
        vm.assertFalse(token.canReceive(bob), "views");
        vm.assertTrue(token.canSend(alice), "say so");
    }

    function test_Sdk14_ForceToSelfZeroAndAll() public {
        _freeze(alice, 700);
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, alice, 1000, CASE)),
            abi.encodeWithSelector(IRegulatedERC20.ForcedTransferToSelf.selector, alice)
        );
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 0, CASE);
        vm.assertEq(token.getFrozenTokens(alice), 700, "nothing is unfrozen by either");
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 1000, CASE);
        vm.assertEq(token.getFrozenTokens(alice), 0, "used up by the whole balance");
        vm.assertEq(token.getFrozenTokens(bob), 0, "and it does not travel");
        _refused(
            compliance,
            address(token),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, bob, 1, CASE)),
            abi.encodeWithSignature("ERC20InsufficientBalance(address,uint256,uint256)", alice, 0, 1)
        );
    }

    function test_Sdk15_SignedTransfersAndARateLimit() public {
        _passes(stranger, address(token), _transferCall(alice, _sign(ALICE_KEY, _transferDigest(alice))));
        vm.assertTrue(token.authorizationState(alice, NONCE), "EIP-3009");
        (uint256 limit, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(limit - available, 1000, "rolling limit");
        vm.warp(block.timestamp + 1 days);
        (, available) = market.operatorLimit(operator);
        vm.assertEq(available, limit, "refilled in a day");
    }
}
