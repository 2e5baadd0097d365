// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC7540Deposit, IERC7540Redeem} from "../../../contracts/interfaces/IERC7540.sol";
import {IERC7575} from "../../../contracts/interfaces/IERC7575.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IFundShare, SharePolicy} from "../../../contracts/interfaces/IFundShare.sol";
import {DealingTerms, IFundDesk, IFundVaultTypes} from "../../../contracts/interfaces/IFundVault.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {vm} from "../support/Vm.sol";
import {VaultSuite} from "./VaultSuite.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

/// @notice Bad input, each with its error, nothing lost.
contract VaultRefusalsTest is VaultSuite {
    function setUp() public override {
        super.setUp();
        _announce(10);
    }

    // ------------------------------------------------------------------------------------------- the calendar

    /// @dev T9: the boundary second belongs to the next day, on both sides.
    function test_T9_ARequestAtTheCutOffBelongsToTheNextDay() public {
        _endow(alice, 1000e6, NAV);
        (uint256 day, uint256 cutOff) = vault.openDay();
        vm.warp(cutOff - 1);
        vm.assertEq(_subscribe(alice, 1e6), day, "the last second");
        vm.assertEq(_redeemShares(alice, 1e6), day, "the last second");
        vm.warp(cutOff);
        vm.assertEq(_subscribe(bob, 1e6), day + 1, "the cut-off");
        vm.assertEq(_redeemShares(alice, 1e6), day + 1, "the cut-off");
        vm.warp(cutOff + 1);
        vm.assertEq(_subscribe(bob, 1e6), day + 1, "after it");
    }

    /// @dev T9: priced at the next value even where this day's is published later the same evening.
    function test_T9_ALateOrderGetsTheNextValue() public {
        _subscribe(alice, 1000e6);
        (uint256 day, uint256 cutOff) = vault.openDay();
        vm.warp(cutOff + 1);
        _subscribe(bob, 1000e6);
        vm.prank(dealer);
        vault.closeDay(day);
        _strike(10e8);
        _settle(day);
        _deal(11e8);
        vm.assertEq(_claimShares(alice), 100e6, "in time");
        vm.assertEq(_claimShares(bob), uint256(1000e6) * 1e8 / 11e8, "one second late");
    }

    function test_NotADealingDay() public {
        vm.warp(block.timestamp + 10 * PERIOD);
        vm.assertEq(_open(), 0, "the calendar has run out");
        _refuseRequest(alice, 1, _noDay(10));
        _refuseRedemption(alice, 1, _noDay(10));
        _announce(1);
        vm.assertEq(_subscribe(alice, 1), 11, "it goes on");
    }

    function test_AnnouncedDaysFollowOneAnother() public {
        uint40[] memory none = new uint40[](0);
        _refuseDays(11, none, abi.encodeWithSelector(IFundVaultTypes.InvalidCalendar.selector, 11, 11));
        uint40[] memory list = _cutOffs(1);
        _refuseDays(12, list, abi.encodeWithSelector(IFundVaultTypes.InvalidCalendar.selector, 12, 11));
        _refuseDays(0, list, abi.encodeWithSelector(IFundVaultTypes.InvalidCalendar.selector, 0, 11));
        uint256 last = vault.dealingDay(10).cutOff;
        list[0] = uint40(last);
        _refuseDays(11, list, abi.encodeWithSelector(IFundVaultTypes.CutOffNotLater.selector, last, last));
        list[0] = uint40(block.timestamp);
        _refuseDays(
            1, list, abi.encodeWithSelector(IFundVaultTypes.CutOffNotLater.selector, list[0], list[0])
        );
        vm.warp(vault.dealingDay(1).cutOff);
        list[0] = uint40(block.timestamp + 1);
        _refuseDays(1, list, abi.encodeWithSelector(IFundVaultTypes.InvalidCalendar.selector, 1, 11));
    }

    /// @dev A half day, or a day that a typhoon takes: its requests keep their number and get another cut-off.
    function test_ADayMayBeMovedButNotDropped() public {
        _subscribe(alice, 1000e6);
        uint40[] memory list = _cutOffs(2);
        list[0] += 3 hours;
        vm.prank(dealer);
        vault.announceDays(1, list);
        (uint256 last,,) = vault.progress();
        vm.assertEq(last, 2, "the rest of the calendar is dropped");
        (uint256 day, uint256 cutOff) = vault.openDay();
        vm.assertEq(day, 1, "the day stands");
        vm.assertEq(cutOff, list[0], "later");
        vm.warp(list[0] - 1);
        vm.assertEq(_subscribe(bob, 1), 1, "until then");
        vm.warp(list[0]);
        vm.assertEq(_subscribe(bob, 1), 2, "and not longer");
    }

    function test_NobodyClosedADayAndRequestsGoOn() public {
        vm.warp(vault.dealingDay(3).cutOff);
        vm.assertEq(_subscribe(alice, 1e6), 4, "the first day ahead");
        _close();
        vm.assertEq(_closed(), 1, "days are closed one by one");
        vm.assertEq(_subscribe(alice, 1e6), 4, "still");
    }

    function test_ClosingTooEarlyTwiceOrOutOfOrder() public {
        _refuseDealer(abi.encodeCall(IFundDesk.closeDay, (2)), _outOfOrder(2, 1));
        uint256 cutOff = vault.dealingDay(1).cutOff;
        vm.warp(cutOff - 1);
        bytes memory early = abi.encodeWithSelector(IFundVaultTypes.CutOffNotReached.selector, 1, cutOff);
        _refuseDealer(abi.encodeCall(IFundDesk.closeDay, (1)), early);
        _close();
        _refuseDealer(abi.encodeCall(IFundDesk.closeDay, (1)), _outOfOrder(1, 2));
        vm.warp(vault.dealingDay(10).cutOff);
        while (_closed() != 10) _close();
        _refuseDealer(abi.encodeCall(IFundDesk.closeDay, (11)), _noDay(10));
    }

    // ------------------------------------------------------------------------------------------- settlement

    function test_SettlingTwiceOutOfOrderOrBeforeTheClose() public {
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (1)), _notClosed(1));
        _close();
        _close();
        _strike(NAV);
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (2)), _outOfOrder(2, 1));
        _settle(1);
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (1)), _outOfOrder(1, 2));
        _settle(2);
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (3)), _notClosed(3));
    }

    function test_ForwardPricingIsEnforced() public {
        _subscribe(alice, 1000e6);
        uint256 cutOff = vault.dealingDay(1).cutOff;
        vm.warp(cutOff);
        _publishNav(NAV, cutOff - 1);
        _close();
        bytes memory before =
            abi.encodeWithSelector(IFundVaultTypes.NavBeforeCutOff.selector, cutOff - 1, cutOff);
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (1)), before);
        vm.warp(cutOff + 1);
        _publishNav(NAV, cutOff);
        _settle(1);
        vm.assertEq(vault.dealingDay(1).navAsOf, cutOff, "as of the cut-off is late enough");
    }

    function test_AStaleSuspendedZeroOrHugeValue() public {
        _close();
        bytes memory settle = abi.encodeCall(IFundDesk.settleDay, (1));
        _refuseDealer(settle, abi.encodeWithSelector(IFundVaultTypes.NavStale.selector, 0, 0));
        _strike(NAV);
        uint256 asOf = block.timestamp - 1;
        vm.warp(asOf + MAX_AGE + 1);
        _refuseDealer(settle, abi.encodeWithSelector(IFundVaultTypes.NavStale.selector, asOf, asOf + MAX_AGE));
        _strike(NAV);
        vm.prank(guardian);
        navFeed.suspend();
        asOf = block.timestamp - 1;
        _refuseDealer(settle, abi.encodeWithSelector(IFundVaultTypes.NavStale.selector, asOf, 0));
        _govern(address(navFeed), abi.encodeCall(IAttestedFeed.resume, ()));
        _strike(0);
        _refuseDealer(settle, abi.encodeWithSelector(IFundVaultTypes.NavUnusable.selector, 0));
        _strike(uint256(type(uint80).max) + 1);
        _refuseDealer(settle, abi.encodeWithSelector(IFundVaultTypes.NavUnusable.selector, 1 << 80));
        _strike(NAV);
        _settle(1);
    }

    /// @dev The net asset value is usable to the end of its very last second.
    function test_AValueSettlesAsLongAsItIsFresh() public {
        _close();
        _strike(NAV);
        vm.warp(block.timestamp - 1 + MAX_AGE);
        _settle(1);
        (,, uint256 settled) = vault.progress();
        vm.assertEq(settled, 1, "settled");
    }

    function test_ASwingMakesNothingWorthless() public {
        DealingTerms memory terms = _terms();
        terms.swingBps = 300;
        _setTerms(terms);
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 100e6);
        uint256 day = _close();
        _strike(1);
        bytes memory unusable = abi.encodeWithSelector(IFundVaultTypes.NavUnusable.selector, 1);
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (day)), unusable);
    }

    function test_AShortfallRefusesAndNeverUnderpays() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 100e6);
        _subscribe(bob, 300e6);
        uint256 day = _close();
        _fund(699e6);
        _strike(NAV);
        bytes memory short = abi.encodeWithSelector(IFundVaultTypes.FundingShortfall.selector, 700e6, 699e6);
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (day)), short);
        _fund(1e6);
        _settle(day);
        vm.assertEq(_claimAssets(alice), 1000e6, "in full");
    }

    function test_UnusedFundingGoesBackToCustody() public {
        _fund(500e6);
        bytes memory short = abi.encodeWithSelector(IFundVaultTypes.FundingShortfall.selector, 501e6, 500e6);
        _refusedAs(treasurer, abi.encodeCall(IFundDesk.returnFunding, (501e6)), short);
        vm.prank(treasurer);
        vault.returnFunding(500e6);
        vm.assertEq(_coins(treasury), 500e6, "custody");
        vm.assertEq(vault.funding(), 0, "nothing left");
    }

    function test_SuspensionNamesItsReason() public {
        _subscribe(alice, 1000e6);
        uint256 day = _deal(NAV);
        _subscribe(bob, 1000e6);
        bytes memory missing = abi.encodeWithSelector(IFundVaultTypes.ReasonMissing.selector);
        _refusedAs(guardian, abi.encodeCall(IFundDesk.suspendDealing, (bytes32(0))), missing);
        vm.prank(guardian);
        vault.suspendDealing(REASON);
        bytes memory refusal = abi.encodeWithSelector(IFundVaultTypes.DealingIsSuspended.selector, REASON);
        _refusedAs(guardian, abi.encodeCall(IFundDesk.suspendDealing, (REASON)), refusal);
        _refuseRequest(alice, 1, refusal);
        _refuseRedemption(alice, 1, refusal);
        _close();
        _strike(NAV);
        _refuseDealer(abi.encodeCall(IFundDesk.settleDay, (day + 1)), refusal);
        vm.assertEq(_claimShares(alice), 100e6, "what was settled is claimed");
        _govern(address(vault), abi.encodeCall(IFundDesk.resumeDealing, ()));
        vm.assertEq(vault.suspensionReason(), bytes32(0), "over");
        _settle(day + 1);
        vm.assertEq(_claimShares(bob), 100e6, "and it goes on");
    }

    // ------------------------------------------------------------------------------------------------ requests

    function test_AmountsOutOfBounds() public {
        DealingTerms memory terms = _terms();
        (terms.minSubscription, terms.minRedemption) = (100e6, 10e6);
        _setTerms(terms);
        bytes memory low =
            abi.encodeWithSelector(IFundVaultTypes.SubscriptionBelowMinimum.selector, 100e6 - 1, 100e6);
        _refuseRequest(alice, 100e6 - 1, low);
        _endow(alice, 1000e6, NAV);
        low = abi.encodeWithSelector(IFundVaultTypes.RedemptionBelowMinimum.selector, 10e6 - 1, 10e6);
        _refuseRedemption(alice, 10e6 - 1, low);
        bytes memory empty = abi.encodeWithSelector(IFundVaultTypes.RequestEmpty.selector);
        _refuseRequest(alice, 0, low = abi.encodeWithSelector(IFundVaultTypes.RequestEmpty.selector));
        _refuseRedemption(alice, 0, empty);
        _refuseRedemption(
            alice,
            100e6 + 1,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 100e6, 100e6 + 1)
        );
        uint256 held = _coins(bob);
        _refuseRequest(
            bob,
            held + 1,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, bob, held, held + 1)
        );
    }

    function test_MoreThanIsUnfrozen() public {
        _endow(alice, 1000e6, NAV);
        vm.prank(guardian);
        share.setFrozenTokens(alice, 60e6);
        _refuseRedemption(
            alice,
            40e6 + 1,
            abi.encodeWithSelector(
                IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector, alice, 40e6 + 1, 40e6
            )
        );
        _redeemShares(alice, 40e6);
    }

    function test_AboveTheHoldingLimitTheClaimWaits() public {
        SharePolicy memory policy = _policy();
        policy.maxHolding = 100e6;
        _govern(address(share), abi.encodeCall(IFundShare.setPolicy, (policy)));
        _subscribe(alice, 1000e6 + 10);
        _deal(NAV);
        vm.assertEq(vault.maxDeposit(alice), 0, "refused as a whole");
        bytes memory call = abi.encodeCall(IERC7575.deposit, (1000e6 + 10, alice));
        bytes16 investor = registry.walletOf(alice).investor;
        _refusedAs(
            alice,
            call,
            abi.encodeWithSelector(IFundShare.HoldingAboveMaximum.selector, investor, 100e6 + 1, 100e6)
        );
        vm.prank(alice);
        vault.deposit(1000e6, alice);
        vm.assertEq(_shares(alice), 100e6, "up to the limit");
        vm.assertEq(vault.claimableDepositRequest(1, alice), 10, "the rest is not lost");
    }

    function test_WhoMayNotSubscribe() public {
        _lapse(alice);
        _refuseRequest(
            alice,
            1,
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, alice, block.timestamp - 1)
        );
        _refuseRequest(
            stranger, 1, abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0)
        );
        SharePolicy memory policy = _policy();
        policy.classes = 28;
        _govern(address(share), abi.encodeCall(IFundShare.setPolicy, (policy)));
        _refuseRequest(bob, 1, abi.encodeWithSelector(IFundShare.ClassNotAdmitted.selector, bob, 1));
        vm.prank(guardian);
        share.setFrozenTokens(carol, type(uint128).max);
        _refuseRequest(
            carol, 1, abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, carol)
        );
    }

    function test_APausedCoinOrShareOrAFrozenOwner() public {
        _endow(alice, 1000e6, NAV);
        _freezeAccount(bob);
        _refuseRequest(bob, 1, abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, bob));
        vm.prank(guardian);
        token.pause();
        bytes memory paused = abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector);
        _refuseRequest(alice, 1, paused);
        vm.assertEq(_redeemShares(alice, 1e6), 2, "a redemption moves no coin yet");
        vm.prank(guardian);
        share.pause();
        _refuseRedemption(alice, 1, paused);
    }

    function test_AThirdUnsettledDayIsRefused() public {
        _subscribe(alice, 1e6);
        _close();
        _subscribe(alice, 1e6);
        _subscribe(alice, 1e6);
        _close();
        _refuseRequest(
            alice, 1, abi.encodeWithSelector(IFundVaultTypes.TooManyUnsettledDays.selector, alice, 1, 2)
        );
        _strike(NAV);
        _settle(1);
        vm.assertEq(_subscribe(alice, 1e6), 3, "once the first has its price");
    }

    function test_RequestsOfOthers() public {
        bytes memory call = abi.encodeCall(IERC7540Deposit.requestDeposit, (1e6, alice, alice));
        bytes memory refusal = abi.encodeWithSelector(IFundVaultTypes.NotOperator.selector, alice, bob);
        _refusedAs(bob, call, refusal);
        vm.prank(carol);
        vault.setOperator(bob, true);
        _refusedAs(bob, call, refusal);
        vm.prank(alice);
        vault.setOperator(bob, true);
        vm.prank(bob);
        vault.requestDeposit(1e6, alice, alice);
        call = abi.encodeCall(IERC7540Deposit.requestDeposit, (1e6, bob, alice));
        _refusedAs(bob, call, abi.encodeWithSelector(IFundVaultTypes.NotSameInvestor.selector, bob, alice));
        vm.prank(alice);
        vault.requestDeposit(1e6, alice2, alice);
        vm.prank(alice);
        vault.setOperator(bob, false);
        _refusedAs(bob, abi.encodeCall(IERC7540Deposit.requestDeposit, (1e6, alice, alice)), refusal);
    }

    // ------------------------------------------------------------------------------------------------- claims

    function test_DoubleClaimsAndClaimsByStrangers() public {
        _subscribe(alice, 1000e6);
        _deal(NAV);
        bytes memory call = abi.encodeCall(IERC7540Deposit.deposit, (1000e6, alice, alice));
        _refusedAs(bob, call, abi.encodeWithSelector(IFundVaultTypes.NotOperator.selector, alice, bob));
        vm.prank(carol);
        vault.setOperator(bob, true);
        _refusedAs(bob, call, abi.encodeWithSelector(IFundVaultTypes.NotOperator.selector, alice, bob));
        _refusedAs(
            alice,
            abi.encodeCall(IERC7540Deposit.deposit, (1000e6 + 1, alice, alice)),
            abi.encodeWithSelector(IFundVaultTypes.ClaimExceeded.selector, alice, 1000e6 + 1, 1000e6)
        );
        _claimShares(alice);
        _refusedAs(
            alice, call, abi.encodeWithSelector(IFundVaultTypes.ClaimExceeded.selector, alice, 1000e6, 0)
        );
        _refusedAs(
            alice,
            abi.encodeCall(IERC7540Deposit.mint, (1, alice, alice)),
            abi.encodeWithSelector(IFundVaultTypes.ClaimExceeded.selector, alice, 1, 0)
        );
    }

    function test_AClaimGoesToTheInvestorsOwnWallets() public {
        _subscribe(alice, 1000e6);
        _deal(NAV);
        _refusedAs(
            alice,
            abi.encodeCall(IERC7540Deposit.deposit, (1000e6, bob, alice)),
            abi.encodeWithSelector(IFundVaultTypes.NotSameInvestor.selector, alice, bob)
        );
        vm.prank(alice);
        vault.deposit(400e6, alice2, alice);
        vm.prank(alice);
        vault.setOperator(carol, true);
        vm.prank(carol);
        vault.deposit(600e6, alice, alice);
        vm.assertEq(_shares(alice2), 40e6, "another wallet of hers");
        vm.assertEq(_shares(alice), 60e6, "by her operator");
    }

    function test_ProceedsGoToTheInvestorsOwnWallets() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 50e6);
        _fund(500e6);
        _deal(NAV);
        uint256 before = _coins(alice2);
        vm.prank(alice);
        vault.redeem(50e6, alice2, alice);
        vm.assertEq(_coins(alice2), before + 500e6, "another wallet of hers");
    }

    function test_APauseBetweenRequestAndClaimLosesNothing() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 50e6);
        _subscribe(bob, 1000e6);
        _deal(NAV);
        vm.prank(guardian);
        token.pause();
        vm.prank(guardian);
        share.pause();
        vm.assertEq(vault.maxRedeem(alice), 0, "nothing now");
        vm.assertEq(vault.maxDeposit(bob), 0, "nothing now");
        bytes memory paused = abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector);
        _refusedAs(alice, abi.encodeCall(IERC7575.redeem, (50e6, alice, alice)), paused);
        _refusedAs(bob, abi.encodeCall(IERC7575.deposit, (1000e6, bob)), paused);
        _refuseDealer(abi.encodeCall(IFundDesk.pushAssets, (_list(alice))), paused);
        _refuseDealer(abi.encodeCall(IFundDesk.pushCancelled, (_list(alice))), paused);
        _refuseDealer(abi.encodeCall(IFundDesk.pushShares, (2, _list(bob))), paused);
        _govern(address(token), abi.encodeCall(IRegulatedERC20.resume, ()));
        _govern(address(share), abi.encodeCall(IRegulatedERC20.resume, ()));
        vm.assertEq(_claimAssets(alice), 500e6, "later");
        vm.assertEq(_claimShares(bob), 100e6, "later");
    }

    // ------------------------------------------------------------------------------------------------- settings

    function test_TermsHaveHardCaps() public {
        for (uint256 i = 0; i < 6; ++i) {
            DealingTerms memory terms = _terms();
            if (i == 0) terms.entryFeeBps = 501;
            if (i == 1) terms.exitFeeBps = 501;
            if (i == 2) terms.swingBps = 301;
            if (i == 3) terms.swingThresholdBps = 10_001;
            if (i == 4) terms.gateBps = 99;
            if (i == 5) terms.overdueAfter = 0;
            bytes memory call = abi.encodeCall(IFundDesk.setTerms, (terms));
            _ready(governor, address(vault), call);
            vm.prank(governor);
            (bool ok, bytes memory reason) =
                address(manager).call(abi.encodeCall(manager.execute, (address(vault), call)));
            vm.assertFalse(ok, "beyond the cap");
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IFundVaultTypes.TermOutOfBounds.selector), "cap");
        }
    }

    function test_FeedAndCustodyAreChecked() public {
        AttestedFeed other = _newFeed(6);
        _refuseGovernor(
            abi.encodeCall(IFundDesk.setNavFeed, (address(other))),
            abi.encodeWithSelector(IFundVaultTypes.NavDecimalsMismatch.selector, 6, 8)
        );
        _refuseGovernor(
            abi.encodeCall(IFundDesk.setNavFeed, (stranger)),
            abi.encodeWithSelector(IFundVaultTypes.NotAContract.selector, stranger)
        );
        _refuseGovernor(
            abi.encodeCall(IFundDesk.setCustody, (address(0))),
            abi.encodeWithSelector(IFundVaultTypes.InvalidCustody.selector, address(0))
        );
        _refuseGovernor(
            abi.encodeCall(IFundDesk.setCustody, (address(vault))),
            abi.encodeWithSelector(IFundVaultTypes.InvalidCustody.selector, address(vault))
        );
        _refuseGovernor(
            abi.encodeCall(IFundDesk.resumeDealing, ()),
            abi.encodeWithSelector(IFundVaultTypes.DealingNotSuspended.selector)
        );
        address custody = vm.addr(777);
        _govern(address(vault), abi.encodeCall(IFundDesk.setCustody, (custody)));
        vm.assertEq(vault.custody(), custody, "set");
        vm.assertEq(vault.navFeed(), address(navFeed), "as it was deployed");
        other = _newFeed(8);
        _govern(address(vault), abi.encodeCall(IFundDesk.setNavFeed, (address(other))));
        vm.assertEq(vault.navFeed(), address(other), "another of the same decimals");
    }

    function test_AVaultWithoutTermsFeedOrCustodyOpensNoDay() public {
        address other = address(_newToken());
        bytes memory arguments = abi.encode(manager, share, other, uint8(8));
        address bare = _proxy(_create("FundVault.sol:FundVault", arguments));
        _planRole(bare, IFundDesk.announceDays.selector, Roles.DEALING_MANAGER);
        _carryOut();
        bytes[3] memory steps = [
            abi.encodeCall(IFundDesk.setTerms, (_terms())),
            abi.encodeCall(IFundDesk.setNavFeed, (address(navFeed))),
            abi.encodeCall(IFundDesk.setCustody, (treasury))
        ];
        for (uint256 i = 0; i < 3; ++i) {
            vm.prank(dealer);
            (bool ok, bytes memory reason) =
                bare.call(abi.encodeCall(IFundDesk.announceDays, (1, _cutOffs(1))));
            vm.assertFalse(ok, "something is missing");
            vm.assertEq(reason, abi.encodeWithSelector(IFundVaultTypes.NotConfigured.selector), "refusal");
            _plan(bare, steps[i]);
            _carryOut();
        }
        vm.prank(dealer);
        vm.expectRevert(abi.encodeWithSelector(IFundShare.CallerIsNotVault.selector, bare));
        IFundDesk(bare).announceDays(1, _cutOffs(1));
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (other, bare)));
        vm.prank(dealer);
        IFundDesk(bare).announceDays(1, _cutOffs(1));
    }

    function test_EveryFunctionOfTheDeskAsksForItsRole() public {
        bytes[16] memory calls = [
            abi.encodeCall(IFundDesk.announceDays, (11, _cutOffs(1))),
            abi.encodeCall(IFundDesk.closeDay, (1)),
            abi.encodeCall(IFundDesk.settleDay, (1)),
            abi.encodeCall(IFundDesk.suspendDealing, (REASON)),
            abi.encodeCall(IFundDesk.resumeDealing, ()),
            abi.encodeCall(IFundDesk.setTerms, (_terms())),
            abi.encodeCall(IFundDesk.setNavFeed, (address(navFeed))),
            abi.encodeCall(IFundDesk.setCustody, (treasury)),
            abi.encodeCall(IFundDesk.fundRedemptions, (1)),
            abi.encodeCall(IFundDesk.returnFunding, (1)),
            abi.encodeCall(IFundDesk.pushShares, (1, _list(alice))),
            abi.encodeCall(IFundDesk.pushAssets, (_list(alice))),
            abi.encodeCall(IFundDesk.pushCancelled, (_list(alice))),
            abi.encodeCall(IFundDesk.proposeRelease, (_release(alice, alice, 1, 0, false))),
            abi.encodeCall(IFundDesk.retractRelease, (_release(alice, alice, 1, 0, false))),
            abi.encodeCall(IFundDesk.confirmRelease, (_release(alice, alice, 1, 0, false)))
        ];
        bytes memory refusal =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        for (uint256 i = 0; i < calls.length; ++i) {
            _refusedAs(stranger, calls[i], refusal);
        }
    }

    // ------------------------------------------------------------------------------------------------- inside

    function _refuseRequest(address who, uint256 assets, bytes memory refusal) private {
        _refusedAs(who, abi.encodeCall(IERC7540Deposit.requestDeposit, (assets, who, who)), refusal);
    }

    function _refuseRedemption(address who, uint256 shares, bytes memory refusal) private {
        _refusedAs(who, abi.encodeCall(IERC7540Redeem.requestRedeem, (shares, who, who)), refusal);
    }

    function _refuseDealer(bytes memory call, bytes memory refusal) private {
        _refusedAs(dealer, call, refusal);
    }

    function _refuseDays(uint256 first, uint40[] memory list, bytes memory refusal) private {
        _refuseDealer(abi.encodeCall(IFundDesk.announceDays, (first, list)), refusal);
    }

    function _refuseGovernor(bytes memory call, bytes memory refusal) private {
        _ready(governor, address(vault), call);
        vm.prank(governor);
        (bool ok, bytes memory reason) =
            address(manager).call(abi.encodeCall(manager.execute, (address(vault), call)));
        vm.assertFalse(ok, "went through");
        vm.assertEq(reason, refusal, "refusal");
    }

    function _noDay(uint256 last) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundVaultTypes.NoDealingDay.selector, last);
    }

    function _outOfOrder(uint256 day, uint256 expected) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundVaultTypes.DayOutOfOrder.selector, day, expected);
    }

    function _notClosed(uint256 day) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundVaultTypes.DayNotClosed.selector, day);
    }
}
