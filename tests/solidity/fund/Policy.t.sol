// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {
    CountryRule,
    IFundShare,
    Restriction,
    SharePolicy
} from "../../../contracts/interfaces/IFundShare.sol";
import {IInvestorRegistry, InvestorClass, Wallet} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {ShareSuite} from "../support/ShareSuite.sol";
import {vm} from "../support/Vm.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Who may hold, how much, and what may pass between whom. Each refusal is met in the views, in the transfer or
/// delivery, and in the batch.
contract PolicyTest is ShareSuite {
    // -------------------------------------------------------------------------------------- who may hold at all

    function test_AStrangerGetsNoShares() public {
        _subscribe(alice, 100);
        _deliveryRefused(stranger, 1, Restriction.ReceiverNotVerified, _unverified(stranger));
        _transferRefused(alice, stranger, 1, Restriction.ReceiverNotVerified, _unverified(stranger));
        vm.assertFalse(share.canReceive(stranger), "canReceive");
    }

    function test_ClassesThatAreNotAdmitted() public {
        _subscribe(alice, 100);
        for (uint8 class = 1; class <= 4; ++class) {
            Wallet memory wallet = _professional(bob);
            wallet.class = InvestorClass(class);
            _enrol(bob, wallet);
            if (class >= uint8(InvestorClass.IndividualProfessional)) {
                _send(alice, bob, 1);
                vm.assertTrue(share.canReceive(bob), "a professional");
                continue;
            }
            bytes memory refusal = abi.encodeWithSelector(IFundShare.ClassNotAdmitted.selector, bob, class);
            _deliveryRefused(bob, 1, Restriction.ClassNotAdmitted, refusal);
            _transferRefused(alice, bob, 1, Restriction.ClassNotAdmitted, refusal);
            vm.assertFalse(share.canReceive(bob), "retail");
        }
    }

    function test_RetailWhereTheTermsSaySo() public {
        SharePolicy memory policy = _plainPolicy();
        policy.classes = PROFESSIONALS | 2;
        _setPolicy(policy);
        Wallet memory wallet = _professional(bob);
        wallet.class = InvestorClass.Retail;
        _enrol(bob, wallet);
        _subscribe(bob, 10);
        _send(bob, alice, 5);
        _send(alice, bob, 5);
        vm.assertEq(share.balanceOf(bob), 10, "retail");
    }

    function test_CountriesThatAreNotAdmitted() public {
        _subscribe(alice, 100);
        Wallet memory wallet = _professional(bob);
        wallet.country = SINGAPORE;
        _enrol(bob, wallet);
        _send(alice, bob, 10);
        wallet.country = UNITED_STATES;
        _enrol(bob, wallet);
        bytes memory refusal =
            abi.encodeWithSelector(IFundShare.CountryNotAdmitted.selector, bob, UNITED_STATES);
        _deliveryRefused(bob, 1, Restriction.CountryNotAdmitted, refusal);
        _transferRefused(alice, bob, 1, Restriction.CountryNotAdmitted, refusal);
        // Who moved to a country that is not admitted sells and redeems what there is.
        _send(bob, alice, 4);
        _redeemShares(bob, 6);
    }

    function test_AllButTheListedCountries() public {
        uint16[] memory listed = new uint16[](1);
        listed[0] = UNITED_STATES;
        _govern(address(share), abi.encodeCall(IFundShare.setCountries, (CountryRule.AllButListed, listed)));
        vm.assertTrue(share.isCountryAdmitted(HONG_KONG), "Hong Kong");
        vm.assertTrue(share.isCountryAdmitted(756), "Switzerland");
        vm.assertFalse(share.isCountryAdmitted(UNITED_STATES), "listed");
        // The list is set anew, not added to.
        _govern(
            address(share),
            abi.encodeCall(IFundShare.setCountries, (CountryRule.AllButListed, new uint16[](0)))
        );
        vm.assertTrue(share.isCountryAdmitted(UNITED_STATES), "no longer listed");
    }

    /// @dev Every number a registry entry could carry, under either rule, against the list itself.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_CountriesAreThoseListedOrTheOthers(uint16[8] memory raw, uint16 asked, bool only)
        public
    {
        uint16[] memory countries = new uint16[](8);
        bool isListed = false;
        for (uint256 i = 0; i < 8; ++i) {
            countries[i] = 1 + raw[i] % 999;
            isListed = isListed || countries[i] == asked;
        }
        CountryRule rule = only ? CountryRule.OnlyListed : CountryRule.AllButListed;
        _govern(address(share), abi.encodeCall(IFundShare.setCountries, (rule, countries)));
        vm.assertEq(share.isCountryAdmitted(asked), asked <= 999 && isListed == only, "asked");
        vm.assertEq(share.isCountryAdmitted(countries[0]), only, "listed");
    }

    function test_OnlyIsoCodesAreCountries() public {
        uint16[] memory countries = new uint16[](1);
        uint16[3] memory wrong = [0, 1000, type(uint16).max];
        for (uint256 i = 0; i < 3; ++i) {
            countries[0] = wrong[i];
            bytes memory data = abi.encodeCall(IFundShare.setCountries, (CountryRule.OnlyListed, countries));
            _ready(governor, address(share), data);
            _refused(
                governor,
                address(manager),
                abi.encodeCall(IAccessManager.execute, (address(share), data)),
                abi.encodeWithSelector(IFundShare.InvalidCountry.selector, wrong[i])
            );
        }
    }

    // ------------------------------------------------------------------------------------------ lapsed investors

    /// @dev An expired classification stops subscriptions, receiving and dealing with others; never holding, redeeming or
    /// having back what was redeemed and not taken.
    function test_ALapsedInvestorHoldsAndRedeems() public {
        _subscribe(alice, 100);
        _subscribe(bob, 100);
        _lapse(alice);
        bytes memory refusal = _unverified(alice);
        _deliveryRefused(alice, 1, Restriction.ReceiverNotVerified, refusal);
        _refused(stranger, address(share), abi.encodeCall(IFundShare.requireSubscriber, (alice)), refusal);
        _transferRefused(bob, alice, 1, Restriction.ReceiverNotVerified, refusal);
        _transferRefused(alice, bob, 1, Restriction.SenderNotVerified, refusal);
        vm.assertEq(share.balanceOf(alice), 100, "holds");
        vm.assertTrue(share.canSend(alice), "is not frozen");
        (uint8 code, bytes memory why) = share.restrictionOnRedemption(alice, 100);
        vm.assertEq(code, 0, "redeems");
        vm.assertEq(why, "", "without a refusal");
        vault.collect(alice, alice, 60);
        vault.giveBack(alice, 20);
        vault.retire(40);
        _redeemShares(alice, 60);
        vm.assertEq(share.balanceOf(alice), 0, "out");
        _admit(alice);
        _send(bob, alice, 1);
    }

    function test_VerifiedToItsLastSecond() public {
        _subscribe(bob, 10);
        vm.warp(registry.walletOf(alice).verifiedUntil);
        _admit(bob);
        _send(bob, alice, 1);
        vm.warp(block.timestamp + 1);
        _transferRefused(bob, alice, 1, Restriction.ReceiverNotVerified, _unverified(alice));
    }

    /// @dev A removed wallet is nobody's to send to; what it holds is redeemed, or moved to a wallet of the same investor.
    function test_ARemovedWalletEmptiesOnly() public {
        _setPolicy(_countedPolicy());
        _subscribe(alice, 100);
        _remove(alice);
        _deliveryRefused(alice, 1, Restriction.ReceiverNotVerified, _unverified(alice));
        _transferRefused(alice, bob, 1, Restriction.SenderNotVerified, _unverified(alice));
        _send(alice, alice2, 30);
        _redeemShares(alice, 30);
        _force(alice, alice2, 40);
        vm.assertEq(share.holdingOf(_investor(alice)), 70, "still the investor's");
        vm.assertEq(share.holders(), 1, "one holder");
    }

    // --------------------------------------------------------------------------------------------- primary only

    function test_PrimaryOnlySharesDoNotPassBetweenInvestors() public {
        SharePolicy memory policy = _plainPolicy();
        policy.primaryOnly = true;
        _setPolicy(policy);
        _subscribe(alice, 100);
        bytes memory refusal = abi.encodeWithSelector(IFundShare.TransfersClosed.selector, alice, bob);
        _transferRefused(alice, bob, 1, Restriction.PrimaryOnly, refusal);
        _send(alice, alice2, 60);
        _redeemShares(alice2, 60);
        _force(alice, bob, 40);
        vm.assertEq(share.balanceOf(bob), 40, "force");
    }

    /// @dev Nor by any other way that moves a holder's tokens.
    function test_PrimaryOnlyHoldsForSpendersToo() public {
        SharePolicy memory policy = _plainPolicy();
        policy.primaryOnly = true;
        _setPolicy(policy);
        _subscribe(alice, 100);
        vm.prank(alice);
        share.approve(bob, 10);
        _refused(
            bob,
            address(share),
            abi.encodeCall(IERC20.transferFrom, (alice, bob, 1)),
            abi.encodeWithSelector(IFundShare.TransfersClosed.selector, alice, bob)
        );
        vm.prank(bob);
        vm.assertTrue(share.transferFrom(alice, alice2, 10), "within the investor");
    }

    // -------------------------------------------------------------------------------------------------- limits

    function test_TheMaximumCountsAllWalletsOfAnInvestor() public {
        SharePolicy memory policy = _countedPolicy();
        policy.maxHolding = 100;
        _setPolicy(policy);
        _subscribe(alice, 60);
        _subscribe(alice2, 40);
        _subscribe(bob, 10);
        bytes memory refusal = _above(alice, 101, 100);
        _deliveryRefused(alice, 1, Restriction.AboveMaximum, refusal);
        _deliveryRefused(alice2, 1, Restriction.AboveMaximum, refusal);
        _transferRefused(bob, alice, 1, Restriction.AboveMaximum, refusal);
        _send(alice, alice2, 60);
        _send(alice2, alice, 100);
        _send(alice, bob, 5);
        _send(bob, alice, 5);
        vm.assertEq(share.holdingOf(_investor(alice)), 100, "full");
    }

    /// @dev Shares under redemption are not counted, so taking a redemption back asks the maximum again; the redemption
    /// stands then, and nothing is lost.
    function test_ARedemptionTakenBackDoesNotPassTheMaximum() public {
        SharePolicy memory policy = _countedPolicy();
        policy.maxHolding = 100;
        _setPolicy(policy);
        _subscribe(alice, 100);
        vault.collect(alice, alice, 100);
        _subscribe(alice, 50);
        _refused(
            address(vault),
            address(share),
            abi.encodeCall(IFundShare.giveBack, (alice, 51)),
            _above(alice, 101, 100)
        );
        vault.giveBack(alice2, 50);
        vm.assertEq(share.holdingOf(_investor(alice)), 100, "full again");
    }

    /// @dev Lowering a limit takes nothing away and locks nothing in.
    function test_ALimitBelowWhatIsHeldLetsOut() public {
        _setPolicy(_countedPolicy());
        _subscribe(alice, 100);
        _subscribe(bob, 100);
        SharePolicy memory policy = _countedPolicy();
        (policy.maxHolding, policy.maxHolders) = (50, 1);
        _setPolicy(policy);
        _transferRefused(alice, bob, 1, Restriction.AboveMaximum, _above(bob, 101, 50));
        vm.prank(alice);
        vm.assertTrue(share.transfer(bob, 0), "nothing at all");
        _send(alice, alice2, 30);
        _redeemShares(alice, 70);
        _redeemShares(alice2, 30);
        vm.assertEq(share.holders(), 1, "bob");
    }

    function test_TheMinimumBindsTransfersBetweenInvestors() public {
        SharePolicy memory policy = _countedPolicy();
        policy.minHolding = 10;
        _setPolicy(policy);
        _subscribe(alice, 30);
        _transferRefused(alice, bob, 9, Restriction.BelowMinimum, _below(bob, 9));
        _transferRefused(alice, bob, 21, Restriction.BelowMinimum, _below(alice, 9));
        _send(alice, bob, 20);
        _send(alice, bob, 10);
        vm.assertEq(share.holdingOf(_investor(alice)), 0, "all or the minimum");
        _send(bob, alice, 15);
        _send(alice, alice2, 1);
        vm.assertEq(share.holdingOf(_investor(alice)), 15, "among wallets nothing is asked");
    }

    /// @dev A remainder below the minimum is redeemed like anything else, and a subscription may start below it.
    function test_TheMinimumTrapsNoRemainder() public {
        SharePolicy memory policy = _countedPolicy();
        policy.minHolding = 10;
        _setPolicy(policy);
        _subscribe(alice, 30);
        _redeemShares(alice, 29);
        vm.assertEq(share.balanceOf(alice), 1, "a remainder");
        _redeemShares(alice, 1);
        _subscribe(bob, 3);
        vm.assertEq(share.balanceOf(bob), 3, "a small subscription");
    }

    function test_AsManyHoldersAsThereMayBe() public {
        SharePolicy memory policy = _countedPolicy();
        policy.maxHolders = 2;
        _setPolicy(policy);
        _subscribe(alice, 100);
        _subscribe(bob, 100);
        bytes memory refusal = abi.encodeWithSelector(IFundShare.HolderLimitReached.selector, 2);
        _deliveryRefused(carol, 1, Restriction.TooManyHolders, refusal);
        _transferRefused(alice, carol, 99, Restriction.TooManyHolders, refusal);
        _subscribe(alice2, 10);
        _send(alice2, bob, 10);
        vm.assertEq(share.holders(), 2, "two");
        // One goes as the other comes.
        _send(alice, carol, 100);
        vm.assertEq(share.holders(), 2, "two again");
        _redeemShares(bob, 110);
        _subscribe(dave, 1);
        vm.assertEq(share.holders(), 2, "and again");
    }

    /// @dev Each of a batch is held against what those before it left.
    function test_ABatchKeepsTheLimitsAsItGoes() public {
        SharePolicy memory policy = _countedPolicy();
        (policy.maxHolding, policy.maxHolders) = (100, 2);
        _setPolicy(policy);
        address[] memory accounts = new address[](6);
        (accounts[0], accounts[1], accounts[2]) = (alice, alice2, alice);
        (accounts[3], accounts[4], accounts[5]) = (bob, carol, bob);
        uint256[] memory amounts = new uint256[](6);
        (amounts[0], amounts[1], amounts[2]) = (60, 41, 40);
        (amounts[3], amounts[4], amounts[5]) = (1, 1, 99);
        vault.issue(1000);
        uint8[] memory codes = vault.deliver(accounts, amounts, uint40(block.timestamp));
        vm.assertEq(codes[0], 0, "60");
        vm.assertEq(codes[1], uint8(Restriction.AboveMaximum), "101");
        vm.assertEq(codes[2], 0, "100");
        vm.assertEq(codes[3], 0, "the second holder");
        vm.assertEq(codes[4], uint8(Restriction.TooManyHolders), "the third");
        vm.assertEq(codes[5], 0, "a holder already");
        vm.assertEq(share.balanceOf(address(vault)), 800, "what was left out");
    }

    function _above(address account, uint256 holding, uint256 maximum) private view returns (bytes memory) {
        bytes4 selector = IFundShare.HoldingAboveMaximum.selector;
        return abi.encodeWithSelector(selector, _investor(account), holding, maximum);
    }

    function _below(address account, uint256 holding) private view returns (bytes memory) {
        bytes4 selector = IFundShare.HoldingBelowMinimum.selector;
        return abi.encodeWithSelector(selector, _investor(account), holding, 10);
    }

    // ------------------------------------------------------------------------------------------------ lock-ups

    function test_ALockUpRunsFromDealing() public {
        uint256 end = block.timestamp + GOVERNOR_DELAY + 30 days;
        _lockFor(30);
        vault.issue(100);
        uint40 dealtAt = uint40(block.timestamp);
        vm.warp(dealtAt + 5 days);
        vm.expectEmit(address(share));
        emit IFundShare.LockUpExtended(_investor(alice), uint40(end));
        vault.deliver(alice, 100, dealtAt);
        vm.assertEq(share.lockedUntil(_investor(alice)), end, "30 days from dealing, not from delivery");
        bytes memory refusal = abi.encodeWithSelector(IFundShare.LockedUp.selector, _investor(alice), end);
        vm.warp(end - 1);
        _transferRefused(alice, bob, 1, Restriction.LockedUp, refusal);
        _collectionRefused(alice, 1, Restriction.LockedUp, refusal);
        vm.warp(end);
        _send(alice, bob, 50);
        _redeemShares(alice, 50);
        vm.assertEq(share.lockedUntil(_investor(bob)), 0, "the buyer is free");
        _send(bob, alice, 50);
    }

    /// @dev What is subscribed later is locked up longer, and all that the investor holds with it; what is delivered late
    /// of an earlier day shortens nothing.
    function test_ALaterSubscriptionExtendsTheLockUp() public {
        _lockFor(30);
        uint40 first = uint40(block.timestamp);
        _subscribe(alice, 100);
        vm.warp(first + 10 days);
        _subscribe(alice2, 100);
        uint256 end = uint256(first) + 40 days;
        vm.assertEq(share.lockedUntil(_investor(alice)), end, "extended");
        vault.issue(1);
        vault.deliver(alice, 1, first);
        vm.assertEq(share.lockedUntil(_investor(alice)), end, "not shortened");
        vm.warp(first + 31 days);
        _collectionRefused(
            alice,
            1,
            Restriction.LockedUp,
            abi.encodeWithSelector(IFundShare.LockedUp.selector, _investor(alice), end)
        );
    }

    function test_ANewLockUpBindsNewSubscriptionsOnly() public {
        _setPolicy(_countedPolicy());
        _subscribe(alice, 100);
        _lockFor(30);
        _subscribe(bob, 100);
        _redeemShares(alice, 100);
        _lockFor(0);
        (uint8 code,) = share.restrictionOnRedemption(bob, 1);
        vm.assertEq(code, uint8(Restriction.LockedUp), "what was agreed stays");
    }

    function test_ForceReachesLockedUpShares() public {
        _lockFor(30);
        _subscribe(alice, 100);
        _force(alice, bob, 100);
        vm.assertEq(share.balanceOf(bob), 100, "forced");
        _send(bob, carol, 100);
    }

    function _lockFor(uint16 days_) private {
        SharePolicy memory policy = _countedPolicy();
        policy.lockUpDays = days_;
        _setPolicy(policy);
    }

    // ------------------------------------------------------------------------------------------------ the count

    function test_HoldersAreInvestors() public {
        _setPolicy(_countedPolicy());
        _subscribe(alice, 100);
        _subscribe(alice2, 50);
        vm.assertEq(share.holders(), 1, "one, with two wallets");
        vm.assertEq(share.holdingOf(_investor(alice)), 150, "together");
        _send(alice, alice2, 100);
        _send(alice2, alice2, 10);
        vm.assertEq(share.holders(), 1, "moving changes nothing");
        _send(alice2, bob, 150);
        vm.assertEq(share.holders(), 1, "out and in");
        vault.collect(bob, bob, 150);
        vm.assertEq(share.holders(), 0, "under redemption");
        vault.giveBack(bob, 150);
        _force(bob, carol, 50);
        vm.assertEq(share.holders(), 2, "force");
        vm.assertEq(share.holdingOf(_investor(bob)), 100, "bob");
        vm.assertEq(share.holdingOf(_investor(carol)), 50, "carol");
    }

    function test_NothingIsCountedWithoutInvestorAccounts() public {
        _subscribe(alice, 100);
        _send(alice, bob, 50);
        _force(bob, carol, 10);
        _redeemShares(alice, 50);
        vm.assertEq(share.holders(), 0, "holders");
        vm.assertEq(share.holdingOf(_investor(carol)), 0, "holding");
    }

    // ----------------------------------------------------------------------------------- views against reality

    /// @dev `canTransfer` and ERC-1404 agree with what happens, whatever the state and the parties.
    /// forge-config: default.fuzz.runs = 512
    function testFuzz_TransfersDoWhatTheViewsSay(uint256 seed, uint256 amount) public {
        _arrange(seed);
        address[7] memory who = [alice, alice2, bob, carol, stranger, address(vault), address(0)];
        address from = who[(seed >> 128) % 6];
        address to = who[(seed >> 136) % 7];
        amount = amount % 3 == 0 ? amount : amount % 250;
        uint8 code = share.detectTransferRestriction(from, to, amount);
        bool can = share.canTransfer(from, to, amount);
        vm.assertEq(can, code == 0, "ERC-7943 and ERC-1404");
        if (can) {
            vm.assertTrue(share.canSend(from), "canSend");
            vm.assertTrue(share.canReceive(to), "canReceive");
        }
        vm.prank(from);
        (bool done, bytes memory reason) = address(share).call(abi.encodeCall(IERC20.transfer, (to, amount)));
        if (!can) vm.assertFalse(done, "refused and done");
        // A plain shortage is not a rule's refusal.
        if (!done && amount > share.balanceOf(from)) return;
        vm.assertEq(can, done, "reality");
        if (!done && to != address(0)) {
            vm.assertEq(bytes4(reason), bytes32(_errorOf(code)), "the code's error");
        }
    }

    /// @dev As docs/fund-contracts.md has it.
    function _errorOf(uint8 code) private pure returns (bytes4) {
        bytes4[15] memory errors = [
            bytes4(0),
            IRegulatedERC20.TokenPaused.selector,
            IERC7943Fungible.ERC7943CannotSend.selector,
            IERC7943Fungible.ERC7943CannotReceive.selector,
            IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector,
            IInvestorRegistry.WalletNotVerified.selector,
            IInvestorRegistry.WalletNotVerified.selector,
            IFundShare.ClassNotAdmitted.selector,
            IFundShare.CountryNotAdmitted.selector,
            IFundShare.TransfersClosed.selector,
            IFundShare.LockedUp.selector,
            IFundShare.HoldingAboveMaximum.selector,
            IFundShare.HoldingBelowMinimum.selector,
            IFundShare.HolderLimitReached.selector,
            IRegulatedERC20.EscrowIsProtected.selector
        ];
        return errors[code];
    }

    /// @dev The two views for vaults, likewise; and their refusals are those of the calls, byte for byte.
    /// forge-config: default.fuzz.runs = 512
    function testFuzz_VaultsMeetWhatTheViewsSay(uint256 seed, uint8 amount) public {
        _arrange(seed);
        address[5] memory who = [alice, alice2, bob, carol, stranger];
        address account = who[(seed >> 128) % 5];
        if (!share.paused()) vault.issue(255);
        (uint8 code, bytes memory refusal) = share.restrictionOnSubscription(account, amount);
        uint256 snapshot = vm.snapshotState();
        vm.prank(address(vault));
        (bool done, bytes memory reason) =
            address(share).call(_delivery(account, amount, uint40(block.timestamp)));
        vm.assertEq(done, code == 0, "deliver");
        if (!done) vm.assertEq(reason, refusal, "deliver's refusal");
        vm.revertToState(snapshot);
        if (amount > share.balanceOf(account)) return;
        (code, refusal) = share.restrictionOnRedemption(account, amount);
        vm.prank(address(vault));
        (done, reason) = address(share).call(abi.encodeCall(IFundShare.collect, (account, account, amount)));
        vm.assertEq(done, code == 0, "collect");
        if (!done) vm.assertEq(reason, refusal, "collect's refusal");
    }

    /// @dev Any mix of terms and of what befell the investors, drawn from the seed's bits.
    function _arrange(uint256 seed) private {
        SharePolicy memory policy = _countedPolicy();
        if (seed & 1 != 0) policy.maxHolding = 150;
        if (seed & 2 != 0) policy.minHolding = 20;
        if (seed & 4 != 0) policy.maxHolders = 2;
        if (seed & 8 != 0) policy.lockUpDays = 3;
        if (seed & 16 != 0) policy.primaryOnly = true;
        _setPolicy(policy);
        _subscribe(alice, 100);
        if (seed & 32 != 0) vm.warp(block.timestamp + 3 days);
        if (seed & 64 != 0) _subscribe(bob, 30);
        if (seed & 128 != 0) _subscribe(alice2, 40);
        if (seed & 256 != 0) _lapse(alice);
        if (seed & 512 != 0) _lapse(bob);
        if (seed & 1024 != 0) _remove(alice2);
        if (seed & 2048 != 0) _freezeShares(alice, 70);
        if (seed & 4096 != 0) _freezeShares(bob, type(uint128).max);
        Wallet memory wallet = _professional(carol);
        if (seed & 8192 != 0) wallet.class = InvestorClass.Retail;
        if (seed & 16_384 != 0) wallet.country = UNITED_STATES;
        _enrol(carol, wallet);
        if ((seed >> 15) & 7 == 7) {
            vm.prank(guardian);
            share.pause();
        }
    }

    /// @dev The views answer for amounts that nobody has, too.
    function test_ViewsNeverRevert() public {
        SharePolicy memory policy = _countedPolicy();
        (policy.maxHolding, policy.minHolding) = (type(uint96).max, type(uint96).max);
        _setPolicy(policy);
        _subscribe(alice, 1);
        uint256 most = type(uint256).max;
        vm.assertFalse(share.canTransfer(alice, bob, most), "above the maximum");
        (uint8 code,) = share.restrictionOnSubscription(alice, most);
        vm.assertEq(code, uint8(Restriction.AboveMaximum), "saturates");
        (code,) = share.restrictionOnRedemption(stranger, most);
        vm.assertEq(code, 0, "a shortage is no restriction");
        vm.assertEq(share.detectTransferRestriction(address(0), address(0), most), 6, "zero");
        vm.assertFalse(share.canReceive(address(0)), "nobody");
        vm.assertFalse(share.canReceive(address(share)), "the share itself");
        bytes4 cannot = IERC7943Fungible.ERC7943CannotReceive.selector;
        _transferRefused(
            alice,
            address(share),
            1,
            Restriction.ReceiverFrozen,
            abi.encodeWithSelector(cannot, address(share))
        );
    }
}
