// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC7540Deposit, IERC7540Redeem} from "../../../contracts/interfaces/IERC7540.sol";
import {IERC7575} from "../../../contracts/interfaces/IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../../../contracts/interfaces/IERC7887.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {DealingTerms, IFundDesk, IFundVaultTypes} from "../../../contracts/interfaces/IFundVault.sol";
import {Settlement} from "../../../contracts/interfaces/IFundVault.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {FundVault} from "../../../contracts/market/FundVault.sol";
import {FundDesk} from "../../../contracts/market/fund/FundDesk.sol";
import {Vm, bound, vm} from "../support/Vm.sol";
import {VaultSuite} from "./VaultSuite.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice docs/audits.md, "Funds and security tokens": the rows that a vault has to answer.
contract VaultAuditsTest is VaultSuite {
    function setUp() public override {
        super.setUp();
        _announce(60);
    }

    // ------------------------------------------------------------------------------------------------ numbers

    /// @dev Shares are priced by the feed, so coins and shares sent to the vault move no price.
    function test_Row05_ADonationStealsNothing() public {
        _subscribe(alice, 1);
        _subscribe(bob, 1000e6);
        vm.prank(carol);
        token.transfer(address(vault), COINS / 2);
        _deal(NAV);
        vm.assertEq(vault.maxMint(bob), 100e6, "the second gets what the value says");
        vm.assertEq(vault.totalAssets(), 1000e6, "a donation is no asset of the fund's");
        vm.assertEq(vault.maxMint(alice), 0, "and the first no more than its unit");
    }

    /// @dev However many claim, they claim no more than was issued, and the last is served.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_Row06_ClaimsNeverPassWhatWasIssued(uint256 seed, uint64 nav) public {
        address[3] memory who = [alice, bob, carol];
        for (uint256 i = 0; i < 3; ++i) {
            _subscribe(who[i], 1 + uint256(keccak256(abi.encode(seed, i))) % 1e9);
        }
        _deal(bound(nav, 1e5, 1e13));
        uint256 issued = share.totalSupply();
        uint256 claimed = 0;
        for (uint256 i = 0; i < 3; ++i) {
            uint256 due = vault.maxMint(who[i]);
            if (due == 0) continue;
            vm.prank(who[i]);
            vault.mint(due / 2, who[i]);
            due = vault.maxMint(who[i]);
            vm.prank(who[i]);
            vault.mint(due, who[i]);
            claimed += _shares(who[i]);
        }
        vm.assertLe(claimed, issued, "sum of claims");
        vm.assertEq(issued - claimed, _shares(address(vault)), "the rest is dust");
    }

    function test_Row07_ClaimingOneUnitDoesNotRepriceTheRest() public {
        _subscribe(alice, 1000e6);
        _deal(7e8);
        uint256 due = vault.maxMint(alice);
        for (uint256 i = 0; i < 20; ++i) {
            vm.prank(alice);
            vault.deposit(1, alice);
        }
        uint256 left = vault.maxDeposit(alice);
        vm.assertEq(left, 1000e6 - 20, "assets");
        vm.prank(alice);
        vault.deposit(left, alice);
        vm.assertEq(_shares(alice), due, "the same in the end");
    }

    /// @dev Nothing but `settleDay` takes a value, and it takes none that is stale, suspended, zero or as of before.
    function test_Row08_NoPathTakesABadValue() public {
        _subscribe(alice, 1000e6);
        _close();
        _refuseSettlement(1, abi.encodeWithSelector(IFundVaultTypes.NavStale.selector, 0, 0));
        vm.assertEq(vault.convertToShares(1e6), 0, "no value, no conversion");
        _strike(NAV);
        uint256 asOf = block.timestamp - 1;
        vm.warp(asOf + MAX_AGE + 1);
        _refuseSettlement(1, abi.encodeWithSelector(IFundVaultTypes.NavStale.selector, asOf, asOf + MAX_AGE));
        vm.assertEq(vault.maxDeposit(alice), 0, "nothing is claimable");
        _strike(0);
        _refuseSettlement(1, abi.encodeWithSelector(IFundVaultTypes.NavUnusable.selector, 0));
        vm.assertEq(vault.convertToShares(1e6), 0, "worth nothing");
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestedFeed.AttestationFromFuture.selector, block.timestamp, block.timestamp
            )
        );
        this.publish(NAV, block.timestamp);
    }

    function publish(uint256 value, uint256 asOf) external {
        _publishNav(value, asOf);
    }

    /// @dev Order time before the cut-off, the cut-off not after the value's instant; late orders roll over.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_Row09_NobodyActsOnAPublishedValue(uint32 when, uint32 valued) public {
        uint256 cutOff = vault.dealingDay(1).cutOff;
        uint256 at = bound(when, block.timestamp, cutOff + PERIOD - 2);
        vm.warp(at);
        uint256 day = _subscribe(alice, 1000e6);
        vm.assertEq(day, at < cutOff ? 1 : 2, "the day");
        uint256 cut = vault.dealingDay(day).cutOff;
        while (_closed() < day) _close();
        uint256 asOf = bound(valued, cut - PERIOD, cut + 10 hours);
        if (block.timestamp <= asOf) vm.warp(asOf + 1);
        _publishNav(NAV, asOf);
        vm.prank(dealer);
        (bool ok,) = address(vault).call(abi.encodeCall(IFundDesk.settleDay, (1)));
        vm.assertEq(ok, asOf >= vault.dealingDay(1).cutOff, "as of the first day's cut-off or later");
        if (day == 1) return;
        vm.prank(dealer);
        (ok,) = address(vault).call(abi.encodeCall(IFundDesk.settleDay, (2)));
        vm.assertEq(ok, asOf >= cut, "as of the second's");
    }

    function test_Row12_DecimalsOfCoinShareAndFeedGiveEqualValue() public {
        vm.pauseGasMetering();
        uint8[4] memory coins = [2, 6, 8, 18];
        uint8[2] memory others = [6, 18];
        uint8[2] memory feeds = [8, 18];
        for (uint256 i = 0; i < 16; ++i) {
            uint256 snapshot = vm.snapshotState();
            vm.warp(START + 400 days);
            _deploy(coins[i % 4]);
            _deployFund(others[i / 4 % 2], feeds[i / 8]);
            _attest(1_000_000_000 * unit);
            _mint(alice, 10_000 * unit);
            _allow(alice);
            _announce(2);
            _subscribe(alice, 1234 * unit);
            _deal(navUnit * 5 / 4);
            uint256 shares = _claimShares(alice);
            vm.assertEq(shares, 9872 * shareUnit / 10, "987.2 shares of 1.25");
            vm.assertEq(vault.totalAssets(), 1234 * unit, "worth what was paid");
            _verify(treasurer);
            _mint(treasurer, 2000 * unit);
            _allow(treasurer);
            _redeemShares(alice, shares);
            _fund(1234 * unit);
            _deal(navUnit * 5 / 4);
            vm.assertEq(_claimAssets(alice), 1234 * unit, "and back");
            vm.revertToState(snapshot);
        }
    }

    // ------------------------------------------------------------------------------------------------ parties

    /// @dev In `VaultQuarantineTest` at length; here that a payout is made up for by nothing else.
    function test_Row13_TheBarredAreNeverPaidAndNeverLose() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        _deal(NAV);
        _freezeAccount(alice);
        uint256 held = _coins(alice);
        _pushAssets(_list(alice));
        _pushAssets(_list(alice));
        (uint256 assets,) = vault.quarantined(alice);
        vm.assertEq(assets, 1000e6, "held once");
        vm.assertEq(_coins(alice), held, "not paid");
        _refusedAs(
            alice,
            abi.encodeCall(IERC7575.redeem, (100e6, alice, alice)),
            abi.encodeWithSelector(IFundVaultTypes.ClaimExceeded.selector, alice, 100e6, 0)
        );
    }

    /// @dev Caller, controller, owner and receiver, at request, cancellation and claim.
    function test_Row14_EveryPartyIsAsked() public {
        _endow(alice, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 50e6);
        _subscribe(alice, 500e6);
        vm.prank(alice);
        vault.setOperator(bob, true);
        _freezeAccount(bob);
        bytes memory refusal = abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, bob);
        bytes[6] memory calls = [
            abi.encodeCall(IERC7540Deposit.requestDeposit, (1, alice, alice)),
            abi.encodeCall(IERC7540Redeem.requestRedeem, (1, alice, alice)),
            abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (day, alice)),
            abi.encodeCall(IERC7887Redeem.cancelRedeemRequest, (day, alice)),
            abi.encodeCall(IERC7540Deposit.deposit, (1, alice, alice)),
            abi.encodeCall(IERC7575.redeem, (1, alice, alice))
        ];
        for (uint256 i = 0; i < 6; ++i) {
            _refusedAs(bob, calls[i], refusal);
        }
        _deal(NAV);
        _freezeAccount(alice);
        refusal = abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice);
        _refusedAs(alice, abi.encodeCall(IERC7575.redeem, (50e6, alice2, alice)), refusal);
        vm.prank(guardian);
        share.setFrozenTokens(alice, type(uint128).max);
        _refusedAs(alice, abi.encodeCall(IERC7540Deposit.deposit, (500e6, alice2, alice)), refusal);
    }

    /// @dev Two wallets without an investor are not one investor.
    function test_Row15_NobodyIsNotNobody() public {
        address nobody = vm.addr(900);
        vm.prank(stranger);
        token.approve(address(vault), 1);
        bytes memory call = abi.encodeCall(IERC7540Redeem.requestRedeem, (1, nobody, stranger));
        _refusedAs(
            stranger, call, abi.encodeWithSelector(IFundVaultTypes.NotSameInvestor.selector, nobody, stranger)
        );
        vm.assertFalse(vault.isOperator(nobody, stranger), "no operator by default");
        vm.assertEq(
            vault.proposerOf(_release(nobody, nobody, 0, 0, false)),
            address(0),
            "nothing is proposed by nobody"
        );
        _refusedAs(
            treasurer,
            abi.encodeCall(IFundDesk.confirmRelease, (_release(nobody, nobody, 0, 0, false))),
            abi.encodeWithSelector(IFundVaultTypes.ReleaseNotProposed.selector, nobody, CASE)
        );
    }

    /// @dev Subscribing is minting: who is refused shares gets none by this way either, and the exit has no such door.
    function test_Row17_SubscriptionAsksAndTheExitDoesNot() public {
        _endow(alice, 1000e6, NAV);
        _lapse(alice);
        _refusedAs(
            alice,
            abi.encodeCall(IERC7540Deposit.requestDeposit, (1e6, alice, alice)),
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, alice, block.timestamp - 1)
        );
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        _deal(NAV);
        vm.assertEq(vault.claimableRedeemRequest(2, alice), 100e6, "redeemed at its price");
    }

    /// @dev An allowance of shares lets a spender redeem for the owner, unless it is frozen.
    function test_Row19_ABannedSpenderMovesNothing() public {
        _endow(alice, 1000e6, NAV);
        vm.prank(alice);
        share.approve(bob, 60e6);
        bytes memory call = abi.encodeCall(IERC7540Redeem.requestRedeem, (30e6, alice, alice));
        vm.prank(bob);
        vault.requestRedeem(30e6, alice, alice);
        vm.assertEq(share.allowance(alice, bob), 30e6, "used up");
        vm.prank(guardian);
        share.setFrozenTokens(bob, type(uint128).max);
        _refusedAs(bob, call, abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, bob));
        _refusedAs(
            carol,
            call,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, carol, 0, 30e6)
        );
    }

    /// @dev Pause, freeze, lapse and gate: what `max` says can be had, and it is zero where nothing can.
    function test_Row20_MaxAgreesWithReality() public {
        _endow(alice, 1000e6, NAV);
        _gate(1000);
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        _deal(NAV);
        vm.assertEq(vault.maxRedeem(alice), 10e6, "what the gate let through");
        _freezeAccount(alice);
        vm.assertEq(vault.maxRedeem(alice), 0, "frozen");
        vm.assertEq(vault.maxWithdraw(alice), 0, "frozen");
        vm.prank(compliance);
        token.unfreeze(alice, 0, CASE);
        _lapse(alice);
        vm.assertEq(vault.maxRedeem(alice), 0, "lapsed");
        _verify(alice);
        vm.assertEq(_claimAssets(alice), 100e6, "and then it is had");
    }

    // ------------------------------------------------------------------------------------------- once, and limits

    /// @dev Every end of a request after each: claimed, cancelled and pushed, once in all.
    function test_Row21_ARequestEndsOnce() public {
        for (uint256 end = 0; end < 4; ++end) {
            uint256 snapshot = vm.snapshotState();
            _endow(alice, 1000e6, NAV);
            _redeemShares(alice, 100e6);
            _fund(1000e6);
            if (end < 2) vm.assertTrue(_end(end), "cancelled and claimed back");
            _deal(NAV);
            if (end >= 2) vm.assertTrue(_end(end), "claimed or pushed");
            uint256 worth = _coins(alice) + _shares(alice) * 10;
            for (uint256 next = 0; next < 4; ++next) {
                _end(next);
                vm.assertEq(_coins(alice) + _shares(alice) * 10, worth, "no second time");
            }
            vm.assertEq(worth, COINS, "nor anything lost");
            vm.revertToState(snapshot);
        }
    }

    function _end(uint256 how) private returns (bool ok) {
        if (how == 0 || how == 1) {
            vm.prank(alice);
            (ok,) = address(vault).call(abi.encodeCall(IERC7887Redeem.cancelRedeemRequest, (2, alice)));
            bytes memory call = abi.encodeCall(IERC7887Redeem.claimCancelRedeemRequest, (2, alice, alice));
            if (how == 1) call = abi.encodeCall(IFundDesk.pushCancelled, (_list(alice)));
            vm.prank(how == 0 ? alice : dealer);
            (ok,) = address(vault).call(call);
        } else if (how == 2) {
            vm.prank(alice);
            (ok,) = address(vault).call(abi.encodeCall(IERC7575.redeem, (100e6, alice, alice)));
        } else {
            vm.prank(dealer);
            (ok,) = address(vault).call(abi.encodeCall(IFundDesk.pushAssets, (_list(alice))));
        }
    }

    /// @dev Fees, gate, minimums and calendar may change between any two steps; closed days keep their terms.
    function test_Row22_ChangedDealingTermsNeitherFreeNorTrap() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 50e6);
        _subscribe(bob, 1000e6);
        uint256 day = _close();
        DealingTerms memory terms = _terms();
        (terms.entryFeeBps, terms.exitFeeBps, terms.gateBps) = (500, 500, 100);
        (terms.minSubscription, terms.minRedemption) = (1e12, 1e12);
        _setTerms(terms);
        _strike(NAV);
        _settle(day);
        vm.assertEq(_claimAssets(alice), 500e6, "on the terms of its close");
        vm.assertEq(_claimShares(bob), 100e6, "on the terms of its close");
        _refusedAs(
            alice,
            abi.encodeCall(IERC7540Redeem.requestRedeem, (49e6, alice, alice)),
            abi.encodeWithSelector(IFundVaultTypes.RedemptionBelowMinimum.selector, 49e6, 1e12)
        );
        _redeemShares(alice, 50e6);
    }

    function test_Row23_AGateBelowWhatIsRequestedNeitherUnderflowsNorLocks() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 100e6);
        _gate(100);
        _fund(1000e6);
        for (uint256 i = 0; i < 3; ++i) {
            _deal(NAV);
        }
        vm.assertEq(vault.maxRedeem(alice), 1e6 + 0.99e6 + 0.9801e6, "a hundredth of what is left each day");
        _gate(10_000);
        _deal(NAV);
        vm.assertEq(_claimAssets(alice), 1000e6, "and all of it at last");
    }

    function test_Row24_TheLastShareLeaves() public {
        DealingTerms memory terms = _terms();
        (terms.minRedemption, terms.gateBps) = (50e6, 100);
        _setTerms(terms);
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 99_999_997);
        vm.assertEq(_redeemShares(alice, 3), 2, "less than the minimum, and all there is");
        vm.prank(alice);
        vault.cancelRedeemRequest(2, alice);
        vm.prank(alice);
        vault.claimCancelRedeemRequest(2, alice, alice);
        vm.prank(guardian);
        share.setFrozenTokens(alice, 100e6 - 7);
        _redeemShares(alice, 7);
        _gate(10_000);
        _fund(1e9);
        _deal(NAV);
        vm.assertEq(_claimAssets(alice), 70, "all that is free");
    }

    /// @dev Everybody leaves a gated fund to the last unit, and no position is stuck on the way.
    function test_Row24_AGatedFundEmpties() public {
        _endow(alice, 10, NAV);
        _endow(bob, 1000, NAV);
        _gate(5000);
        _redeemShares(alice, 1);
        _redeemShares(bob, 100);
        _fund(1e9);
        for (uint256 i = 0; i < 10; ++i) {
            _deal(NAV);
        }
        vm.assertEq(share.totalSupply(), 0, "to the last unit");
        vault.roll(alice);
        vm.assertGe(
            _claimAssets(bob), 1000 - 7 * 10, "at most a base unit of shares a gated day goes to the fund"
        );
    }

    /// @dev There is one way out, and the gate counts on the whole class, whoever redeems.
    function test_Row25_TheGateCountsEveryRedemption() public {
        _endow(alice, 1000e6, NAV);
        _gate(1000);
        vm.prank(alice);
        share.approve(bob, 30e6);
        vm.prank(bob);
        vault.requestRedeem(30e6, alice, alice);
        _redeemShares(alice, 30e6);
        vm.prank(alice);
        vault.setOperator(carol, true);
        vm.prank(carol);
        vault.requestRedeem(40e6, alice, alice);
        _fund(1000e6);
        _deal(NAV);
        vm.assertEq(vault.maxRedeem(alice), 10e6, "a tenth of all");
        vm.assertEq(share.totalSupply(), 90e6, "burned");
    }

    function test_Row26_AValueIsAppliedToADayOnce() public {
        _subscribe(alice, 1000e6);
        uint256 day = _deal(NAV);
        _strike(20e8);
        vm.prank(dealer);
        (bool ok, bytes memory reason) = address(vault).call(abi.encodeCall(IFundDesk.settleDay, (day)));
        vm.assertFalse(ok, "not again");
        vm.assertEq(
            reason, abi.encodeWithSelector(IFundVaultTypes.DayOutOfOrder.selector, day, day + 1), "settled"
        );
        vm.assertEq(vault.maxMint(alice), 100e6, "the first price stands");
    }

    // ------------------------------------------------------------------------------------------------ operations

    /// @dev The implementation can't be initialised, the proxy not again, and only the upgrader upgrades it.
    function test_Row34_TheImplementationIsClosed() public {
        bytes memory arguments = abi.encode(manager, share, token, uint8(8));
        address next = _create("FundVault.sol:FundVault", arguments);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        FundVault(next).initialize();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        vault.initialize();
        bytes memory call = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        _refusedAs(
            governor,
            call,
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, governor)
        );
        _subscribe(alice, 1000e6);
        _deal(NAV);
        _ready(upgrader, address(vault), call);
        vm.prank(upgrader);
        vault.upgradeToAndCall(next, "");
        vm.assertEq(_claimShares(alice), 100e6, "its storage is kept");
    }

    /// @dev The desk's half by itself has no role, no storage and no shares.
    function test_Row34_TheDeskAloneCanDoNothing() public {
        FundDesk alone = new FundDesk(address(manager), address(share), address(token), 8);
        vm.prank(dealer);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, dealer));
        alone.closeDay(1);
        vm.expectRevert(abi.encodeWithSelector(IFundVaultTypes.NoDust.selector, 1));
        alone.sweepDust(1);
    }

    /// @dev One order or forty, the same steps: what differs is calldata and the order's own storage.
    function test_Row35_SettlingCostsTheSameForAnyNumberOfOrders() public {
        uint256[2] memory cost;
        for (uint256 round = 0; round < 2; ++round) {
            uint256 snapshot = vm.snapshotState();
            uint256 count = round == 0 ? 1 : 40;
            _endow(carol, 1000e6, NAV);
            for (uint256 i = 0; i < count; ++i) {
                address who = vm.addr(3000 + i);
                _verify(who);
                vm.prank(alice);
                token.transfer(who, 10e6);
                _allow(who);
                _subscribe(who, 10e6);
            }
            _redeemShares(carol, 1e5);
            uint256 day = _close();
            _strike(NAV);
            vm.prank(dealer);
            uint256 before = gasleft();
            vault.settleDay(day);
            cost[round] = before - gasleft();
            vm.revertToState(snapshot);
        }
        vm.assertLe(cost[1], cost[0] + 100, "no loop");
        vm.assertLe(cost[0], cost[1] + 100, "no loop");
    }

    /// @dev A fresh wallet, a wrapper or another investor's wallet gets nothing of a denied claim.
    function test_Row36_ADeniedClaimIsNotLaundered() public {
        _subscribe(alice, 1000e6);
        _deal(NAV);
        _lapse(alice);
        bytes memory lapsed =
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, alice, block.timestamp - 1);
        _refusedAs(alice, abi.encodeCall(IERC7540Deposit.deposit, (1000e6, alice2, alice)), lapsed);
        _refusedAs(
            alice,
            abi.encodeCall(IERC7540Deposit.deposit, (1000e6, stranger, alice)),
            abi.encodeWithSelector(IFundVaultTypes.NotSameInvestor.selector, alice, stranger)
        );
    }

    /// @dev In `VaultPropertiesTest` over random days; here that it is swept once and to the fund alone.
    function test_Row39_DustGoesToTheFund() public {
        _endow(alice, 100e6, NAV);
        _endow(bob, 100e6, NAV);
        _redeemShares(alice, 3_333_333);
        _redeemShares(bob, 3_333_333);
        _fund(100e6);
        uint256 day = _deal(10.5e8 + 7);
        bytes memory call = abi.encodeCall(IFundDesk.sweepDust, (day));
        bytes memory none = abi.encodeWithSelector(IFundVaultTypes.NoDust.selector, day);
        _refusedAs(stranger, call, none);
        _claimAssets(alice);
        _refusedAs(stranger, call, none);
        _claimAssets(bob);
        uint256 dust = vault.redemptionBook(day).amount;
        vm.assertEq(dust, 1, "one base unit");
        uint256 held = _coins(treasury);
        vm.prank(stranger);
        vault.sweepDust(day);
        vm.assertEq(_coins(treasury), held + dust, "custody");
        _refusedAs(stranger, call, none);
    }

    /// @dev Gated for longer than one call works through, a redemption goes on by itself or by anybody's `roll`.
    function test_Row40_ManyDaysAreWorkedThroughInSteps() public {
        _endow(alice, 1000e6, NAV);
        _gate(100);
        _redeemShares(alice, 100e6);
        _fund(1000e6);
        for (uint256 i = 0; i < 40; ++i) {
            _deal(NAV);
        }
        uint256 first = vault.maxWithdraw(alice);
        vm.assertEq(vault.pendingRedeemRequest(42, alice), 0, "not there yet");
        vm.assertEq(_claimAssets(alice), first, "what max says can be had");
        vm.prank(stranger);
        vault.roll(alice);
        vm.assertGt(vault.pendingRedeemRequest(42, alice), 0, "there");
        vm.assertGt(vault.maxRedeem(alice), 0, "and more to claim");
    }

    /// @dev A request whose day gets no price can be taken back by the investor alone.
    function test_Row41_AnOverdueRequestIsWithdrawn() public {
        _subscribe(alice, 1000e6);
        _subscribe(bob, 500e6);
        _close();
        uint256 cutOff = vault.dealingDay(1).cutOff;
        bytes memory call = abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (1, alice));
        vm.warp(cutOff + 14 days - 1);
        _refusedAs(alice, call, abi.encodeWithSelector(IFundVaultTypes.CutOffPassed.selector, 1, cutOff));
        vm.warp(cutOff + 14 days);
        vm.prank(guardian);
        vault.suspendDealing(REASON);
        vm.prank(alice);
        vault.cancelDepositRequest(1, alice);
        vm.prank(alice);
        vault.claimCancelDepositRequest(1, alice, alice);
        vm.assertEq(_coins(alice), COINS, "back");
        _govern(address(vault), abi.encodeCall(IFundDesk.resumeDealing, ()));
        _strike(NAV);
        _settle(1);
        vm.assertEq(_claimShares(bob), 50e6, "who stayed is dealt");
        vm.assertEq(share.totalSupply(), 50e6, "and nobody else");
    }

    /// @dev Ids of the future, of the past and of no day at all answer nothing and revert never.
    function test_Row42_AnyIdIsAnswered() public {
        _subscribe(alice, 1000e6);
        uint256[4] memory ids = [uint256(0), 2, type(uint24).max, type(uint256).max];
        for (uint256 i = 0; i < 4; ++i) {
            vm.assertEq(vault.pendingDepositRequest(ids[i], alice), 0, "pending");
            vm.assertEq(vault.claimableDepositRequest(ids[i], alice), 0, "claimable");
            vm.assertEq(vault.pendingRedeemRequest(ids[i], alice), 0, "pending");
            vm.assertEq(vault.claimableRedeemRequest(ids[i], alice), 0, "claimable");
            vm.assertEq(vault.claimableCancelDepositRequest(ids[i], alice), 0, "cancelled");
            vm.assertEq(vault.claimableCancelRedeemRequest(ids[i], alice), 0, "cancelled");
        }
        vm.assertEq(vault.pendingDepositRequest(1, alice), 1000e6, "its own");
    }

    // ------------------------------------------------------------------------------------------------- events

    function test_TheDaysResultIsInItsEvent() public {
        _endow(alice, 1000e6, NAV);
        _redeemShares(alice, 30e6);
        _subscribe(bob, 500e6);
        uint256 day = _close();
        _strike(12e8);
        Settlement memory s = Settlement({
            nav: 12e8,
            navAsOf: block.timestamp - 1,
            subscriptionPrice: 12e8,
            redemptionPrice: 12e8,
            assetsIn: 500e6,
            sharesOut: 41_666_666,
            sharesIn: 30e6,
            assetsOut: 360e6,
            sharesCarried: 0
        });
        vm.expectEmit(address(vault));
        emit IFundVaultTypes.DaySettled(day, dealer, s);
        _settle(day);
        address other = vm.addr(901);
        _join(other, bob);
        vm.expectEmit(address(vault));
        emit IERC7575.Deposit(bob, other, 500e6, 41_666_666);
        vm.prank(bob);
        vault.deposit(500e6, other, bob);
    }

    function _refuseSettlement(uint256 day, bytes memory refusal) private {
        _refusedAs(dealer, abi.encodeCall(IFundDesk.settleDay, (day)), refusal);
    }

    function _gate(uint16 bps) private {
        DealingTerms memory terms = _terms();
        terms.gateBps = bps;
        _setTerms(terms);
    }
}
