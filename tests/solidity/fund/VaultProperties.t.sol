// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "../../../contracts/interfaces/IERC7540.sol";
import {IERC7575} from "../../../contracts/interfaces/IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../../../contracts/interfaces/IERC7887.sol";
import {DealingTerms, IFundDesk, IFundVaultTypes} from "../../../contracts/interfaces/IFundVault.sol";
import {bound, vm} from "../support/Vm.sol";
import {VaultSuite} from "./VaultSuite.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";

/// @notice What ERC-7540 and ERC-4626 say of a vault in any state: properties 1 to 7 of Recon's suite and the rounding
/// properties of a16z's, both written from their statements.
contract VaultPropertiesTest is VaultSuite {
    uint256 private _dice;
    uint256 private _orders;

    function setUp() public override {
        super.setUp();
        _announce(40);
        _fund(COINS / 2);
    }

    function test_InterfaceIds() public view {
        bytes4[6] memory ids = [
            bytes4(0xe3bc4e65),
            bytes4(0xce3bbe50),
            bytes4(0x620ee8e4),
            bytes4(0x2f0a18c5),
            bytes4(0x8bf840e3),
            bytes4(0xe76cffc7)
        ];
        for (uint256 i = 0; i < 6; ++i) {
            vm.assertTrue(ERC165Checker.supportsInterface(address(vault), ids[i]), "claimed");
        }
        vm.assertEq(bytes32(type(IERC7540Operator).interfaceId), bytes32(ids[0]), "operator");
        vm.assertEq(bytes32(type(IERC7540Deposit).interfaceId), bytes32(ids[1]), "deposit");
        vm.assertEq(bytes32(type(IERC7540Redeem).interfaceId), bytes32(ids[2]), "redeem");
        vm.assertEq(bytes32(type(IERC7575).interfaceId), bytes32(ids[3]), "vault");
        vm.assertEq(bytes32(type(IERC7887Deposit).interfaceId), bytes32(ids[4]), "cancel deposit");
        vm.assertEq(bytes32(type(IERC7887Redeem).interfaceId), bytes32(ids[5]), "cancel redeem");
        vm.assertEq(vault.asset(), address(token), "asset");
        vm.assertEq(vault.share(), address(share), "share");
        vm.assertEq(share.vault(address(token)), address(vault), "the share names its vault");
    }

    // ------------------------------------------------------------------------------------------------ ERC-7540

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_7540_1_TotalAssetsAreTheSupplyConverted(uint256 seed) public {
        _someState(seed);
        vm.assertEq(vault.convertToAssets(share.totalSupply()), vault.totalAssets(), "7540-1");
    }

    /// @dev Up to what the asset's last unit is worth in shares.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_7540_2_TheSupplyIsTheTotalAssetsConverted(uint256 seed) public {
        _someState(seed);
        uint256 supply = share.totalSupply();
        uint256 converted = vault.convertToShares(vault.totalAssets());
        vm.assertLe(converted, supply, "never more");
        vm.assertLe(supply - converted, vault.convertToShares(1) + 1, "7540-2");
    }

    /// @dev For anybody, in any state, paused or frozen or without a value.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_7540_3_MaxNeverReverts(uint256 seed) public {
        _someState(seed);
        address[4] memory who = [alice, bob, stranger, address(0)];
        for (uint256 k = 0; k < 2; ++k) {
            for (uint256 i = 0; i < 4; ++i) {
                vault.maxDeposit(who[i]);
                vault.maxMint(who[i]);
                vault.maxWithdraw(who[i]);
                vault.maxRedeem(who[i]);
            }
            if (k == 0) _barAll(seed);
        }
    }

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_7540_4_MoreThanMaxReverts(uint256 seed, uint256 more) public {
        _someState(seed);
        more = bound(more, 1, type(uint96).max);
        _claim(
            alice,
            abi.encodeCall(IERC7540Deposit.deposit, (vault.maxDeposit(alice) + more, alice, alice)),
            false
        );
        _claim(
            alice, abi.encodeCall(IERC7540Deposit.mint, (vault.maxMint(alice) + more, alice, alice)), false
        );
        _claim(alice, abi.encodeCall(IERC7575.redeem, (vault.maxRedeem(alice) + more, alice, alice)), false);
        _claim(
            alice, abi.encodeCall(IERC7575.withdraw, (vault.maxWithdraw(alice) + more, alice, alice)), false
        );
    }

    /// forge-config: default.fuzz.runs = 48
    function testFuzz_7540_5_RedeemingMoreThanHeldReverts(uint256 seed, uint256 more) public {
        _someState(seed);
        uint256 asked = _shares(alice) + bound(more, 1, type(uint64).max);
        _claim(alice, abi.encodeCall(IERC7540Redeem.requestRedeem, (asked, alice, alice)), false);
    }

    function test_7540_6_PreviewsRevertForEverybody() public {
        _someState(7);
        bytes4[4] memory previews = [
            IERC7575.previewDeposit.selector,
            IERC7575.previewMint.selector,
            IERC7575.previewWithdraw.selector,
            IERC7575.previewRedeem.selector
        ];
        for (uint256 i = 0; i < 4; ++i) {
            bytes memory refusal = abi.encodeWithSelector(IFundVaultTypes.PreviewUnavailable.selector);
            _refusedAs(alice, abi.encodeWithSelector(previews[i], 1), refusal);
            _refusedAs(address(0), abi.encodeWithSelector(previews[i], 0), refusal);
        }
    }

    /// @dev In the extension of the property: the very most can be claimed, whoever's it is and in whatever way.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_7540_7_MaxCanBeClaimed(uint256 seed, uint256 part) public {
        _someState(seed);
        if (seed % 3 == 0) _barAll(seed);
        address[3] memory who = [alice, bob, carol];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 most = vault.maxDeposit(who[i]);
            uint256 some = bound(part, 0, most);
            if (most != 0) {
                _claim(who[i], abi.encodeCall(IERC7540Deposit.deposit, (some, who[i], who[i])), true);
            }
            most = vault.maxMint(who[i]);
            if (most != 0) {
                _claim(who[i], abi.encodeCall(IERC7540Deposit.mint, (most, who[i], who[i])), true);
            }
            most = vault.maxRedeem(who[i]);
            some = bound(part, 0, most);
            if (most != 0) _claim(who[i], abi.encodeCall(IERC7575.redeem, (some, who[i], who[i])), true);
            most = vault.maxWithdraw(who[i]);
            if (most != 0) _claim(who[i], abi.encodeCall(IERC7575.withdraw, (most, who[i], who[i])), true);
        }
    }

    /// @dev ERC-7540: pending and claimable are disjoint, and together what was requested and not claimed.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_PendingAndClaimableAddUp(uint96 first, uint96 second, bool settled) public {
        uint256 a = bound(first, 1e6, COINS / 4);
        uint256 b = bound(second, 1e6, COINS / 4);
        _subscribe(alice, a);
        _close();
        _subscribe(alice, b);
        _strike(NAV);
        if (settled) _settle(1);
        vm.assertEq(vault.pendingDepositRequest(1, alice), settled ? 0 : a, "pending of the first");
        vm.assertEq(vault.claimableDepositRequest(1, alice), settled ? a : 0, "claimable of the first");
        vm.assertEq(vault.pendingDepositRequest(2, alice), b, "pending of the second");
        vm.assertEq(vault.claimableDepositRequest(2, alice), 0, "claimable of the second");
    }

    // ------------------------------------------------------------------------------------------------ ERC-4626

    /// forge-config: default.fuzz.runs = 128
    function testFuzz_ConversionsRoundDownThereAndBack(uint96 amount, uint64 nav) public {
        vm.warp(vault.dealingDay(1).cutOff);
        _strike(bound(nav, 1, type(uint64).max));
        vm.assertLe(vault.convertToAssets(vault.convertToShares(amount)), amount, "assets");
        vm.assertLe(vault.convertToShares(vault.convertToAssets(amount)), amount, "shares");
    }

    /// @dev Outputs are rounded down, inputs up, and however a claim is divided it comes to the same.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_AnySplitOfAClaimComesToTheSame(uint96 amount, uint64 nav, uint256 seed) public {
        uint256 assets = bound(amount, 1e6, COINS);
        _subscribe(alice, assets);
        _deal(bound(nav, 1e4, 1e14));
        (uint256 requested, uint256 due) = (vault.maxDeposit(alice), vault.maxMint(alice));
        uint256 whole = due;
        for (uint256 i = 0; i < 6 && vault.maxMint(alice) != 0; ++i) {
            (requested, due) = (vault.maxDeposit(alice), vault.maxMint(alice));
            seed = uint256(keccak256(abi.encode(seed)));
            vm.prank(alice);
            if (seed % 2 == 0) {
                uint256 part = bound(seed >> 1, 0, requested);
                uint256 out = vault.deposit(part, alice);
                if (part != requested) vm.assertLe(out * requested, part * due, "output rounded down");
            } else {
                uint256 part = bound(seed >> 1, 0, due);
                uint256 spent = vault.mint(part, alice);
                vm.assertGe(spent * due, part * requested, "input rounded up");
            }
        }
        if (vault.maxMint(alice) != 0) {
            due = vault.maxMint(alice);
            vm.prank(alice);
            vault.mint(due, alice);
        }
        vm.assertEq(_shares(alice), whole, "the same");
    }

    /// @dev T7: 1,000,003.00 at 10.1234 in units of four decimals is 98,781.3382, rounded down.
    function test_T7_UnitsAreRoundedDown() public {
        _deployFund(4, 8);
        _allow(alice);
        _attest(1e15);
        vm.warp(block.timestamp + 1 days);
        _attest(1e15);
        _mint(alice, 3e6);
        _announce(2);
        _subscribe(alice, 1_000_003e6);
        _deal(10.1234e8);
        vm.assertEq(_claimShares(alice), 987_813_382, "down");
        _redeemShares(alice, 987_813_382);
        vm.prank(treasurer);
        token.approve(address(vault), type(uint256).max);
        _fund(COINS / 2);
        vm.prank(bob);
        token.transfer(treasurer, COINS);
        _fund(COINS);
        _deal(10.1234e8);
        // 98,781.3382 at 10.1234 is 1,000,002.99913388.
        vm.assertEq(_claimAssets(alice), 1_000_002_999_133, "down again");
    }

    // ------------------------------------------------------------------------------------------- round trips

    /// @dev Random subscriptions and redemptions, gates and fees at one net asset value: nobody gains but the fund.
    /// forge-config: default.fuzz.runs = 6
    function testFuzz_ARoundTripProfitsNobodyButTheFund(uint256 seed) public {
        _roundTrips(seed, 24, true);
    }

    function test_TenThousandOrdersAtOneValueProfitNobodyButTheFund() public {
        _roundTrips(1, 1270, false);
        vm.assertGe(_orders, 10_000, "orders");
    }

    function _roundTrips(uint256 seed, uint256 days_, bool terms) private {
        vm.pauseGasMetering();
        _govern(address(vault), abi.encodeCall(IFundDesk.setCustody, (treasurer)));
        vm.prank(treasurer);
        vault.returnFunding(COINS / 2);
        address[4] memory who = [alice, bob, carol, alice2];
        _allow(alice2);
        vm.prank(alice);
        token.transfer(alice2, COINS / 2);
        _dice = seed;
        if (terms) {
            DealingTerms memory t = _terms();
            t.gateBps = uint16(_roll(9900) + 100);
            (t.entryFeeBps, t.exitFeeBps) = (uint16(_roll(100)), uint16(_roll(100)));
            (t.swingBps, t.swingThresholdBps) = (uint16(_roll(300)), uint16(_roll(500)));
            _setTerms(t);
        }
        uint256 nav = 1e8 + _roll(1e9);
        uint40[] memory list = new uint40[](days_ + 700);
        for (uint256 i = 0; i < list.length; ++i) {
            list[i] = uint40(block.timestamp + (i + 1) * 15 minutes);
        }
        (uint256 first,) = vault.openDay();
        vm.prank(dealer);
        vault.announceDays(first, list);
        for (uint256 d = 0; d < days_; ++d) {
            for (uint256 i = 0; i < 4; ++i) {
                _randomOrders(who[i]);
            }
            _settleOneDay(nav, who);
        }
        _exit(nav, who);
        vm.assertLe(_coins(alice) + _coins(alice2), COINS, "alice gains nothing");
        vm.assertLe(_coins(bob), COINS, "bob gains nothing");
        vm.assertLe(_coins(carol), COINS, "carol gains nothing");
        vm.assertEq(share.totalSupply(), _shares(address(vault)), "all have left");
    }

    function _randomOrders(address who) private {
        uint256 coins = _coins(who);
        uint256 shares = _shares(who);
        if (coins != 0) {
            _subscribe(who, 1 + _roll((coins + 1) / 2));
            ++_orders;
        }
        if (shares != 0) {
            _redeemShares(who, 1 + _roll(shares));
            ++_orders;
        }
    }

    function _settleOneDay(uint256 nav, address[4] memory who) private {
        uint256 day = _close();
        _strike(nav);
        uint256 all = _coins(treasurer);
        if (all != 0) _fund(all);
        _settle(day);
        uint256 left = vault.funding();
        vm.prank(treasurer);
        vault.returnFunding(left);
        for (uint256 i = 0; i < 4; ++i) {
            if (vault.maxDeposit(who[i]) != 0) _claimShares(who[i]);
            if (vault.maxRedeem(who[i]) != 0) _claimAssets(who[i]);
        }
    }

    /// @dev Everybody redeems all, for as many days as the gate takes.
    function _exit(uint256 nav, address[4] memory who) private {
        for (uint256 i = 0; i < 4; ++i) {
            if (_shares(who[i]) != 0) _redeemShares(who[i], _shares(who[i]));
        }
        for (uint256 d = 0; d < 700 && vault.redemptionBook(_closed() + 1).amount != 0; ++d) {
            _settleOneDay(nav, who);
            if (d == 5) _setTerms(_terms());
        }
    }

    // --------------------------------------------------------------------------------------------------- dust

    /// @dev Dust of an ungated day is less than one base unit a position, on each side, and sweeping empties the vault.
    /// forge-config: default.fuzz.runs = 48
    function testFuzz_DustIsBoundedAndSwept(uint256 seed, uint64 nav) public {
        _dice = seed;
        address[4] memory who = [alice, bob, carol, alice2];
        uint256 value = bound(nav, 1e6, 1e12);
        vm.prank(treasurer);
        vault.returnFunding(COINS / 2);
        vm.prank(alice);
        token.transfer(alice2, 1e9);
        _allow(alice2);
        for (uint256 i = 0; i < 4; ++i) {
            _subscribe(who[i], 1e6 + _roll(1e8));
        }
        uint256 day = _deal(value);
        for (uint256 i = 0; i < 4; ++i) {
            _claimShares(who[i]);
        }
        vm.assertLe(vault.subscriptionBook(day).amount, 3, "less than one unit a position");
        _sweep(day);
        vm.assertEq(_shares(address(vault)), 0, "no share is left");
        for (uint256 i = 0; i < 4; ++i) {
            _redeemShares(who[i], _shares(who[i]));
        }
        uint256 last = _closed() + 3;
        DealingTerms memory terms = _terms();
        terms.gateBps = uint16(1000 + _roll(9000));
        _setTerms(terms);
        uint256 gated = _dealFunded(value);
        _setTerms(_terms());
        for (; gated < last;) {
            gated = _dealFunded(value);
        }
        for (uint256 i = 0; i < 4; ++i) {
            if (vault.maxRedeem(who[i]) != 0) _claimAssets(who[i]);
            vault.roll(who[i]);
        }
        _requireDust(day, last, value);
        uint256 unused = vault.funding();
        vm.prank(treasurer);
        vault.returnFunding(unused);
        vm.assertEq(_coins(address(vault)), 0, "no coin is left");
        vm.assertEq(_shares(address(vault)), 0, "no share is left");
    }

    /// @dev A position loses less than a base unit of the asset a day, and where a gate cuts it less than two base units
    /// of shares, at their value.
    function _requireDust(uint256 day, uint256 last, uint256 value) private {
        uint256 unitWorth = value / navUnit + 1;
        for (uint256 d = day + 1; d <= last; ++d) {
            vm.assertEq(vault.redemptionBook(d).positions, 0, "claimed by all");
            vm.assertLe(vault.redemptionBook(d).amount, 4 * (1 + 2 * unitWorth), "bounded");
            _sweep(d);
        }
    }

    function _sweep(uint256 day) private {
        bool dust = vault.subscriptionBook(day).amount != 0 || vault.redemptionBook(day).amount != 0;
        if (dust) {
            vault.sweepDust(day);
        } else {
            _refusedAs(
                stranger,
                abi.encodeCall(IFundDesk.sweepDust, (day)),
                abi.encodeWithSelector(IFundVaultTypes.NoDust.selector, day)
            );
        }
    }

    function _dealFunded(uint256 value) private returns (uint256 day) {
        _fund(_coins(treasurer) / 2);
        return _deal(value);
    }

    // ------------------------------------------------------------------------------------------------- inside

    function _roll(uint256 sides) private returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    /// @dev Some days of dealing, some of it unclaimed, some gated, some unsettled.
    function _someState(uint256 seed) private {
        _dice = seed;
        address[3] memory who = [alice, bob, carol];
        DealingTerms memory terms = _terms();
        terms.gateBps = uint16(100 + _roll(9900));
        terms.entryFeeBps = uint16(_roll(500));
        terms.exitFeeBps = uint16(_roll(500));
        _setTerms(terms);
        uint256 days_ = 2 + _roll(4);
        for (uint256 d = 0; d < days_; ++d) {
            for (uint256 i = 0; i < 3; ++i) {
                if (_roll(2) == 0) _subscribe(who[i], 1 + _roll(10_000e6));
                if (_roll(2) == 0 && _shares(who[i]) != 0) _redeemShares(who[i], 1 + _roll(_shares(who[i])));
            }
            _deal(9.5e8 + _roll(1e8));
            for (uint256 i = 0; i < 3; ++i) {
                if (_roll(2) == 0 && vault.maxDeposit(who[i]) != 0) _claimShares(who[i]);
                if (_roll(4) == 0 && vault.maxRedeem(who[i]) != 0) _claimAssets(who[i]);
            }
        }
        if (_roll(2) == 0) _subscribe(alice, 1 + _roll(1000e6));
        if (_roll(2) == 0) _close();
    }

    function _barAll(uint256 seed) private {
        if (seed % 2 == 0) _freezeAccount(alice);
        if (seed % 5 == 0) _lapse(bob);
        vm.prank(guardian);
        if (seed % 4 < 2) token.pause();
        else share.pause();
    }

    function _claim(address who, bytes memory call, bool succeeds) private {
        vm.prank(who);
        (bool ok,) = address(vault).call(call);
        vm.assertEq(ok, succeeds, succeeds ? "the most is refused" : "more than the most went through");
    }
}
