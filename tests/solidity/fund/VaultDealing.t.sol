// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Book, DealingTerms} from "../../../contracts/interfaces/IFundVault.sol";
import {vm} from "../support/Vm.sol";
import {VaultSuite} from "./VaultSuite.sol";

/// @notice Subscribing and redeeming from request to claim.
contract VaultDealingTest is VaultSuite {
    function setUp() public override {
        super.setUp();
        _announce(10);
    }

    function test_ASubscriptionBecomesSharesAtTheNextValue() public {
        vm.assertEq(_subscribe(alice, 1000e6), 1, "day");
        vm.assertEq(_coins(alice), COINS - 1000e6, "coins are taken at once");
        vm.assertEq(vault.pendingDepositRequest(1, alice), 1000e6, "pending");
        vm.assertEq(vault.maxDeposit(alice), 0, "nothing to claim yet");
        _deal(12.5e8);
        vm.assertEq(vault.pendingDepositRequest(1, alice), 0, "no longer pending");
        vm.assertEq(vault.claimableDepositRequest(1, alice), 1000e6, "claimable");
        vm.assertEq(vault.maxMint(alice), 80e6, "80 shares of 12.50");
        vm.assertEq(_coins(treasury), 1000e6, "custody has the coins");
        vm.assertEq(_claimShares(alice), 80e6, "claimed");
        vm.assertEq(_shares(alice), 80e6, "shares");
        vm.assertEq(share.totalSupply(), 80e6, "supply");
        vm.assertEq(vault.claimableDepositRequest(1, alice), 0, "claimed once");
    }

    /// @dev What divides without a remainder is not rounded.
    function test_APartOfTheProceedsTakesItsExactShares() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        _deal(NAV);
        vm.prank(alice);
        vm.assertEq(vault.withdraw(10e6, alice, alice), 1e6, "shares");
        vm.assertEq(vault.maxRedeem(alice), 99e6, "left");
    }

    function test_ARedemptionBecomesCoinsAtTheNextValue() public {
        _endow(alice, 1000e6, NAV);
        vm.assertEq(_redeemShares(alice, 40e6), 2, "day");
        vm.assertEq(_shares(alice), 60e6, "shares are taken at once");
        vm.assertEq(vault.pendingRedeemRequest(2, alice), 40e6, "pending");
        _fund(440e6);
        _deal(11e8);
        vm.assertEq(vault.claimableRedeemRequest(2, alice), 40e6, "claimable");
        vm.assertEq(vault.maxWithdraw(alice), 440e6, "40 shares of 11");
        vm.assertEq(vault.funding(), 0, "funding is used");
        vm.assertEq(_claimAssets(alice), 440e6, "claimed");
        vm.assertEq(_coins(alice), COINS - 1000e6 + 440e6, "coins");
        vm.assertEq(share.totalSupply(), 60e6, "burned");
        vm.assertEq(_coins(address(vault)), 0, "nothing stays");
    }

    function test_OnlyTheDifferenceMoves() public {
        _endow(alice, 1000e6, NAV);
        uint256 held = _coins(treasury);
        _redeemShares(alice, 30e6);
        _subscribe(bob, 500e6);
        _deal(NAV);
        vm.assertEq(_coins(treasury) - held, 200e6, "500 in, 300 out");
        vm.assertEq(_claimAssets(alice), 300e6, "paid from the subscription");
        vm.assertEq(_claimShares(bob), 50e6, "shares");
        vm.assertEq(_coins(address(vault)), 0, "nothing stays");
    }

    function test_RequestsBetweenCutOffAndSettlementBelongToTheNextDay() public {
        _subscribe(alice, 1000e6);
        _close();
        vm.assertEq(_subscribe(alice, 500e6), 2, "the next day");
        vm.assertEq(vault.pendingDepositRequest(1, alice), 1000e6, "day 1 pending");
        vm.assertEq(vault.pendingDepositRequest(2, alice), 500e6, "day 2 pending");
        _strike(NAV);
        _settle(1);
        vm.assertEq(vault.claimableDepositRequest(1, alice), 1000e6, "day 1 claimable");
        vm.assertEq(vault.pendingDepositRequest(2, alice), 500e6, "day 2 still pending");
        vm.assertEq(_claimShares(alice), 100e6, "day 1's shares");
        _deal(20e8);
        vm.assertEq(_claimShares(alice), 25e6, "day 2's shares at day 2's value");
    }

    /// @dev Each order keeps its own day's price, however late it is claimed.
    function test_UnclaimedDaysAreKeptAtTheirOwnPrices() public {
        for (uint256 i = 1; i <= 4; ++i) {
            _subscribe(alice, 1000e6);
            _deal(i == 3 ? 11e8 : NAV);
        }
        uint256 due = 3 * 100e6 + uint256(1000e6) * 1e8 / 11e8;
        vm.assertEq(vault.maxDeposit(alice), 4000e6, "four days");
        vm.assertEq(vault.maxMint(alice), due, "at four prices");
        vm.assertEq(vault.claimableDepositRequest(4, alice), 1000e6, "the last");
        vm.assertEq(vault.claimableDepositRequest(3, alice), 3000e6, "kept under the last day kept");
        vm.assertEq(_claimShares(alice), due, "claimed");
    }

    function test_AGateCutsProRataAndCarriesOver() public {
        _endow(alice, 6000e6, NAV);
        _endow(bob, 4000e6, NAV);
        _gate(1000);
        _redeemShares(alice, 300e6);
        _redeemShares(bob, 100e6);
        _fund(10_000e6);
        uint256 day = _deal(NAV);
        // A tenth of 1000 shares of 400 requested: a quarter of each.
        vm.assertEq(vault.maxRedeem(alice), 75e6, "alice's quarter");
        vm.assertEq(vault.maxRedeem(bob), 25e6, "bob's quarter");
        vm.assertEq(vault.pendingRedeemRequest(day + 1, alice), 225e6, "the rest waits");
        vm.assertEq(vault.pendingRedeemRequest(day + 1, bob), 75e6, "the rest waits");
        vm.assertEq(vault.redemptionBook(day + 1).amount, 300e6, "carried over");
        vm.assertEq(share.totalSupply(), 900e6, "a tenth is gone");
        _deal(NAV);
        vm.assertEq(vault.maxRedeem(alice), 75e6 + 67.5e6, "another tenth of what is left");
        _gate(10_000);
        _deal(20e8);
        vm.assertEq(vault.maxRedeem(alice), 300e6, "all");
        vm.assertEq(vault.maxWithdraw(alice), 142.5e6 * 10 + 157.5e6 * 20, "each part at its day's value");
        vm.assertEq(_claimAssets(alice), 142.5e6 * 10 + 157.5e6 * 20, "paid");
        vm.assertEq(_claimAssets(bob), 47.5e6 * 10 + 52.5e6 * 20, "paid");
    }

    /// @dev What was requested while a gated day was unsettled meets what that day carries over.
    function test_CarryOverMeetsTheNextRequest() public {
        _endow(alice, 1000e6, NAV);
        _gate(1000);
        _redeemShares(alice, 40e6);
        uint256 day = _close();
        _redeemShares(alice, 60e6);
        _fund(10_000e6);
        _strike(NAV);
        _settle(day);
        vm.assertEq(vault.pendingRedeemRequest(day + 1, alice), 90e6, "30 carried, 60 new");
        vm.assertEq(vault.redemptionBook(day + 1).amount, 90e6, "the book agrees");
        for (uint256 i = 0; i < 2; ++i) {
            _deal(NAV);
        }
        _gate(10_000);
        uint256 last = _deal(NAV);
        vm.assertEq(_claimAssets(alice), 1000e6, "all of it");
        for (uint256 d = day; d <= last; ++d) {
            Book memory book = vault.redemptionBook(d);
            vm.assertEq(book.positions, 0, "nobody is left in a day");
            vm.assertEq(book.amount, 0, "nor a coin");
        }
    }

    function test_FeesStayInTheFund() public {
        DealingTerms memory terms = _terms();
        (terms.entryFeeBps, terms.exitFeeBps) = (100, 50);
        _setTerms(terms);
        _endow(alice, 1000e6, NAV);
        vm.assertEq(_shares(alice), 99e6, "1 % entry");
        vm.assertEq(_coins(treasury), 1000e6, "the fee is in custody too");
        _redeemShares(alice, 99e6);
        _fund(1000e6);
        _deal(NAV);
        vm.assertEq(_claimAssets(alice), 985.05e6, "0.5 % exit");
    }

    /// @dev The side that moves the fund pays the swing; the other deals at the net asset value.
    function test_TheSwingIsPaidByWhoMovesTheFund() public {
        _endow(alice, 10_000e6, NAV);
        DealingTerms memory terms = _terms();
        (terms.swingBps, terms.swingThresholdBps) = (200, 500);
        _setTerms(terms);
        _subscribe(bob, 500e6);
        uint256 day = _deal(NAV);
        vm.assertEq(vault.subscriptionBook(day).price, 10e8, "5 % is not above the threshold");
        _subscribe(bob, 700e6);
        _redeemShares(alice, 10e6);
        day = _deal(NAV);
        vm.assertEq(vault.subscriptionBook(day).price, 10.2e8, "net 6 % swings the subscribers");
        vm.assertEq(vault.redemptionBook(day).price, 10e8, "and not the redeemers");
        _redeemShares(alice, 90e6);
        _fund(10_000e6);
        day = _deal(NAV);
        vm.assertEq(vault.redemptionBook(day).price, 9.8e8, "net outflow swings the redeemers");
        vm.assertEq(vault.subscriptionBook(day).price, 10e8, "and not the subscribers");
    }

    function test_PushedSharesAndCoinsArrive() public {
        _subscribe(alice, 1000e6);
        _subscribe(bob, 500e6);
        uint256 day = _deal(NAV);
        _pushShares(day, _list(alice, bob));
        vm.assertEq(_shares(alice), 100e6, "alice");
        vm.assertEq(_shares(bob), 50e6, "bob");
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        _deal(NAV);
        _pushAssets(_list(alice, carol));
        vm.assertEq(_coins(alice), COINS, "paid");
        vm.assertEq(_coins(carol), COINS, "nothing was due");
    }

    function test_DustIsSweptOnceADayIsClaimed() public {
        _subscribe(alice, 1000e6 + 5);
        _subscribe(bob, 1000e6 + 5);
        uint256 day = _deal(7e8);
        uint256 issued = share.totalSupply();
        uint256 claimed = _claimShares(alice);
        claimed += _claimShares(bob);
        uint256 dust = issued - claimed;
        vm.assertEq(dust, 1, "twice 4/7 of a base unit");
        vm.assertEq(vault.subscriptionBook(day).amount, dust, "left in the book");
        vault.sweepDust(day);
        vm.assertEq(share.totalSupply(), claimed, "destroyed for the fund");
        vm.assertEq(_shares(address(vault)), 0, "nothing is left");
    }

    function _gate(uint16 bps) private {
        DealingTerms memory terms = _terms();
        terms.gateBps = bps;
        _setTerms(terms);
    }
}
