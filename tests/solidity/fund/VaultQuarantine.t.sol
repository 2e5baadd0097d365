// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Redeem} from "../../../contracts/interfaces/IERC7540.sol";
import {IERC7575} from "../../../contracts/interfaces/IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../../../contracts/interfaces/IERC7887.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IFundShare, SharePolicy} from "../../../contracts/interfaces/IFundShare.sol";
import {
    DealingTerms,
    IFundDesk,
    IFundVaultTypes,
    Release
} from "../../../contracts/interfaces/IFundVault.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {vm} from "../support/Vm.sol";
import {VaultSuite} from "./VaultSuite.sol";

/// @notice Asking back, and what happens to proceeds that their owner can't be given.
contract VaultQuarantineTest is VaultSuite {
    function setUp() public override {
        super.setUp();
        _announce(30);
    }

    // ------------------------------------------------------------------------------------------- cancellation

    function test_ARequestIsCancelledBeforeItsCutOff() public {
        _subscribe(alice, 1000e6);
        _subscribe(bob, 1e6);
        vm.prank(alice);
        vault.cancelDepositRequest(1, alice);
        vm.assertEq(vault.pendingDepositRequest(1, alice), 0, "no longer pending");
        vm.assertFalse(vault.pendingCancelDepositRequest(1, alice), "nothing to wait for");
        vm.assertEq(vault.claimableCancelDepositRequest(1, alice), 1000e6, "to be claimed");
        vm.assertEq(vault.claimableCancelDepositRequest(2, alice), 0, "of that day only");
        vm.assertEq(vault.subscriptionBook(1).amount, 1e6, "out of the book");
        _refusedAs(
            alice,
            abi.encodeCall(IERC7540Deposit.requestDeposit, (1, alice, alice)),
            abi.encodeWithSelector(IFundVaultTypes.CancellationUnclaimed.selector, alice, 1)
        );
        vm.prank(alice);
        vm.assertEq(vault.claimCancelDepositRequest(1, alice, alice), 1000e6, "claimed");
        vm.assertEq(_coins(alice), COINS, "as before");
        _subscribe(alice, 5e6);
        vm.assertEq(vault.subscriptionBook(1).positions, 2, "and again");
    }

    function test_ARedemptionIsCancelledBeforeItsCutOff() public {
        _endow(alice, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 70e6);
        _lapse(alice);
        vm.prank(alice);
        vault.cancelRedeemRequest(day, alice);
        vm.assertFalse(vault.pendingCancelRedeemRequest(day, alice), "nothing to wait for");
        vm.assertEq(vault.claimableCancelRedeemRequest(day, alice), 70e6, "to be claimed");
        vm.prank(alice);
        vault.claimCancelRedeemRequest(day, alice, alice);
        vm.assertEq(_shares(alice), 100e6, "who lapsed may hold what is his");
    }

    function test_NoCancellationFromTheCutOffOn() public {
        _subscribe(alice, 1000e6);
        uint256 cutOff = vault.dealingDay(1).cutOff;
        vm.warp(cutOff);
        bytes memory call = abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (1, alice));
        bytes memory late = abi.encodeWithSelector(IFundVaultTypes.CutOffPassed.selector, 1, cutOff);
        _refusedAs(alice, call, late);
        _close();
        _refusedAs(alice, call, late);
        _strike(NAV);
        _settle(1);
        _refusedAs(alice, call, abi.encodeWithSelector(IFundVaultTypes.NothingPending.selector, alice, 1));
    }

    function test_OnlyOnesOwnAndOnlyOnce() public {
        _subscribe(alice, 1000e6);
        bytes memory call = abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (1, alice));
        _refusedAs(bob, call, abi.encodeWithSelector(IFundVaultTypes.NotOperator.selector, alice, bob));
        _refusedAs(
            bob,
            abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (1, bob)),
            abi.encodeWithSelector(IFundVaultTypes.NothingPending.selector, bob, 1)
        );
        _refusedAs(
            alice,
            abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (2, alice)),
            abi.encodeWithSelector(IFundVaultTypes.NothingPending.selector, alice, 2)
        );
        vm.prank(alice);
        vault.cancelDepositRequest(1, alice);
        _refusedAs(
            alice, call, abi.encodeWithSelector(IFundVaultTypes.CancellationUnclaimed.selector, alice, 1)
        );
        call = abi.encodeCall(IERC7887Deposit.claimCancelDepositRequest, (1, alice, alice));
        _refusedAs(bob, call, abi.encodeWithSelector(IFundVaultTypes.NotOperator.selector, alice, bob));
        _refusedAs(
            alice,
            abi.encodeCall(IERC7887Deposit.claimCancelDepositRequest, (1, bob, alice)),
            abi.encodeWithSelector(IFundVaultTypes.NotSameInvestor.selector, alice, bob)
        );
        vm.prank(alice);
        vault.claimCancelDepositRequest(1, alice, alice);
        _refusedAs(alice, call, abi.encodeWithSelector(IFundVaultTypes.NothingPending.selector, alice, 1));
    }

    /// @dev The day before is closed and waits for its price; only the open day can be cancelled.
    function test_TheLaterOfTwoRequestsIsCancelled() public {
        _subscribe(alice, 1000e6);
        _close();
        _subscribe(alice, 500e6);
        vm.prank(alice);
        vault.cancelDepositRequest(2, alice);
        vm.assertEq(vault.pendingDepositRequest(1, alice), 1000e6, "the first stands");
        vm.assertEq(vault.subscriptionBook(2).positions, 0, "the second is gone");
        _strike(NAV);
        _settle(1);
        vm.assertEq(_claimShares(alice), 100e6, "the first is claimed");
        vm.prank(alice);
        vm.assertEq(vault.claimCancelDepositRequest(2, alice, alice), 500e6, "the second comes back");
    }

    /// @dev What a gate carried over is the investor's to take back before the next cut-off.
    function test_WhatAGateCarriedOverIsCancelled() public {
        _endow(alice, 1000e6, NAV);
        DealingTerms memory terms = _terms();
        terms.gateBps = 1000;
        _setTerms(terms);
        _redeemShares(alice, 40e6);
        _fund(1000e6);
        uint256 day = _deal(NAV);
        vm.prank(alice);
        vault.cancelRedeemRequest(day + 1, alice);
        vm.prank(alice);
        vm.assertEq(vault.claimCancelRedeemRequest(day + 1, alice, alice), 30e6, "the rest");
        vm.assertEq(_claimAssets(alice), 100e6, "and the part that was redeemed");
        vm.assertEq(vault.redemptionBook(day + 1).positions, 0, "nobody is left");
    }

    // ------------------------------------------------------------------------------------------- quarantine

    /// @dev One lapsed, one frozen, one whole: the whole one is served and nothing is lost.
    function test_OneBadInvestorDoesNotHoldUpTheOthers() public {
        _subscribe(alice, 1000e6);
        _subscribe(bob, 500e6);
        _subscribe(carol, 100e6);
        _deal(NAV);
        _lapse(bob);
        vm.prank(guardian);
        share.setFrozenTokens(alice, type(uint128).max);
        address[] memory list = new address[](4);
        (list[0], list[1], list[2], list[3]) = (alice, bob, carol, stranger);
        vm.expectEmit(address(vault));
        emit IFundVaultTypes.Quarantined(alice, 0, 100e6, dealer);
        vm.expectEmit(address(vault));
        emit IFundVaultTypes.Quarantined(bob, 0, 50e6, dealer);
        vm.expectEmit(address(vault));
        emit IERC7575.Deposit(carol, carol, 100e6, 10e6);
        _pushShares(1, list);
        vm.assertEq(_shares(carol), 10e6, "served");
        _held(alice, 0, 100e6);
        _held(bob, 0, 50e6);
        vm.assertEq(_shares(address(vault)), 150e6, "in the vault");
        vm.assertEq(vault.subscriptionBook(1).positions, 0, "the day is done");
    }

    function test_CoinsOfTheLapsedAndTheFrozenAreQuarantined() public {
        _endow(alice, 1000e6, NAV);
        _endow(bob, 500e6, NAV);
        _endow(carol, 100e6, NAV);
        _redeemShares(alice, 100e6);
        _lapse(bob);
        _redeemShares(bob, 50e6);
        _redeemShares(carol, 10e6);
        _freezeAccount(alice);
        _fund(1600e6);
        _deal(NAV);
        address[] memory list = new address[](3);
        (list[0], list[1], list[2]) = (alice, bob, carol);
        _pushAssets(list);
        vm.assertEq(_coins(carol), COINS, "served");
        _held(alice, 1000e6, 0);
        _held(bob, 500e6, 0);
        vm.assertEq(_coins(address(vault)), 1500e6, "in the vault");
    }

    /// @dev Who pulls keeps the claim until it can be served.
    function test_APulledClaimOfTheLapsedWaits() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        _deal(NAV);
        _lapse(alice);
        vm.assertEq(vault.maxRedeem(alice), 0, "not now");
        bytes memory call = abi.encodeCall(IERC7575.redeem, (100e6, alice, alice));
        bytes memory lapsed =
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, alice, block.timestamp - 1);
        _refusedAs(alice, call, lapsed);
        _verify(alice);
        vm.assertEq(_claimAssets(alice), 1000e6, "once verified again");
    }

    function test_CancelledRequestsOfTheBarredAreQuarantined() public {
        _endow(alice, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 100e6);
        _subscribe(alice, 300e6);
        vm.prank(alice);
        vault.cancelRedeemRequest(day, alice);
        vm.prank(alice);
        vault.cancelDepositRequest(day, alice);
        _freezeAccount(alice);
        vm.prank(guardian);
        share.setFrozenTokens(alice, type(uint128).max);
        _refusedAs(
            alice,
            abi.encodeCall(IERC7887Redeem.claimCancelRedeemRequest, (day, alice, alice)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice)
        );
        vm.prank(dealer);
        vault.pushCancelled(_list(alice, bob));
        _held(alice, 300e6, 100e6);
    }

    function test_PushedCancellationsComeBack() public {
        _endow(alice, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 100e6);
        _subscribe(alice, 300e6);
        vm.prank(alice);
        vault.cancelRedeemRequest(day, alice);
        vm.prank(alice);
        vault.cancelDepositRequest(day, alice);
        vm.prank(dealer);
        vault.pushCancelled(_list(alice, alice));
        vm.assertEq(_shares(alice), 100e6, "shares");
        vm.assertEq(_coins(alice), COINS - 1000e6, "coins");
    }

    // ------------------------------------------------------------------------------------------- release

    function test_TwoHandsRelease() public {
        _quarantineBob();
        Release memory release = _release(bob, bob, 0, 50e6, false);
        _refuseRelease(
            compliance,
            abi.encodeCall(IFundDesk.proposeRelease, (_release(bob, bob, 0, 51e6, false))),
            _notHeld(0, 51e6)
        );
        _refuseRelease(
            compliance,
            abi.encodeCall(IFundDesk.proposeRelease, (_release(bob, bob, 0, 0, false))),
            _notHeld(0, 0)
        );
        Release memory caseless = _release(bob, bob, 0, 50e6, false);
        caseless.caseId = bytes32(0);
        _refuseRelease(
            compliance,
            abi.encodeCall(IFundDesk.proposeRelease, (caseless)),
            abi.encodeWithSelector(IFundVaultTypes.CaseIdMissing.selector)
        );
        bytes memory confirm = abi.encodeCall(IFundDesk.confirmRelease, (release));
        bytes memory unproposed =
            abi.encodeWithSelector(IFundVaultTypes.ReleaseNotProposed.selector, bob, CASE);
        _refuseRelease(treasurer, confirm, unproposed);
        _propose(release);
        vm.assertEq(vault.proposerOf(release), compliance, "first hand");
        Release memory other = _release(bob, alice, 0, 50e6, false);
        _refuseRelease(treasurer, abi.encodeCall(IFundDesk.confirmRelease, (other)), unproposed);
        _refuseRelease(
            treasurer,
            confirm,
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, bob, block.timestamp - 1)
        );
        _verify(bob);
        vm.prank(treasurer);
        vault.confirmRelease(release);
        vm.assertEq(_shares(bob), 50e6, "released");
        _held(bob, 0, 0);
        _refuseRelease(treasurer, confirm, unproposed);
    }

    function test_OneAccountWithBothRolesIsOneHand() public {
        _quarantineBob();
        _administer(abi.encodeCall(manager.grantRole, (3, compliance, 0)));
        Release memory release = _release(bob, bob, 0, 50e6, false);
        _propose(release);
        _refuseRelease(
            compliance,
            abi.encodeCall(IFundDesk.confirmRelease, (release)),
            abi.encodeWithSelector(IFundVaultTypes.SameHand.selector, compliance)
        );
    }

    function test_WhatNobodyProposedIsNotTakenBack() public {
        _quarantineBob();
        Release memory release = _release(bob, bob, 0, 50e6, false);
        _refuseRelease(
            compliance,
            abi.encodeCall(IFundDesk.retractRelease, (release)),
            abi.encodeWithSelector(IFundVaultTypes.ReleaseNotProposed.selector, bob, CASE)
        );
    }

    function test_AProposalIsTakenBack() public {
        _quarantineBob();
        Release memory release = _release(bob, bob, 0, 50e6, false);
        _propose(release);
        vm.prank(compliance);
        vault.retractRelease(release);
        vm.assertEq(vault.proposerOf(release), address(0), "taken back");
        _refuseRelease(
            treasurer,
            abi.encodeCall(IFundDesk.confirmRelease, (release)),
            abi.encodeWithSelector(IFundVaultTypes.ReleaseNotProposed.selector, bob, CASE)
        );
    }

    /// @dev Time in quarantine counts, and doesn't lift what is left.
    function test_ALockUpRunsFromTheDealThroughQuarantine() public {
        SharePolicy memory policy = _policy();
        policy.lockUpDays = 10;
        _govern(address(share), abi.encodeCall(IFundShare.setPolicy, (policy)));
        _subscribe(bob, 500e6);
        uint256 day = _deal(NAV);
        uint256 dealt = block.timestamp;
        _lapse(bob);
        _pushShares(day, _list(bob));
        Release memory release = _release(bob, bob, 0, 50e6, false);
        _propose(release);
        vm.warp(dealt + 3 days);
        _verify(bob);
        vm.prank(treasurer);
        vault.confirmRelease(release);
        vm.assertEq(share.lockedUntil(share.investorOf(bob)), dealt + 10 days, "locked");
    }

    /// @dev Not even what is owed to somebody who couldn't be paid anyway.
    function test_APauseOfTheCoinSetsNothingAside() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        _deal(NAV);
        _lapse(alice);
        vm.prank(guardian);
        token.pause();
        _refusedAs(
            dealer,
            abi.encodeCall(IFundDesk.pushAssets, (_list(alice))),
            abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector)
        );
    }

    /// @dev Two proposals over the same shares: the second finds nothing.
    function test_NothingIsReleasedTwice() public {
        _quarantineBob();
        Release memory first = _release(bob, bob, 0, 50e6, false);
        Release memory second = _release(bob, bob, 0, 50e6, false);
        second.caseId = keccak256("another case");
        _propose(first);
        _propose(second);
        _verify(bob);
        vm.prank(treasurer);
        vault.confirmRelease(first);
        _refuseRelease(treasurer, abi.encodeCall(IFundDesk.confirmRelease, (second)), _notHeld(0, 50e6));
    }

    /// @dev Who may not hold the shares any more is paid out at the next value, and the coins wait for two hands again.
    function test_WhoMayNotHoldIsPaidOut() public {
        _quarantineBob();
        Release memory release = _release(bob, bob, 0, 50e6, true);
        _propose(release);
        vm.prank(treasurer);
        vault.confirmRelease(release);
        uint256 day = _open();
        vm.assertEq(vault.pendingRedeemRequest(day, bob), 50e6, "a redemption of his");
        _fund(550e6);
        _deal(11e8);
        _pushAssets(_list(bob));
        _held(bob, 550e6, 0);
        address court = vm.addr(888);
        _verify(court);
        release = _release(bob, court, 550e6, 0, false);
        _propose(release);
        vm.prank(treasurer);
        vault.confirmRelease(release);
        vm.assertEq(_coins(court), 550e6, "released where the case says");
    }

    function _quarantineBob() private {
        _subscribe(bob, 500e6);
        uint256 day = _deal(NAV);
        _lapse(bob);
        _pushShares(day, _list(bob));
        _held(bob, 0, 50e6);
    }

    function _propose(Release memory release) private {
        vm.prank(compliance);
        vault.proposeRelease(release);
    }

    function _held(address who, uint256 assets, uint256 shares) private view {
        (uint256 heldAssets, uint256 heldShares) = vault.quarantined(who);
        vm.assertEq(heldAssets, assets, "assets in quarantine");
        vm.assertEq(heldShares, shares, "shares in quarantine");
    }

    function _notHeld(uint256 assets, uint256 shares) private view returns (bytes memory) {
        return abi.encodeWithSelector(IFundVaultTypes.NotInQuarantine.selector, bob, assets, shares);
    }

    function _refuseRelease(address who, bytes memory call, bytes memory refusal) private {
        _refusedAs(who, call, refusal);
    }
}
