// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AuditSuite} from "../support/AuditSuite.sol";
import {AggregatorReader, PlainAggregator} from "../support/Feeds.sol";
import {Wallet1271} from "../support/Mocks.sol";
import {Vm, vm} from "../support/Vm.sol";

/// @notice docs/audits.md, "Stablecoins and issuance SDKs": the rows that are about contracts, a test for each.
contract StablecoinTableTest is AuditSuite {
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

    /// @dev Behind the proxy, with the proxy's address and the chain's id, computed when it is asked for.
    function test_Sdk17_TheDomainIsComputedThroughTheProxy() public {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        for (uint256 chain = 31_337; chain < 31_340; ++chain) {
            vm.chainId(chain);
            vm.assertEq(
                token.DOMAIN_SEPARATOR(),
                keccak256(
                    abi.encode(typehash, keccak256("Demo Coin"), keccak256("1"), chain, address(token))
                ),
                "domain"
            );
        }
    }

    function test_Sdk18_BadSignaturesAreSkipped_AndTheDigestIsPublic() public {
        vm.warp(START + 10);
        Attestation memory a = _attestation(1_000_000e6, START + 5);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("AttestedFeed"),
                keccak256("1"),
                block.chainid,
                address(feed)
            )
        );
        bytes32 structure = keccak256(
            abi.encode(
                keccak256("Attestation(uint128 value,uint64 asOf,bytes32 report)"), a.value, a.asOf, a.report
            )
        );
        bytes32 digest = keccak256(bytes.concat(hex"1901", domain, structure));
        vm.assertEq(feed.attestationDigest(a), digest, "what signers sign");
        Signature[] memory list = _signatures(attestorKeys, digest, 3);
        list[0].data = hex"00";
        vm.assertEq(feed.publish(a, list), 2, "one bad of three");
    }

    /// @dev What issuers asked for on top of a neutral core is in the core.
    function test_Sdk19_FreezePauseAndForce() public {
        _freezeAccount(alice);
        vm.assertFalse(token.canSend(alice), "freeze");
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 10, CASE);
        vm.assertEq(token.balanceOf(bob), 10, "force");
        vm.prank(guardian);
        token.pause();
        vm.assertFalse(token.canTransfer(bob, carol, 1), "pause");
    }

    // --------------------------------------------------------------------------------- what one issuer mended

    /// @dev Six or eighteen decimals: a feed of the wrong ones is refused, not scaled.
    function test_Sdk20_ADecimalsSlipIsRefused() public {
        address eighteen = address(_newFeed(18));
        bytes memory call = abi.encodeCall(IStablecoin.setFeed, (eighteen));
        _ready(governor, address(token), call);
        vm.prank(governor);
        vm.expectRevert(abi.encodeWithSelector(IStablecoin.FeedDecimalsMismatch.selector, 18, 6));
        manager.execute(address(token), call);
    }

    function test_Sdk20_BothDirectionsAreBlocked() public {
        _freezeAccount(alice);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice));
        token.transfer(bob, 1);
        _mint(bob, 5);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice));
        token.transfer(alice, 1);
    }

    /// @dev The limit counts a batch's total; the cap counts each order of it; neither is passed by splitting.
    function test_Sdk20_ABatchDoesNotPassTheLimit() public {
        vm.warp(START + 60);
        _attest(100_000_000e6);
        MintOrder[] memory orders = new MintOrder[](6);
        for (uint256 i = 0; i < 6; ++i) {
            orders[i] = _order(alice, 1_000_000e6);
        }
        (, uint256 available) = market.operatorLimit(operator);
        bytes memory refusal = abi.encodeWithSelector(
            IPrimaryMarket.OperatorLimitExceeded.selector, operator, available, 6_000_000e6
        );
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (_batch(orders))), refusal);
        MintBatch[] memory batches = new MintBatch[](6);
        for (uint256 i = 0; i < 6; ++i) {
            batches[i] = _batch(_one(orders[i]))[0];
        }
        refusal = abi.encodeWithSelector(
            IPrimaryMarket.OperatorLimitExceeded.selector, operator, available - 5_000_000e6, 1_000_000e6
        );
        _refused(operator, address(market), abi.encodeCall(IPrimaryMarket.mint, (batches)), refusal);
    }

    /// @dev Who did it is a topic of every event of a privileged act on an order, a request, a freeze or a setting.
    function test_Sdk20_EventsCarryTheActor() public {
        vm.recordLogs();
        _mint(alice, 5);
        _actorIs(IPrimaryMarket.OrderExecuted.selector, operator);
        uint256 id = _request(alice, 5);
        _accept(_ids(id));
        _actorIs(IPrimaryMarket.RedemptionAccepted.selector, operator);
        _pay(_ids(id));
        _actorIs(IPrimaryMarket.RedemptionPaid.selector, treasurer);
        id = _request(alice, 5);
        _reject(id);
        _actorIs(IPrimaryMarket.RedemptionRejected.selector, operator);
        id = _request(alice, 5);
        _freezeAccount(alice);
        _seize(id, bob);
        _actorIs(IPrimaryMarket.RedemptionSeized.selector, compliance);
        vm.prank(compliance);
        token.burnByOrder(alice, 5, CASE);
        _actorIs(IRegulatedERC20.CaseActed.selector, compliance);
        vm.prank(guardian);
        token.pause();
        _actorIs(IRegulatedERC20.Paused.selector, guardian);
        vm.prank(guardian);
        feed.suspend();
        _actorIs(IAttestedFeed.Suspended.selector, guardian);
    }

    /// @dev Among the logs since the last look is `event_`, with `actor` among its topics.
    function _actorIs(bytes32 event_, address actor) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool found = false;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != event_) continue;
            for (uint256 j = 1; j < logs[i].topics.length; ++j) {
                found = found || logs[i].topics[j] == bytes32(uint256(uint160(actor)));
            }
        }
        vm.assertTrue(found, "the actor");
    }

    /// @dev For every number of decimals the ceiling is the attested figure, unit for unit.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_Sdk21_DecimalsNeverScale(uint8 decimals, uint64 reserve) public {
        _deploy(decimals % 19);
        _attest(reserve);
        vm.assertEq(token.ceiling(), reserve, "unit for unit");
        vm.assertEq(feed.decimals(), token.decimals(), "the same decimals");
    }

    /// @dev Frozen between request and acceptance: it waits. Between acceptance and payout: it is a debt of money, which
    /// the freeze of tokens doesn't touch, and whose payment compliance decides off the chain.
    function test_Sdk22_AHolderFrozenBetweenTheSteps() public {
        uint256 open = _request(alice, 100);
        uint256 accepted = _request(alice, 200);
        _accept(_ids(accepted));
        _freezeAccount(alice);
        _acceptRefused(
            open, abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, open, alice)
        );
        _status(open, RedemptionStatus.Requested);
        _pay(_ids(accepted));
        _status(accepted, RedemptionStatus.Paid);
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        _accept(_ids(open));
        _pay(_ids(open));
        vm.assertEq(token.discharged(), 300, "both");
    }

    /// @dev Attestations go on while the token is paused or the feed suspended; mints don't, and a resumed feed has the
    /// newest of them.
    function test_Sdk24_AttestWhilePausedOrSuspended_ButMintNot() public {
        vm.prank(guardian);
        token.pause();
        vm.prank(guardian);
        feed.suspend();
        vm.warp(START + 60);
        _attest(1_050_000e6);
        vm.assertEq(feed.latestRound(), 2, "attested");
        vm.assertEq(token.headroom(), 0, "suspended");
        _mintRefused(alice, 1, abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector));
        _govern(address(token), abi.encodeCall(IRegulatedERC20.resume, ()));
        _mintRefused(alice, 1, abi.encodeWithSelector(IStablecoin.ReserveStale.selector, START + 59, 0));
        _govern(address(feed), abi.encodeCall(IAttestedFeed.resume, ()));
        vm.assertEq(token.ceiling(), 1_050_000e6, "the newest");
    }

    function test_Sdk25_TheFinalInterfaceIds() public view {
        vm.assertTrue(token.supportsInterface(0x3edbb4c4), "ERC-7943, final");
        vm.assertTrue(type(IERC7943Fungible).interfaceId == bytes4(0x3edbb4c4), "computed");
        vm.assertTrue(type(IERC1643).interfaceId == bytes4(0xecfecec8), "ERC-1643");
        vm.assertTrue(token.supportsInterface(0x01ffc9a7), "ERC-165");
        vm.assertFalse(token.supportsInterface(0xffffffff), "never this one");
    }
}
