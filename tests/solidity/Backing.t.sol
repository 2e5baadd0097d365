// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ApprovalTier} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {MintBatch} from "../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../contracts/oracle/AttestedFeed.sol";
import {Stablecoin} from "../../contracts/token/Stablecoin.sol";
import {Suite} from "./support/Suite.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice The backing rule: what may be minted on an attested reserve, when, and what the token reports of it.
contract BackingTest is Suite {
    function _mintRefused(address to, uint256 amount, bytes memory refusal) private {
        MintBatch[] memory batches = _batch(_one(_order(to, amount)));
        vm.prank(operator);
        vm.expectRevert(refusal);
        market.mint(batches);
    }

    function _stale(uint256 asOf, uint256 freshUntil) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IStablecoin.ReserveStale.selector, asOf, freshUntil);
    }

    function _exceeded(uint256 minted, uint256 ceiling) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, minted, ceiling);
    }

    // ---------------------------------------------------------------------------------------------- freshness

    function test_NothingIsMintedBeforeAnAttestation() public {
        _mintRefused(alice, 1, _stale(0, 0));
        vm.assertEq(token.ceiling(), 0, "ceiling");
        vm.assertEq(token.headroom(), 0, "headroom");
        vm.assertEq(token.coverageBps(), 0, "coverage");
    }

    function test_ATokenWithoutAFeedHasNoHeadroom() public {
        address implementation =
            _create("Stablecoin.sol:Stablecoin", abi.encode(manager, "Other Coin", "OTHER", 6, "HKD"));
        Stablecoin other = Stablecoin(_proxy(implementation));
        vm.assertEq(other.ceiling(), 0, "ceiling");
        vm.assertEq(other.coverageBps(), 0, "coverage");
        bytes[] memory refusals = other.explainMint(alice, 1);
        vm.assertEq(refusals.length, 1, "refusals");
        vm.assertEq(refusals[0], _stale(0, 0), "stale");
    }

    /// @dev 0 <= now - asOf <= maxAge, the end included, measured from asOf.
    function test_FreshUpToItsMaximumAge() public {
        uint256 asOf = START - 25 hours;
        _attestAsOf(1000, asOf);
        vm.warp(asOf + MAX_AGE - 1);
        _mint(alice, 1);
        vm.warp(asOf + MAX_AGE);
        _mint(alice, 1);
        vm.assertEq(token.headroom(), 998, "headroom");
        vm.warp(asOf + MAX_AGE + 1);
        _mintRefused(alice, 1, _stale(asOf, asOf + MAX_AGE));
        vm.assertEq(token.headroom(), 0, "stale means none");
        vm.assertEq(token.coverageBps(), 5_000_000, "the last coverage is still told");
    }

    /// @dev The holidays are a matter of configuration: a longer age lets mints go on.
    function test_MaxAgeIsConfiguration() public {
        _attest(1000);
        vm.warp(START + 5 days);
        _mintRefused(alice, 1, _stale(START - 1, START - 1 + MAX_AGE));
        _govern(address(feed), abi.encodeCall(AttestedFeed.setLimits, (6 days, 1000, 2000)));
        _mint(alice, 1);
    }

    function test_StaleStopsMintsAndNothingElse() public {
        _attest(1000);
        _mint(alice, 1000);
        vm.warp(START + 30 days);
        vm.prank(alice);
        token.transfer(bob, 100);
        _redeem(alice, 900);
        vm.prank(compliance);
        token.burnByOrder(bob, 50, CASE);
        vm.assertEq(token.totalSupply(), 50, "supply");
    }

    function test_SuspensionStopsMints() public {
        _attest(1000);
        vm.prank(guardian);
        feed.suspend();
        _mintRefused(alice, 1, _stale(START - 1, 0));
        vm.assertEq(token.headroom(), 0, "headroom");
    }

    function test_ApprovedWhileFresh_RefusedWhenStale() public {
        _attest(1000);
        MintBatch[] memory batches = _batch(_one(_order(alice, 1)));
        batches[0].orders[0].expiry = uint64(START + 3 days);
        batches = _batch(batches[0].orders);
        vm.warp(START + 2 days);
        vm.prank(operator);
        vm.expectRevert(_stale(START - 1, START - 1 + MAX_AGE));
        market.mint(batches);
    }

    // ---------------------------------------------------------------------------------------------- the rule

    function test_ToTheLastUnit_AndNotOneMore() public {
        _attest(1000);
        _mint(alice, 999);
        _mintRefused(alice, 2, _exceeded(1001, 1000));
        _mint(alice, 1);
        vm.assertEq(token.headroom(), 0, "headroom");
        vm.assertEq(token.coverageBps(), 10_000, "coverage");
        _mintRefused(alice, 1, _exceeded(1001, 1000));
    }

    function test_ZeroReserveIsNoHeadroom() public {
        _attest(0);
        _mintRefused(alice, 1, _exceeded(1, 0));
        vm.assertEq(token.coverageBps(), type(uint256).max, "no liabilities");
    }

    function test_CoverageIsRoundedDown() public {
        _attest(1_000_000);
        _mint(alice, 999_999);
        vm.warp(START + 60);
        _attest(999_998);
        vm.assertEq(token.coverageBps(), 9999, "never rounded up to 10,000");
        vm.assertEq(token.headroom(), 0, "a shortfall is no headroom");
        _mintRefused(alice, 1, _exceeded(1_000_000, 999_998));
    }

    function test_BufferIsKeptBack() public {
        _govern(address(token), abi.encodeCall(IStablecoin.setBuffer, (500)));
        _attest(1000);
        vm.assertEq(token.ceiling(), 952, "1000 / 1.05, rounded down");
        _mintRefused(alice, 953, _exceeded(953, 952));
        _mint(alice, 952);
    }

    /// @dev Minted 1,050, of which 200 are burned and unpaid; the reserve account shows 1,500. What may be outstanding
    /// is the reserve less what is payable, 1,300, whatever is frozen.
    function test_FrozenAndPayableStayLiabilities() public {
        _attest(1050 * unit);
        _mint(alice, 1000 * unit);
        _mint(bob, 50 * unit);
        _freeze(alice, 100 * unit);
        uint256 id = _request(alice, 200 * unit);
        _accept(_ids(id));
        vm.warp(START + 60);
        _attest(1500 * unit);
        vm.assertEq(token.totalSupply(), 850 * unit, "outstanding");
        vm.assertEq(token.payableTotal(), 200 * unit, "payable");
        vm.assertEq(token.coverageBps(), 14_285, "1,500 over 850 + 200");
        vm.assertEq(token.headroom(), 450 * unit, "headroom");
        _mintRefused(bob, 650 * unit, _exceeded(1700 * unit, 1500 * unit));
        _mint(bob, 300 * unit);
        vm.assertEq(token.coverageBps(), 11_111, "1,500 over 1,150 + 200");
        vm.assertEq(token.headroom(), 150 * unit, "the rest");
        _freeze(bob, 100 * unit);
        vm.assertEq(token.coverageBps(), 11_111, "freezing is not paying");
        vm.assertEq(token.headroom(), 150 * unit, "freezing frees nothing");
    }

    // --------------------------------------------------------------------------- payouts and the attestation

    function test_PayoutBetweenAttestationAndMint_FreesNothing() public {
        _attest(1000);
        _mint(alice, 1000);
        vm.warp(START + 60);
        _redeem(alice, 400);
        vm.assertEq(token.headroom(), 0, "the attested 1,000 included the 400");
        _mintRefused(bob, 1, _exceeded(1001, 1000));
        vm.warp(START + 120);
        _attest(1000);
        vm.assertEq(token.headroom(), 400, "1,000 after the payout");
        _mint(bob, 400);
        _mintRefused(bob, 1, _exceeded(1401, 1400));
    }

    /// @dev The lookup is of the attestation's instant, not of the first mint after it.
    function test_PayoutBetweenAttestationAndItsFirstMint_FreesNothing() public {
        _attest(1000);
        _mint(alice, 1000);
        vm.warp(START + 60);
        _attest(1100);
        _redeem(alice, 400);
        vm.assertEq(token.headroom(), 100, "the attested 1,100 included the 400");
        _mintRefused(bob, 101, _exceeded(1101, 1100));
        _mint(bob, 60);
        vm.assertEq(token.headroom(), 40, "after the first mint");
        _mintRefused(bob, 41, _exceeded(1101, 1100));
        _mint(bob, 40);
    }

    function test_PaidBeforeTheAttestation_TheReserveIsLess() public {
        _attest(1000);
        _mint(alice, 1000);
        vm.warp(START + 60);
        _redeem(alice, 200);
        vm.warp(START + 120);
        _attest(800);
        vm.assertEq(token.headroom(), 0, "headroom");
        vm.assertEq(token.coverageBps(), 10_000, "coverage");
    }

    function test_PayoutInTheSecondOfTheAttestation_CountsAsPaidByThen() public {
        _attest(1000);
        _mint(alice, 1000);
        vm.warp(START + 60);
        _redeem(alice, 100);
        _redeem(alice, 100);
        vm.assertEq(token.dischargedAt(uint48(START + 59)), 0, "before");
        vm.assertEq(token.dischargedAt(uint48(START + 60)), 200, "both of that second");
        vm.warp(START + 61);
        _attestAsOf(800, START + 60);
        vm.assertEq(token.ceiling(), 1000, "800 + 200");
        vm.assertEq(token.headroom(), 0, "headroom");
        _mintRefused(bob, 1, _exceeded(1001, 1000));
    }

    function test_PayoutOneSecondAfterTheAttestation_DoesNotCount() public {
        _attest(1000);
        _mint(alice, 1000);
        vm.warp(START + 61);
        _redeem(alice, 200);
        vm.warp(START + 62);
        _attestAsOf(1000, START + 60);
        vm.assertEq(token.ceiling(), 1000, "1,000 + 0");
    }

    /// @dev The lookup is kept from the first mint on, and payouts afterwards don't change it.
    function test_TheBasisIsFinalOnceTaken() public {
        _attest(2000);
        _mint(alice, 1000);
        vm.warp(START + 60);
        _redeem(alice, 100);
        vm.warp(START + 120);
        _attest(1900);
        vm.assertEq(token.ceiling(), 2000, "before the first mint");
        _mint(bob, 1);
        vm.assertEq(token.ceiling(), 2000, "after it");
        _redeem(alice, 300);
        _mint(bob, 1);
        vm.assertEq(token.ceiling(), 2000, "after more payouts");
        vm.assertEq(token.discharged(), 400, "discharged");
        vm.assertEq(token.headroom(), 998, "headroom");
    }

    function test_BurnByOrderFreesHeadroomOnlyWithTheNextAttestation() public {
        _attest(1000);
        _mint(alice, 1000);
        vm.warp(START + 60);
        vm.prank(compliance);
        token.burnByOrder(alice, 100, CASE);
        vm.assertEq(token.headroom(), 0, "now");
        vm.warp(START + 120);
        _attest(1000);
        vm.assertEq(token.headroom(), 100, "then");
    }

    function test_AnotherFeedStartsAnotherBasis() public {
        _attest(2000);
        _mint(alice, 1000);
        vm.warp(START + 60);
        _redeem(alice, 300);
        vm.warp(START + 120);
        _attest(1700);
        _mint(bob, 1);
        vm.assertEq(token.ceiling(), 2000, "old feed");
        feed = AttestedFeed(address(_openFeed()));
        _attest(900);
        _govern(address(token), abi.encodeCall(IStablecoin.setFeed, (address(feed))));
        vm.assertEq(token.ceiling(), 1200, "900 and the 300 paid by then");
        _mintRefused(bob, 200, _exceeded(1201, 1200));
        _mint(bob, 199);
    }

    /// @dev Another feed with the same attestors. No function of it has a role yet, so the admin configures it.
    function _openFeed() private returns (AttestedFeed other) {
        other = _newFeed(6);
        _administer(address(other), abi.encodeCall(AttestedFeed.setAttestors, (_attestors(), 2)));
        _administer(address(other), abi.encodeCall(AttestedFeed.setLimits, (MAX_AGE, 1000, 2000)));
    }

    function test_MintCostsTheSameHoweverManyPayouts() public {
        _attest(1_000_000);
        _mint(alice, 1000);
        uint256 snapshot = vm.snapshotState();
        uint256 few = _costAfterPayouts(1);
        vm.revertToState(snapshot);
        uint256 many = _costAfterPayouts(50);
        vm.assertLe(many, few + 100, "many payouts");
        vm.assertLe(few, many + 100, "few payouts");
    }

    function _costAfterPayouts(uint256 payouts) private returns (uint256) {
        vm.warp(START + 60);
        _attest(1_000_000);
        _mint(bob, 1);
        for (uint256 i = 1; i <= payouts; ++i) {
            vm.warp(START + 60 + i);
            _redeem(alice, 1);
        }
        vm.warp(START + 200);
        MintBatch[] memory batches = _batch(_one(_order(bob, 1)));
        return this.cost(batches);
    }

    /// @dev In a call of its own, so that the test's memory does not count.
    function cost(MintBatch[] calldata batches) external returns (uint256) {
        vm.prank(operator);
        uint256 before = gasleft();
        market.mint(batches);
        return before - gasleft();
    }

    /// @dev Any course of mints, burns, payouts and attestations keeps the rule and the totals.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_TheRuleHoldsInAnyOrder(uint256[6] memory amounts, uint8[6] memory waits, uint16 buffer)
        public
    {
        _govern(address(token), abi.encodeCall(IStablecoin.setBuffer, (uint16(bound(buffer, 0, 10_000)))));
        _attest(10_000);
        for (uint256 i = 0; i < 6; ++i) {
            uint256 room = token.headroom();
            uint256 amount = bound(amounts[i], 1, 6000);
            MintBatch[] memory batches = _batch(_one(_order(alice, amount)));
            vm.prank(operator);
            (bool ok,) = address(market).call(abi.encodeCall(market.mint, (batches)));
            vm.assertEq(ok, amount <= room, "headroom tells what passes");
            vm.warp(block.timestamp + 1 + waits[i]);
            uint256 held = token.balanceOf(alice);
            if (held != 0) _redeem(alice, bound(amounts[i], 1, held));
            vm.warp(block.timestamp + waits[i]);
            if (waits[i] % 2 == 1) _attest(bound(amounts[i], 8000, 12_000));
            vm.assertEq(token.minted(), token.totalSupply() + token.burned(), "minted");
            vm.assertLe(token.discharged(), token.burned(), "discharged");
        }
    }

    // ----------------------------------------------------------------------------------------------- decimals

    function test_TheSameAtAnyDecimals() public {
        uint8[5] memory all = [0, 2, 6, 8, 18];
        for (uint256 i = 0; i < all.length; ++i) {
            vm.warp(START);
            _deploy(all[i]);
            _attest(1500 * unit);
            _mint(alice, 1050 * unit);
            vm.assertEq(token.coverageBps(), 14_285, "coverage");
            vm.assertEq(token.headroom(), 450 * unit, "headroom");
            _mintRefused(bob, 450 * unit + 1, _exceeded(1500 * unit + 1, 1500 * unit));
            _mint(bob, 450 * unit);
            _redeem(bob, 450 * unit);
            vm.assertEq(token.totalSupply(), 1050 * unit, "supply");
            vm.assertEq(token.discharged(), 450 * unit, "discharged");
        }
    }

    function test_TheLargestAmounts() public {
        uint112 largest = type(uint112).max;
        _deploy(18);
        _govern(address(market), abi.encodeCall(market.setOrderCap, (largest)));
        _govern(address(market), abi.encodeCall(market.setOperatorLimit, (operator, largest)));
        _govern(address(market), abi.encodeCall(market.setApprovalTiers, (_oneTier(largest))));
        _attest(largest);
        _mint(alice, largest);
        vm.assertEq(token.totalSupply(), largest, "supply");
        vm.assertEq(token.coverageBps(), 10_000, "coverage");
        _redeem(alice, largest);
        vm.assertEq(token.totalSupply(), 0, "supply");
        vm.assertEq(IRegulatedERC20(address(token)).burned(), largest, "burned");
    }

    function _oneTier(uint112 upTo) private pure returns (ApprovalTier[] memory tiers) {
        tiers = new ApprovalTier[](1);
        tiers[0] = ApprovalTier({upTo: upTo, approvals: 1});
    }
}
