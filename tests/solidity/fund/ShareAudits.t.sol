// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DistributionClaim, IDistribution} from "../../../contracts/interfaces/IDistribution.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {
    CountryRule,
    IFundShare,
    Restriction,
    SharePolicy
} from "../../../contracts/interfaces/IFundShare.sol";
import {IInvestorRegistry, Wallet, WalletEntry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {Distribution} from "../../../contracts/market/Distribution.sol";
import {FundShare} from "../../../contracts/token/FundShare.sol";
import {BareVault} from "../support/BareVault.sol";
import {DistributionSuite} from "../support/DistributionSuite.sol";
import {GrownDistribution, GrownShare} from "../support/Grown.sol";
import {Vm, vm} from "../support/Vm.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice docs/audits.md, "Funds and security tokens": the rows that a share, its policy, the registry or a distribution
/// can get wrong, each test named by its row. Other tests go deeper; these say that the row holds.
contract ShareAuditsTest is DistributionSuite {
    function setUp() public override {
        super.setUp();
        _setPolicy(_countedPolicy());
    }

    // --------------------------------------------------------------------------------- identity and recovery

    /// @dev A lost wallet, two share classes, one registry: balance and freeze move in each by itself, limits and lock-up
    /// stay the investor's. Never to itself; and no wallet passes from one investor to another, removed or not.
    function test_Row02_RecoveryInEachOfSeveralShares() public {
        (FundShare other, BareVault otherVault) = _secondClass();
        _subscribe(alice, 100);
        otherVault.issue(70);
        otherVault.deliver(alice, 70, uint40(block.timestamp));
        _freezeShares(alice, 40);
        _remove(alice);
        _freezeShares(alice2, 40);
        _force(alice, alice2, 100);
        vm.prank(compliance);
        other.forcedTransfer(alice, alice2, 70, CASE);
        vm.assertEq(share.balanceOf(alice2), 100, "balance");
        vm.assertEq(share.getFrozenTokens(alice2), 40, "frozen");
        vm.assertEq(share.getFrozenTokens(alice), 0, "no longer there");
        vm.assertEq(other.balanceOf(alice2), 70, "the other class");
        _refused(
            compliance,
            address(share),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice2, alice2, 1, CASE)),
            abi.encodeWithSelector(IRegulatedERC20.ForcedTransferToSelf.selector, alice2)
        );
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] = WalletEntry({account: alice, wallet: _professional(bob)});
        bytes4 belongs = IInvestorRegistry.WalletBelongsToAnother.selector;
        _refused(
            registrar,
            address(registry),
            abi.encodeCall(IInvestorRegistry.setWallets, (entries)),
            abi.encodeWithSelector(belongs, alice, _investor(alice), _investor(bob))
        );
    }

    function test_Row03_RecoveryChangesNoCounterOfTheInvestor() public {
        SharePolicy memory policy = _countedPolicy();
        (policy.maxHolding, policy.maxHolders, policy.lockUpDays) = (100, 1, 30);
        _setPolicy(policy);
        _subscribe(alice, 100);
        uint256 lock = share.lockedUntil(_investor(alice));
        _remove(alice);
        _force(alice, alice2, 100);
        vm.assertEq(share.holdingOf(_investor(alice)), 100, "holding");
        vm.assertEq(share.holders(), 1, "holders");
        vm.assertEq(share.lockedUntil(_investor(alice)), lock, "lock-up");
        bytes memory refusal = abi.encodeWithSelector(IFundShare.LockedUp.selector, _investor(alice), lock);
        _collectionRefused(alice2, 1, Restriction.LockedUp, refusal);
    }

    function _secondClass() private returns (FundShare other, BareVault otherVault) {
        other = _newShare(18);
        _assignShare(address(other));
        otherVault = new BareVault(address(token), other);
        _govern(address(other), abi.encodeCall(IFundShare.setVault, (address(token), address(otherVault))));
        _govern(address(other), abi.encodeCall(IFundShare.setPolicy, (_plainPolicy())));
        _govern(
            address(other), abi.encodeCall(IFundShare.setCountries, (CountryRule.OnlyListed, _admitted()))
        );
    }

    // ------------------------------------------------------------------------------------------------- amounts

    /// @dev Whatever the limits: nothing moves, nobody becomes a holder, nobody is locked up.
    function test_Row04_NothingOfAShareChangesNoCounter() public {
        SharePolicy memory policy = _countedPolicy();
        (policy.maxHolding, policy.minHolding, policy.maxHolders, policy.lockUpDays) = (100, 10, 1, 30);
        _setPolicy(policy);
        vault.issue(100);
        vault.deliver(alice, 100, 0);
        _send(alice, bob, 0);
        vault.deliver(bob, 0, uint40(block.timestamp));
        vault.collect(bob, bob, 0);
        vault.giveBack(bob, 0);
        _force(alice, bob, 0);
        vm.assertEq(share.holders(), 1, "holders");
        vm.assertEq(share.holdingOf(_investor(alice)), 100, "alice");
        vm.assertEq(share.holdingOf(_investor(bob)), 0, "bob");
        vm.assertEq(share.lockedUntil(_investor(bob)), 0, "not locked up");
    }

    // ------------------------------------------------------------------------------------- who is blocked where

    /// @dev Spender, owner and receiver, in every movement.
    function test_Row14_EveryPartyOfAShareIsScreened() public {
        _subscribe(alice, 100);
        vault.collect(alice, alice, 10);
        vm.prank(alice);
        share.approve(carol, 50);
        bytes memory spend = abi.encodeCall(IERC20.transferFrom, (alice, bob, 1));
        bytes memory collect = abi.encodeCall(IFundShare.collect, (alice, carol, 1));
        uint256 snapshot = vm.snapshotState();
        _freezeShares(carol, type(uint128).max);
        _refused(carol, address(share), spend, _cannotSend(carol));
        _refused(address(vault), address(share), collect, _cannotSend(carol));
        vm.revertToState(snapshot);
        _freezeShares(alice, type(uint128).max);
        _refused(carol, address(share), spend, _cannotSend(alice));
        _refused(address(vault), address(share), collect, _cannotSend(alice));
        _deliveryRefused(alice, 1, Restriction.ReceiverFrozen, _cannotReceive(alice));
        bytes memory back = abi.encodeCall(IFundShare.giveBack, (alice, 1));
        _refused(address(vault), address(share), back, _cannotReceive(alice));
        vm.revertToState(snapshot);
        _lapse(bob);
        _refused(carol, address(share), spend, _unverified(bob));
        _admit(bob);
        _lapse(alice);
        _refused(carol, address(share), spend, _unverified(alice));
        _deliveryRefused(alice, 1, Restriction.ReceiverNotVerified, _unverified(alice));
    }

    /// @dev Of two reasons the views name the one that the transfer gives: the frozen receiver, not the frozen amount.
    function test_AFrozenReceiverComesBeforeAFrozenAmount() public {
        _subscribe(alice, 100);
        _freezeShares(alice, 50);
        _freezeShares(bob, type(uint128).max);
        _transferRefused(alice, bob, 51, Restriction.ReceiverFrozen, _cannotReceive(bob));
    }

    /// @dev Two wallets that nobody registered have the same investor, none, and are no one's own wallets for that.
    function test_Row15_NoInvestorIsNotTheSameInvestor() public {
        address other = vm.addr(777);
        vm.assertEq(bytes32(share.investorOf(stranger)), bytes32(share.investorOf(other)), "both unset");
        _transferRefused(stranger, other, 0, Restriction.ReceiverNotVerified, _unverified(other));
        _transferRefused(stranger, stranger, 0, Restriction.ReceiverNotVerified, _unverified(stranger));
        _transferRefused(stranger, alice, 0, Restriction.SenderNotVerified, _unverified(stranger));
        vault.issue(1);
        _deliveryRefused(stranger, 1, Restriction.ReceiverNotVerified, _unverified(stranger));
        _refused(
            address(vault),
            address(share),
            abi.encodeCall(IFundShare.giveBack, (stranger, 1)),
            _unverified(stranger)
        );
        vm.assertEq(share.vault(address(0)), address(0), "no asset, no vault");
        vm.assertFalse(share.isVault(address(0)), "zero is no vault");
        vm.assertEq(distribution.idOf(bytes32(0)), 0, "no report, no distribution");
    }

    function test_Row16_ARemovedWalletStaysOut_AndZeroHoldsNothing() public {
        _subscribe(alice, 10);
        _remove(bob);
        _transferRefused(alice, bob, 1, Restriction.ReceiverNotVerified, _unverified(bob));
        vm.assertFalse(share.canReceive(address(0)), "zero");
        vm.assertEq(share.detectTransferRestriction(alice, address(0), 1), 6, "zero is not verified");
    }

    /// @dev Delivery, transfer, spending and force ask for the receiver; lapsed verification does not close the way out.
    function test_Row17_EveryWayToASharePassesTheReceiversRules() public {
        _subscribe(alice, 100);
        _lapse(bob);
        _deliveryRefused(bob, 1, Restriction.ReceiverNotVerified, _unverified(bob));
        _transferRefused(alice, bob, 1, Restriction.ReceiverNotVerified, _unverified(bob));
        _refused(
            compliance,
            address(share),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, bob, 1, CASE)),
            _cannotReceive(bob)
        );
        _lapse(alice);
        _redeemShares(alice, 100);
        vm.assertEq(share.totalSupply(), 0, "out");
    }

    function test_Row18_AFreezeAboveTheHoldingCatchesWhatIsDelivered() public {
        _subscribe(alice, 100);
        _freezeShares(alice, 150);
        _subscribe(alice, 60);
        vm.assertTrue(share.canTransfer(alice, bob, 10), "to the last unit");
        vm.assertFalse(share.canTransfer(alice, bob, 11), "and not one more");
        vm.recordLogs();
        _force(alice, bob, 20);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs[0].topics[0], IERC7943Fungible.Frozen.selector, "the figure first");
        vm.assertEq(logs[1].topics[0], IERC20.Transfer.selector, "then the transfer");
        vm.assertEq(share.getFrozenTokens(alice), 140, "lowered by what was taken of it");
    }

    function test_Row19_AFrozenSpenderMovesNoShares() public {
        _subscribe(alice, 100);
        vm.prank(alice);
        share.approve(carol, type(uint256).max);
        _freezeShares(carol, type(uint128).max);
        _refused(
            carol, address(share), abi.encodeCall(IERC20.transferFrom, (alice, bob, 1)), _cannotSend(carol)
        );
        _refused(
            address(vault),
            address(share),
            abi.encodeCall(IFundShare.collect, (alice, carol, 1)),
            _cannotSend(carol)
        );
    }

    /// @dev One state after another; the fuzzed test of all of them together stands in Policy.t.sol.
    function test_Row20_TheSharesViewsAgreeWithReality() public {
        SharePolicy memory policy = _countedPolicy();
        (policy.maxHolding, policy.lockUpDays) = (100, 1);
        _setPolicy(policy);
        _subscribe(alice, 100);
        bytes memory locked =
            abi.encodeWithSelector(IFundShare.LockedUp.selector, _investor(alice), block.timestamp + 1 days);
        _transferRefused(alice, bob, 1, Restriction.LockedUp, locked);
        _collectionRefused(alice, 1, Restriction.LockedUp, locked);
        bytes memory above =
            abi.encodeWithSelector(IFundShare.HoldingAboveMaximum.selector, _investor(alice), 101, 100);
        _deliveryRefused(alice, 1, Restriction.AboveMaximum, above);
        vm.warp(block.timestamp + 1 days);
        _freezeShares(alice, 100);
        bytes4 frozen = IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector;
        bytes memory refusal = abi.encodeWithSelector(frozen, alice, 1, 0);
        _transferRefused(alice, bob, 1, Restriction.AmountFrozen, refusal);
        _collectionRefused(alice, 1, Restriction.AmountFrozen, refusal);
        vm.prank(guardian);
        share.pause();
        refusal = abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector);
        _transferRefused(alice, bob, 1, Restriction.Paused, refusal);
        _deliveryRefused(bob, 1, Restriction.Paused, refusal);
        _collectionRefused(alice, 1, Restriction.Paused, refusal);
    }

    function _cannotSend(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, account);
    }

    function _cannotReceive(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, account);
    }

    // -------------------------------------------------------------------------------------------------- limits

    /// @dev New terms neither free what was locked up nor trap what was not.
    function test_Row22_NewTermsNeitherFreeNorTrapShares() public {
        _subscribe(alice, 100);
        SharePolicy memory policy = _countedPolicy();
        policy.lockUpDays = 30;
        _setPolicy(policy);
        _subscribe(bob, 100);
        uint256 end = block.timestamp + 30 days;
        policy.lockUpDays = 0;
        _setPolicy(policy);
        _redeemShares(alice, 100);
        bytes memory locked = abi.encodeWithSelector(IFundShare.LockedUp.selector, _investor(bob), end);
        _collectionRefused(bob, 1, Restriction.LockedUp, locked);
        vm.warp(end);
        _redeemShares(bob, 100);
    }

    function test_Row23_ALimitBelowTheHoldingsLocksNobodyIn() public {
        _subscribe(alice, 100);
        _subscribe(bob, 100);
        SharePolicy memory policy = _countedPolicy();
        (policy.maxHolding, policy.minHolding, policy.maxHolders) = (10, 10, 1);
        _setPolicy(policy);
        _send(alice, alice2, 95);
        bytes memory full = abi.encodeWithSelector(IFundShare.HolderLimitReached.selector, 1);
        _transferRefused(alice2, carol, 10, Restriction.TooManyHolders, full);
        _redeemShares(alice2, 95);
        _redeemShares(alice, 5);
        vm.assertEq(share.holders(), 1, "bob");
    }

    function test_Row24_NoMinimumTrapsARemainderOfShares() public {
        SharePolicy memory policy = _countedPolicy();
        policy.minHolding = 50;
        _setPolicy(policy);
        _subscribe(alice, 100);
        _redeemShares(alice, 99);
        _redeemShares(alice, 1);
        vm.assertEq(share.holdingOf(_investor(alice)), 0, "the last unit");
    }

    // -------------------------------------------------------------------------------------------- per investor

    /// @dev A second wallet doesn't shorten, lengthen or escape the lock-up; then everything is free.
    function test_Row28_ASecondWalletDoesNotEscapeTheLockUp() public {
        SharePolicy memory policy = _countedPolicy();
        policy.lockUpDays = 90;
        _setPolicy(policy);
        _subscribe(alice, 100);
        uint256 end = block.timestamp + 90 days;
        vm.warp(block.timestamp + 40 days);
        _send(alice, alice2, 60);
        vm.assertEq(share.lockedUntil(_investor(alice)), end, "the same end");
        bytes memory locked = abi.encodeWithSelector(IFundShare.LockedUp.selector, _investor(alice), end);
        vm.warp(end - 1);
        _transferRefused(alice2, bob, 1, Restriction.LockedUp, locked);
        _collectionRefused(alice2, 1, Restriction.LockedUp, locked);
        vm.warp(end);
        _send(alice2, bob, 60);
        _redeemShares(alice, 40);
    }

    function test_Row29_TheHolderCountStaysRight() public {
        _subscribe(alice, 100);
        _send(alice, alice, 100);
        _count(1, "to itself");
        _send(alice, alice2, 100);
        _count(1, "to the same investor");
        _send(alice2, bob, 100);
        _count(1, "out and in");
        _redeemShares(bob, 100);
        _count(0, "full exit");
        _subscribe(bob, 10);
        _count(1, "re-entry");
        _force(bob, carol, 5);
        _count(2, "force");
        _remove(bob);
        _force(bob, carol, 5);
        _count(1, "force of the rest, of a removed wallet");
        vault.collect(carol, carol, 10);
        vault.retire(10);
        _count(0, "burned");
        _subscribe(alice, 10);
        _remove(alice);
        _force(alice, alice2, 10);
        _count(1, "recovery");
    }

    function _count(uint256 expected, string memory what) private view {
        vm.assertEq(share.holders(), expected, what);
    }

    // ------------------------------------------------------------------------------------------------ switches

    /// @dev Every setter of a share and a distribution goes back to what it was, with an event each time.
    function test_Row31_EverySettingOfAShareGoesBack() public {
        SharePolicy memory before = share.policy();
        SharePolicy memory after_ = _countedPolicy();
        (after_.primaryOnly, after_.classes, after_.maxHolding) = (true, 2, 5);
        vm.recordLogs();
        _setPolicy(after_);
        after_ = before;
        after_.minHolding = 1;
        _setPolicy(after_);
        before = share.policy();
        vm.assertFalse(before.primaryOnly || before.maxHolding == 5, "back");
        uint16[] memory none = new uint16[](0);
        _govern(address(share), abi.encodeCall(IFundShare.setCountries, (CountryRule.OnlyListed, none)));
        vm.assertFalse(share.canReceive(alice), "nowhere");
        _govern(address(share), abi.encodeCall(IFundShare.setCountries, (CountryRule.AllButListed, none)));
        vm.assertTrue(share.canReceive(alice), "anywhere");
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (address(token), address(0))));
        vm.assertFalse(share.isVault(address(vault)), "without a vault");
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (address(token), address(vault))));
        vm.assertTrue(share.isVault(address(vault)), "with it again");
        (uint256 id,) = _open();
        vm.prank(guardian);
        distribution.stop(id);
        _govern(address(distribution), abi.encodeCall(IDistribution.resume, (id)));
        vm.assertFalse(distribution.distribution(id).stopped, "resumed");
        vm.assertEq(_events(IFundShare.PolicyChanged.selector), 2, "policies");
    }

    function _events(bytes32 topic) private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) ++count;
        }
    }

    function test_Row32_ForceAndRedemptionOfALapsedHoldersShares() public {
        SharePolicy memory policy = _countedPolicy();
        (policy.lockUpDays, policy.primaryOnly) = (30, true);
        _setPolicy(policy);
        _subscribe(alice, 100);
        _lapse(alice);
        _force(alice, bob, 40);
        vm.assertEq(share.balanceOf(bob), 40, "locked up, primary only, lapsed: forced");
        vm.warp(block.timestamp + 30 days);
        _redeemShares(alice, 60);
    }

    // ------------------------------------------------------------------------------------------- distributions

    /// @dev By the record date's register: who sold since is paid and who bought since isn't. A frozen holder's share is
    /// set aside; what nobody claimed comes back after the term. An amount of nothing (withheld in full) is a leaf, too.
    function test_Row33_DividendsByRecordDate() public {
        _subscribe(alice, 100);
        _subscribe(bob, 200);
        DistributionClaim[] memory claims = new DistributionClaim[](3);
        (claims[0].account, claims[0].amount) = (alice, 100);
        (claims[1].index, claims[1].account, claims[1].amount) = (1, bob, 200);
        (claims[2].index, claims[2].account) = (2, dave);
        uint256 id = _create(_terms(claims, REPORT));
        _send(alice, carol, 100);
        _freezeCoins(bob);
        vm.assertEq(distribution.claimMany(id, claims), 2, "alice, and dave's nothing");
        vm.assertEq(token.balanceOf(alice), 100, "she held at the record date");
        vm.assertEq(token.balanceOf(carol), 0, "she did not");
        vm.assertEq(distribution.setAsideFor(id, bob), 200, "set aside");
        (uint256 next,) = _open();
        vm.warp(distribution.distribution(next).terms.deadline);
        vm.prank(treasurer);
        distribution.sweep(id);
        vm.prank(treasurer);
        distribution.sweep(next);
        vm.assertEq(distribution.setAsideFor(id, bob), 200, "still bob's");
        vm.assertEq(token.balanceOf(treasurer), 1_000_000e6 - 300, "the rest is back");
    }

    // -------------------------------------------------------------------------------------------------- code

    function test_Row34_AnUpgradeKeepsSharesAndDistributions() public {
        SharePolicy memory policy = _countedPolicy();
        (policy.lockUpDays, policy.maxHolding) = (30, 1000);
        _setPolicy(policy);
        _subscribe(alice, 100);
        (uint256 id, DistributionClaim[] memory claims) = _open();
        distribution.claim(id, claims[0]);
        bytes32 before = _fingerprint(id);
        GrownShare nextShare = new GrownShare(address(manager), address(registry));
        GrownDistribution next = new GrownDistribution(address(manager), address(token), address(registry));
        _upgrade(address(share), address(nextShare));
        _upgrade(address(distribution), address(next));
        GrownShare(address(share)).setField(7, alice);
        GrownDistribution(address(distribution)).setField(8, alice);
        vm.assertEq(_fingerprint(id), before, "as it was");
        vm.expectRevert();
        nextShare.initialize();
        vm.expectRevert();
        next.initialize();
        vm.expectRevert();
        share.initialize();
    }

    function _upgrade(address proxy, address implementation) private {
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (implementation, ""));
        _ready(upgrader, proxy, data);
        vm.prank(upgrader);
        manager.execute(proxy, data);
    }

    function _fingerprint(uint256 id) private view returns (bytes32) {
        bytes16 investor = _investor(alice);
        bytes memory figures = abi.encode(
            share.balanceOf(alice), share.holdingOf(investor), share.lockedUntil(investor), share.holders()
        );
        bytes memory terms = abi.encode(
            share.policy(),
            share.isCountryAdmitted(HONG_KONG),
            share.vault(address(token)),
            share.isVault(address(vault))
        );
        bytes memory record = abi.encode(
            distribution.distribution(id), distribution.isClaimed(id, 0), distribution.idOf(REPORT)
        );
        return keccak256(abi.encode(figures, terms, record));
    }

    /// @dev Neither the share nor the money of somebody blocked reaches another of their wallets.
    function test_Row36_ABlockedHoldersClaimIsNotLaunderedByAFreshWallet() public {
        _subscribe(alice, 100);
        (uint256 id, DistributionClaim[] memory claims) = _open();
        _freezeCoins(alice);
        _freezeShares(alice, type(uint128).max);
        claims[0].account = alice2;
        _refused(
            alice2,
            address(distribution),
            abi.encodeCall(IDistribution.claim, (id, claims[0])),
            abi.encodeWithSelector(IDistribution.InvalidProof.selector, id, 0)
        );
        claims[0].account = alice;
        vm.prank(alice2);
        vm.assertFalse(distribution.claim(id, claims[0]), "set aside for alice");
        _refused(
            alice2,
            address(distribution),
            abi.encodeCall(IDistribution.release, (id, alice2)),
            abi.encodeWithSelector(IDistribution.NothingSetAside.selector, id, alice2)
        );
        _transferRefused(alice, alice2, 1, Restriction.SenderFrozen, _cannotSend(alice));
    }

    function test_Row38_EveryFieldOfAWalletAndADistributionIsStored() public {
        Wallet memory wallet = _professional(stranger);
        _enrol(stranger, wallet);
        vm.assertEq(
            keccak256(abi.encode(registry.walletOf(stranger))), keccak256(abi.encode(wallet)), "wallet"
        );
        DistributionClaim[] memory claims = _claims();
        bytes memory terms = abi.encode(_terms(claims, REPORT));
        uint256 id = _create(_terms(claims, REPORT));
        vm.assertEq(abi.encode(distribution.distribution(id).terms), terms, "distribution");
    }
}
