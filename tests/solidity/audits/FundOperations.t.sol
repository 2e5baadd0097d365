// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {
    InvestorClass,
    Wallet,
    WalletEntry,
    WalletKind
} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {
    ApprovalTier,
    IPrimaryMarket,
    Redemption,
    RedemptionStatus
} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {AuditSuite} from "../support/AuditSuite.sol";
import {RevertingFeed} from "../support/Feeds.sol";
import {Vm, vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice docs/audits.md, "Funds and security tokens", rows 21 to 41 as far as they apply to what there is.
contract FundOperationsTest is AuditSuite {
    // ------------------------------------------------------------------------------------------- once, and limits

    /// @dev One order, every end that it could have, each tried after each.
    function test_Row21_ARedemptionEndsOnce() public {
        for (uint256 end = 0; end < 4; ++end) {
            uint256 snapshot = vm.snapshotState();
            uint256 id = _request(alice, 100);
            if (end == 3) _freezeAccount(alice);
            vm.assertTrue(_end(id, end), "the first end");
            for (uint256 next = 0; next < 4; ++next) {
                vm.assertFalse(_end(id, next), "a second end");
            }
            uint256 back = end == 0 || end == 1 ? 100 : 0;
            vm.assertEq(token.balanceOf(alice), 900 + back, "given back at most once");
            vm.assertEq(token.burned(), end == 2 ? 100 : 0, "burned at most once");
            vm.revertToState(snapshot);
        }
    }

    function _end(uint256 id, uint256 how) private returns (bool ok) {
        bytes memory call;
        if (how == 0) call = abi.encodeCall(IPrimaryMarket.cancelRedemption, (id));
        if (how == 1) call = abi.encodeCall(IPrimaryMarket.rejectRedemptions, (_ids(id), REASON));
        if (how == 2) {
            Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 1);
            call = abi.encodeCall(IPrimaryMarket.acceptRedemptions, (_ids(id), approvals));
        }
        if (how == 3) call = abi.encodeCall(IPrimaryMarket.seizeEscrow, (id, bob, CASE));
        address[4] memory who = [alice, operator, operator, compliance];
        vm.prank(who[how]);
        (ok,) = address(market).call(call);
    }

    /// @dev Another period, cap, tier or limit neither frees nor traps what is under way.
    function test_Row22_ChangesMidwayNeitherFreeNorTrap() public {
        uint256 id = _request(alice, 100);
        _mint(bob, 999_000e6);
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (30 days)));
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOrderCap, (1)));
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, 1)));
        (, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(available, 0, "what was used stays used");
        _accept(_ids(id));
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (1)));
        _pay(_ids(id));
        _status(id, RedemptionStatus.Paid);
        vm.assertEq(market.countOverdue(1, 1), 0, "paid is not overdue");
    }

    function test_Row23_ALimitBelowWhatIsUsedDoesNotUnderflowNorLock() public {
        _mint(bob, 1_000_000e6 - 1000);
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, 10e6)));
        (uint256 limit, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(limit, 10e6, "limit");
        vm.assertEq(available, 0, "no room, and no revert");
        _attestLater(2_000_000e6);
        _mintRefused(
            bob, 1, abi.encodeWithSelector(IPrimaryMarket.OperatorLimitExceeded.selector, operator, 0, 1)
        );
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setOperatorLimit, (operator, 5_000_000e6)));
        _mint(bob, 1);
        _govern(address(token), abi.encodeCall(IStablecoin.setBuffer, (10_000)));
        vm.assertEq(token.headroom(), 0, "a ceiling below what was minted");
        _redeem(alice, 1000);
    }

    function test_Row24_TheLastUnitLeaves() public {
        _redeem(alice, 999);
        _redeem(alice, 1);
        vm.assertEq(token.totalSupply(), 0, "no minimum traps a remainder");
    }

    /// @dev One order, several in a batch, several batches in a call: each unit fills the bucket once, and a burn gives
    /// nothing back.
    function test_Row25_EveryMintCountsAgainstTheLimit() public {
        (, uint256 start) = market.operatorLimit(operator);
        _mint(alice, 5);
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (_order(alice, 6), _order(bob, 7));
        MintBatch[] memory batches = new MintBatch[](2);
        (batches[0], batches[1]) = (_batch(orders)[0], _batch(_one(_order(bob, 8)))[0]);
        _send(batches);
        (, uint256 available) = market.operatorLimit(operator);
        vm.assertEq(start - available, 26, "each once");
        _redeem(bob, 15);
        (, available) = market.operatorLimit(operator);
        vm.assertEq(start - available, 26, "a redemption gives nothing back");
    }

    /// @dev A value has one instant and a later one only; an order number and a payout happen once; a payout names its
    /// payment. That no two payouts name the same is the ledger's rule.
    function test_Row26_NoIdIsUnsetOrUsedTwice() public {
        vm.warp(START + 10);
        _publishRefused(
            1_000_000e6,
            START - 1,
            abi.encodeWithSelector(IAttestedFeed.AttestationNotNewer.selector, START - 1, START - 1)
        );
        Attestation memory a = Attestation({value: 1, asOf: uint64(START + 5), report: 0});
        _refused(
            stranger,
            address(feed),
            abi.encodeCall(IAttestedFeed.publish, (a, new Signature[](0))),
            abi.encodeWithSelector(IAttestedFeed.ReportMissing.selector)
        );
        MintBatch[] memory batches = _batch(_one(_order(alice, 1)));
        _send(batches);
        _refused(
            operator,
            address(market),
            abi.encodeCall(IPrimaryMarket.mint, (batches)),
            abi.encodeWithSelector(IPrimaryMarket.OrderAlreadyExecuted.selector, batches[0].orders[0].number)
        );
        uint256 id = _request(alice, 10);
        _accept(_ids(id));
        _refused(
            treasurer,
            address(market),
            abi.encodeCall(IPrimaryMarket.recordPayouts, (_ids(id), new bytes32[](1))),
            abi.encodeWithSelector(IPrimaryMarket.PaymentReferenceMissing.selector, id)
        );
        _pay(_ids(id));
        bytes32[] memory references = new bytes32[](1);
        references[0] = REFERENCE;
        _refused(
            treasurer,
            address(market),
            abi.encodeCall(IPrimaryMarket.recordPayouts, (_ids(id), references)),
            abi.encodeWithSelector(
                IPrimaryMarket.RedemptionInStatus.selector,
                id,
                RedemptionStatus.Paid,
                RedemptionStatus.Accepted
            )
        );
    }

    function test_Row27_AFrontRunPermitBricksNothing_AndTheDomainFollowsTheChain() public {
        bytes32 digest = _typed(abi.encode(PERMIT, alice, market, 250, 0, UNTIL));
        bytes memory permit = abi.encodeWithSignature(
            PERMIT_BYTES, alice, address(market), 250, UNTIL, _sign(ALICE_KEY, digest)
        );
        _passes(stranger, address(token), permit);
        vm.prank(alice);
        market.requestRedemption(250, REFERENCE);
        bytes32 domain = token.DOMAIN_SEPARATOR();
        vm.chainId(1);
        vm.assertTrue(token.DOMAIN_SEPARATOR() != domain, "domain");
    }

    // ------------------------------------------------------------------------------------------------ operations

    /// @dev The feed is the one part that can be taken away or fail: it stops mints, and the governor replaces it.
    function test_Row30_AFailingFeedBlocksMintsOnly_AndIsReplaced() public {
        address failing = address(new RevertingFeed(6));
        _govern(address(token), abi.encodeCall(IStablecoin.setFeed, (failing)));
        _refused(
            operator,
            address(market),
            abi.encodeCall(IPrimaryMarket.mint, (_batch(_one(_order(alice, 1))))),
            abi.encodeWithSelector(RevertingFeed.Unwilling.selector)
        );
        vm.prank(alice);
        token.transfer(bob, 1);
        _redeem(alice, 10);
        vm.prank(compliance);
        token.burnByOrder(alice, 1, CASE);
        _govern(address(token), abi.encodeCall(IStablecoin.setFeed, (address(feed))));
        _attest(1_000_000e6);
        _mint(alice, 1);
        _refused(
            failing,
            address(token),
            abi.encodeCall(IStablecoin.discharge, (1)),
            abi.encodeWithSelector(IStablecoin.CallerIsNotMarket.selector, failing)
        );
    }

    function test_Row31_EverySwitchHasItsInverseAndItsEvent() public {
        address t = address(token);
        address m = address(market);
        address f = address(feed);
        _switch(guardian, t, abi.encodeCall(IRegulatedERC20.pause, ()), IRegulatedERC20.Paused.selector);
        _governSwitch(t, abi.encodeCall(IRegulatedERC20.resume, ()), IRegulatedERC20.Resumed.selector);
        _switch(
            guardian,
            m,
            abi.encodeCall(IPrimaryMarket.stopMinting, ()),
            IPrimaryMarket.MintingStopped.selector
        );
        _governSwitch(
            m, abi.encodeCall(IPrimaryMarket.resumeMinting, ()), IPrimaryMarket.MintingResumed.selector
        );
        _switch(guardian, f, abi.encodeCall(IAttestedFeed.suspend, ()), IAttestedFeed.Suspended.selector);
        _governSwitch(f, abi.encodeCall(IAttestedFeed.resume, ()), IAttestedFeed.Resumed.selector);
        _switch(
            guardian,
            f,
            abi.encodeCall(IAttestedFeed.suspendAttestor, (attestor(0))),
            IAttestedFeed.AttestorSuspended.selector
        );
        _governSwitch(
            f,
            abi.encodeCall(IAttestedFeed.setAttestors, (_attestors(), 2)),
            IAttestedFeed.AttestorsChanged.selector
        );
        _switch(
            guardian,
            t,
            abi.encodeCall(IERC7943Fungible.setFrozenTokens, (alice, 5)),
            IERC7943Fungible.Frozen.selector
        );
        _switch(
            compliance,
            t,
            abi.encodeCall(IRegulatedERC20.unfreeze, (alice, 0, CASE)),
            IERC7943Fungible.Frozen.selector
        );
        _governSwitch(
            t, abi.encodeCall(IERC1643.setDocument, (CASE, "uri", REPORT)), IERC1643.DocumentUpdated.selector
        );
        _governSwitch(t, abi.encodeCall(IERC1643.removeDocument, (CASE)), IERC1643.DocumentRemoved.selector);
        _governSwitch(t, abi.encodeCall(IStablecoin.setBuffer, (5)), IStablecoin.BufferChanged.selector);
        _governSwitch(t, abi.encodeCall(IStablecoin.setBuffer, (0)), IStablecoin.BufferChanged.selector);
        _attest(1_000_000e6);
        _mint(alice, 1);
    }

    function _switch(address who, address target, bytes memory data, bytes32 event_) private {
        vm.recordLogs();
        _passes(who, target, data);
        vm.assertEq(vm.getRecordedLogs()[0].topics[0], event_, "event");
    }

    function _governSwitch(address target, bytes memory data, bytes32 event_) private {
        _ready(governor, target, data);
        vm.recordLogs();
        vm.prank(governor);
        manager.execute(target, data);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool found = false;
        for (uint256 i = 0; i < logs.length; ++i) {
            found = found || (logs[i].emitter == target && logs[i].topics[0] == event_);
        }
        vm.assertTrue(found, "event");
    }

    /// @dev A role that was taken and given again has the new delay from the start, not the old one.
    function test_Row31_ARoleGrantedAgainKeepsNoOldDelay() public {
        vm.prank(guardian);
        gate.revokeRole(Roles.GOVERNOR, governor);
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.GOVERNOR, governor, 7 days)));
        (bool isMember, uint32 delay) = manager.hasRole(Roles.GOVERNOR, governor);
        vm.assertTrue(isMember, "member");
        vm.assertEq(delay, 7 days, "the new delay at once");
        vm.prank(guardian);
        gate.revokeRole(Roles.OPERATOR, operator);
        _administer(abi.encodeCall(AccessManager.grantRole, (Roles.OPERATOR, operator, 0)));
        _attest(1_000_000e6);
        _mint(alice, 1);
    }

    function test_Row32_ForceWorksAlthoughVerificationLapsed() public {
        vm.warp(UNTIL + 1);
        vm.assertFalse(registry.isVerified(alice), "lapsed");
        vm.prank(compliance);
        token.forcedTransfer(alice, bob, 100, CASE);
        vm.prank(compliance);
        token.burnByOrder(alice, 100, CASE);
        _redeem(alice, 800);
        vm.assertEq(token.balanceOf(alice), 0, "all three");
    }

    // ------------------------------------------------------------------------------------- upgrades and storage

    function test_Row34_AnUpgradeKeepsStorage_AndTheImplementationIsClosed() public {
        _freeze(alice, 10);
        address next = _create("Mocks.sol:StablecoinV2", abi.encode(manager));
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        _ready(upgrader, address(token), data);
        _passes(upgrader, address(token), data);
        vm.assertEq(token.balanceOf(alice), 1000, "balance");
        vm.assertEq(token.getFrozenTokens(alice), 10, "frozen");
        vm.assertEq(token.market(), address(market), "market");
        bytes memory closed = abi.encodeWithSelector(Initializable.InvalidInitialization.selector);
        _refused(stranger, next, abi.encodeCall(Stablecoin.initialize, ()), closed);
        vm.assertEq(_newToken().totalSupply(), 0, "and a fresh one deploys");
    }

    /// @dev Acceptance costs the same a piece for few and for many, whatever else is open, and can be split and sent in
    /// any order.
    function test_Row35_AcceptanceIsBoundedSplitAndOrderFree() public {
        uint256[] memory ids = new uint256[](40);
        for (uint256 i = 0; i < 40; ++i) {
            ids[i] = _request(alice, 5);
        }
        uint256 snapshot = vm.snapshotState();
        uint256 few = _gasToAccept(_slice(ids, 10, 20));
        vm.revertToState(snapshot);
        uint256 many = _gasToAccept(ids);
        vm.assertLe(many, 4 * few, "linear");
        vm.assertEq(token.burned(), 200, "at once");
        vm.revertToState(snapshot);
        _accept(_slice(ids, 30, 40));
        uint256[] memory backwards = _slice(ids, 0, 30);
        for (uint256 i = 0; i < 15; ++i) {
            (backwards[i], backwards[29 - i]) = (backwards[29 - i], backwards[i]);
        }
        _accept(backwards);
        vm.assertEq(token.burned(), 200, "in parts and backwards");
    }

    function _slice(uint256[] memory all, uint256 from, uint256 to)
        private
        pure
        returns (uint256[] memory part)
    {
        part = new uint256[](to - from);
        for (uint256 i = from; i < to; ++i) {
            part[i - from] = all[i];
        }
    }

    function _gasToAccept(uint256[] memory ids) private returns (uint256 used) {
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(ids), 1);
        vm.prank(operator);
        uint256 before = gasleft();
        market.acceptRedemptions(ids, approvals);
        used = before - gasleft();
    }

    /// @dev A request keeps who asked. No other wallet takes it back, and freezing the asker is enough.
    function test_Row36_ARequestRemembersItsHolder() public {
        bytes memory signature = _sign(ALICE_KEY, _redeemDigest(alice));
        vm.prank(bob);
        uint256 id = _requestSigned(alice, signature);
        _refused(
            bob,
            address(market),
            abi.encodeCall(IPrimaryMarket.cancelRedemption, (id)),
            abi.encodeWithSelector(IPrimaryMarket.NotRedemptionHolder.selector, id, bob, alice)
        );
        _freezeAccount(alice);
        _acceptRefused(id, abi.encodeWithSelector(IPrimaryMarket.RedemptionHolderFrozen.selector, id, alice));
        _mintRefused(alice, 1, abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice));
    }

    /// @dev Basis points and seconds to the last unit: values at which a division before a multiplication would differ.
    function test_Row37_BoundsAndAgesHaveNoSlack() public {
        uint256[3] memory values = [uint256(9999), 123_457, 1_000_003];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 value = values[i];
            _attestLater(value);
            uint256 rise = value + value * 1000 / 10_000;
            uint256 fall = value - value * 2000 / 10_000;
            vm.assertEq(feed.requiredSignatures(rise), 2, "at the rise");
            vm.assertEq(feed.requiredSignatures(rise + 1), 3, "above it");
            vm.assertEq(feed.requiredSignatures(fall), 2, "at the fall");
            vm.assertEq(feed.requiredSignatures(fall - 1), 3, "below it");
        }
        uint32[3] memory ages = [uint32(31 days), 200 days, 366 days];
        for (uint256 i = 0; i < 3; ++i) {
            _govern(address(feed), abi.encodeCall(IAttestedFeed.setLimits, (ages[i], 1, 1)));
            _attestLater(5000);
            vm.warp(block.timestamp - 1 + ages[i]);
            vm.assertEq(token.headroom(), 4000, "fresh to the last second");
            vm.warp(block.timestamp + 1);
            vm.assertEq(token.headroom(), 0, "and not one more");
        }
    }

    /// @dev Whatever goes in as a struct comes out of the views.
    function test_Row38_EveryFieldIsStored() public {
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0].account = stranger;
        entries[0].wallet = Wallet({
            investor: bytes16(type(uint128).max),
            verifiedUntil: type(uint40).max,
            country: type(uint16).max,
            class: InvestorClass.Institutional,
            kind: WalletKind.Platform
        });
        vm.prank(registrar);
        registry.setWallets(entries);
        vm.assertEq(abi.encode(registry.walletOf(stranger)), abi.encode(entries[0].wallet), "wallet");
        ApprovalTier[] memory tiers = new ApprovalTier[](4);
        for (uint8 i = 0; i < 4; ++i) {
            tiers[i] = ApprovalTier({upTo: type(uint112).max - 3 + i, approvals: 252 + i});
        }
        _govern(address(market), abi.encodeCall(IPrimaryMarket.setApprovalTiers, (tiers)));
        vm.assertEq(abi.encode(market.approvalTiers()), abi.encode(tiers), "tiers");
        uint32 most = type(uint32).max;
        _govern(address(feed), abi.encodeCall(IAttestedFeed.setLimits, (most, most - 1, most - 2)));
        (uint32 rise, uint32 fall) = feed.bounds();
        vm.assertEq(feed.maxAge(), most, "age");
        vm.assertEq(rise, most - 1, "rise");
        vm.assertEq(fall, most - 2, "fall");
        Attestation memory a = Attestation({
            value: type(uint112).max, asOf: uint64(block.timestamp - 1), report: bytes32(type(uint256).max)
        });
        uint80 round = feed.publish(a, _signatures(attestorKeys, feed.attestationDigest(a), 3));
        (, int256 answer,, uint256 updatedAt,) = feed.getRoundData(round);
        vm.assertEq(uint256(answer), a.value, "value");
        vm.assertEq(updatedAt, a.asOf, "instant");
        vm.assertEq(feed.roundReport(round), a.report, "report");
        vm.assertEq(feed.roundPostedAt(round), block.timestamp, "posted");
        Redemption memory request = market.redemption(_request(alice, 123));
        vm.assertEq(
            abi.encode(request),
            abi.encode(
                Redemption({
                    holder: alice,
                    requestedAt: uint40(block.timestamp),
                    status: RedemptionStatus.Requested,
                    amount: 123
                })
            ),
            "request"
        );
    }

    // --------------------------------------------------------------------------------------------- ways forward

    /// @dev No loop of a holder's runs over its requests: with two hundred open, any one of them ends as cheaply.
    function test_Row40_ManyOpenRequestsTrapNobody() public {
        uint256 first = _request(alice, 1);
        uint256 snapshot = vm.snapshotState();
        uint256 alone = _gasToCancel(first);
        vm.revertToState(snapshot);
        for (uint256 i = 0; i < 200; ++i) {
            _request(alice, 1);
        }
        vm.assertLe(_gasToCancel(first), alone, "as cheap");
        _accept(_ids(201));
        vm.prank(alice);
        market.cancelRedemption(100);
    }

    function _gasToCancel(uint256 id) private returns (uint256 used) {
        vm.prank(alice);
        uint256 before = gasleft();
        market.cancelRedemption(id);
        used = before - gasleft();
    }

    /// @dev Late or not, with the desk's help or without: stopped, stale, wound down.
    function test_Row41_TheHolderAloneWithdrawsWhatIsNotAccepted() public {
        uint256 id = _request(alice, 1000);
        vm.prank(guardian);
        market.stopMinting();
        vm.prank(guardian);
        feed.suspend();
        vm.prank(guardian);
        gate.revokeRole(Roles.OPERATOR, operator);
        _govern(address(market), abi.encodeCall(IPrimaryMarket.windDown, ()));
        vm.warp(block.timestamp + 14 days);
        vm.assertEq(market.countOverdue(1, id), 1, "overdue");
        vm.prank(alice);
        market.cancelRedemption(id);
        vm.assertEq(token.balanceOf(alice), 1000, "hers");
    }
}
