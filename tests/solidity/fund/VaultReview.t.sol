// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IERC7540Redeem} from "../../../contracts/interfaces/IERC7540.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../../../contracts/interfaces/IERC7887.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IFundShare, SharePolicy} from "../../../contracts/interfaces/IFundShare.sol";
import {
    DealingTerms,
    IFundDesk,
    IFundVaultTypes,
    Release
} from "../../../contracts/interfaces/IFundVault.sol";
import {IInvestorRegistry, WalletEntry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {FundVault} from "../../../contracts/market/FundVault.sol";
import {FundShare} from "../../../contracts/token/FundShare.sol";
import {vm} from "../support/Vm.sol";
import {VaultSuite} from "./VaultSuite.sol";

/// @notice What a review of the fund's contracts found, each with its scenario; and the corners that it walked past.
contract VaultReviewTest is VaultSuite {
    function setUp() public override {
        super.setUp();
        _announce(30);
    }

    // ---------------------------------------------------------------------- released from quarantine to be redeemed

    /// @dev Who may not hold shares would otherwise ask to redeem them, cancel, and hold them.
    function test_AReleaseToBeRedeemedIsNoWayRoundThePolicy() public {
        _quarantineBob();
        _releaseToRedeem(bob, 50e6);
        uint256 day = _open();
        vm.expectEmit(address(vault));
        emit IFundVaultTypes.Quarantined(bob, 0, 50e6, bob);
        vm.prank(bob);
        vault.cancelRedeemRequest(day, bob);
        _refusedAs(
            bob,
            abi.encodeCall(IERC7887Redeem.claimCancelRedeemRequest, (day, bob, bob)),
            abi.encodeWithSelector(IFundVaultTypes.NothingPending.selector, bob, day)
        );
        vm.prank(dealer);
        vault.pushCancelled(_list(bob));
        vm.assertEq(_shares(bob), 0, "he has none");
        vm.assertEq(vault.redemptionBook(day).positions, 0, "out of the book");
        _heldShares(bob, 50e6);
        _releaseToRedeem(bob, 50e6);
        _fund(500e6);
        _deal(NAV);
        vm.assertEq(vault.claimableRedeemRequest(day, bob), 50e6, "redeemed in the end");
    }

    /// @dev What is his own and of the same day goes with it; what is of another day is his to take back.
    function test_ItsDayGoesBackAndNoOther() public {
        _endow(bob, 400e6, NAV);
        _quarantineBob();
        uint256 first = _redeemShares(bob, 10e6);
        _releaseToRedeem(bob, 30e6);
        _close();
        uint256 second = _redeemShares(bob, 5e6);
        uint256 snapshot = vm.snapshotState();
        vm.prank(bob);
        vault.cancelRedeemRequest(second, bob);
        vm.assertEq(vault.claimableCancelRedeemRequest(second, bob), 5e6, "his own");
        vm.revertToState(snapshot);
        vm.warp(vault.dealingDay(second).cutOff + 14 days);
        vm.prank(bob);
        vault.cancelRedeemRequest(first, bob);
        _heldShares(bob, 60e6);
        vm.prank(bob);
        vault.cancelRedeemRequest(second, bob);
        vm.assertEq(vault.claimableCancelRedeemRequest(second, bob), 5e6, "his own still");
    }

    function test_TheLaterDayGoesBackToo() public {
        _endow(bob, 400e6, NAV);
        _quarantineBob();
        uint256 first = _redeemShares(bob, 10e6);
        _close();
        _releaseToRedeem(bob, 50e6);
        uint256 snapshot = vm.snapshotState();
        vm.prank(bob);
        vault.cancelRedeemRequest(first + 1, bob);
        _heldShares(bob, 50e6);
        _redeemShares(bob, 1e6);
        vm.prank(bob);
        vault.cancelRedeemRequest(first + 1, bob);
        vm.assertEq(vault.claimableCancelRedeemRequest(first + 1, bob), 1e6, "the next is his own");
        vm.revertToState(snapshot);
        _fund(1000e6);
        _strike(NAV);
        _settle(first);
        vm.prank(bob);
        vault.cancelRedeemRequest(first + 1, bob);
        _heldShares(bob, 50e6);
    }

    /// @dev A gate carries the mark along, also to where a request of his own stands.
    function test_AGateCarriesTheMarkAlong() public {
        _endow(bob, 400e6, NAV);
        _quarantineBob();
        DealingTerms memory terms = _terms();
        terms.gateBps = 1000;
        _setTerms(terms);
        _fund(1000e6);
        _releaseToRedeem(bob, 50e6);
        uint256 first = _close();
        _redeemShares(bob, 7e6);
        _strike(NAV);
        _settle(first);
        uint256 carried = vault.pendingRedeemRequest(first + 1, bob);
        vm.assertEq(carried, 41e6 + 7e6, "the rest, and his own");
        vm.prank(bob);
        vault.cancelRedeemRequest(first + 1, bob);
        _heldShares(bob, carried);
        _redeemShares(bob, 1e6);
        vm.prank(bob);
        vault.cancelRedeemRequest(first + 1, bob);
        vm.assertEq(vault.claimableCancelRedeemRequest(first + 1, bob), 1e6, "the next is his own");
    }

    /// @dev The other way round: a release meets a redemption of his own that a gate carries over.
    function test_AGateCarriesHisOwnToTheMark() public {
        _endow(bob, 400e6, NAV);
        _quarantineBob();
        DealingTerms memory terms = _terms();
        terms.gateBps = 1000;
        _setTerms(terms);
        _fund(1000e6);
        _redeemShares(bob, 40e6);
        uint256 first = _close();
        _releaseToRedeem(bob, 50e6);
        _strike(NAV);
        _settle(first);
        vm.prank(bob);
        vault.cancelRedeemRequest(first + 1, bob);
        _heldShares(bob, 31e6 + 50e6);
    }

    // --------------------------------------------------------------------------------------------- other wallets

    /// @dev Lapsed wallets may take back what is theirs, and no other wallet that is not verified.
    function test_SharesComeBackToAVerifiedWalletOnly() public {
        _endow(alice, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 70e6);
        vm.prank(alice);
        vault.cancelRedeemRequest(day, alice);
        _lapseAlice2();
        bytes memory call = abi.encodeCall(IERC7887Redeem.claimCancelRedeemRequest, (day, alice2, alice));
        _refusedAs(alice, call, _lapsed(alice2));
        _join(alice2, alice);
        vm.prank(guardian);
        share.setFrozenTokens(alice, type(uint128).max);
        _refusedAs(alice, call, abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice));
        vm.prank(compliance);
        share.unfreeze(alice, 0, CASE);
        vm.prank(alice);
        vault.claimCancelRedeemRequest(day, alice2, alice);
        vm.assertEq(_shares(alice2), 70e6, "the other wallet");
        vm.assertEq(_shares(alice), 30e6, "and not the first");
    }

    function test_AnotherWalletRedeemsOnlyIfVerified() public {
        _endow(alice, 1000e6, NAV);
        _lapseAlice2();
        _refusedAs(
            alice, abi.encodeCall(IERC7540Redeem.requestRedeem, (10e6, alice2, alice)), _lapsed(alice2)
        );
        _lapse(alice);
        _redeemShares(alice, 10e6);
        _join(alice2, alice);
        vm.prank(alice);
        vm.assertEq(vault.requestRedeem(10e6, alice2, alice), _open(), "verified again");
    }

    // --------------------------------------------------------------------------------------------- overdue, dropped

    /// @dev A free look at the value for a minute, or a lock for years, would be terms too.
    function test_OverdueIsADayAtLeastAndNinetyAtMost() public {
        uint32[4] memory values = [uint32(1 days - 1), 1 days, 90 days, 90 days + 1];
        for (uint256 i = 0; i < 4; ++i) {
            DealingTerms memory terms = _terms();
            terms.overdueAfter = values[i];
            bytes memory call = abi.encodeCall(IFundDesk.setTerms, (terms));
            _ready(governor, address(vault), call);
            vm.prank(governor);
            (bool ok, bytes memory reason) =
                address(manager).call(abi.encodeCall(manager.execute, (address(vault), call)));
            vm.assertEq(ok, i == 1 || i == 2, "within");
            if (ok) continue;
            vm.assertEq(
                reason,
                abi.encodeWithSelector(IFundVaultTypes.TermOutOfBounds.selector, values[i], 1 days, 90 days),
                "beyond"
            );
        }
    }

    function test_AClosedDayKeepsItsOverdueTime() public {
        _subscribe(alice, 1000e6);
        _subscribe(bob, 1000e6);
        uint256 cutOff = vault.dealingDay(1).cutOff;
        _close();
        vm.assertEq(vault.dealingDay(1).overdueHours, 14 * 24, "fixed");
        _setOverdue(1 days);
        _refuseCancel(1, cutOff, cutOff + 14 days - 1);
        vm.warp(cutOff + 14 days);
        vm.prank(alice);
        vault.cancelDepositRequest(1, alice);
        _setOverdue(90 days);
        vm.prank(bob);
        vault.cancelDepositRequest(1, bob);
    }

    /// @dev A day that nobody closed has the terms of the moment. Hours are rounded up, closed or not.
    function test_OverdueCountsInHoursRoundedUp() public {
        _setOverdue(1 days + 1);
        uint256 day = _subscribe(alice, 1000e6);
        uint256 cutOff = vault.dealingDay(day).cutOff;
        _refuseCancel(day, cutOff, cutOff + 25 hours - 1);
        while (_closed() < day) _close();
        vm.assertEq(vault.dealingDay(day).overdueHours, 25, "the same");
        _refuseCancel(day, cutOff, cutOff + 25 hours - 1);
        vm.warp(cutOff + 25 hours);
        vm.prank(alice);
        vault.cancelDepositRequest(day, alice);
    }

    /// @dev A gate carries to a day that was announced, dropped, and whose old cut-off has passed since.
    function test_ADroppedDaysCutOffBarsNobody() public {
        _endow(alice, 1000e6, NAV);
        DealingTerms memory terms = _terms();
        terms.gateBps = 1000;
        _setTerms(terms);
        uint256 day = _redeemShares(alice, 100e6);
        uint40[] memory one = new uint40[](1);
        one[0] = uint40(vault.dealingDay(day).cutOff);
        uint256 dropped = vault.dealingDay(day + 1).cutOff;
        vm.prank(dealer);
        vault.announceDays(day, one);
        _fund(1000e6);
        _deal(NAV);
        vm.warp(dropped + 1);
        vm.prank(alice);
        vault.cancelRedeemRequest(day + 1, alice);
        vm.assertEq(vault.claimableCancelRedeemRequest(day + 1, alice), 90e6, "carried, and taken back");
    }

    // ------------------------------------------------------------------------------------------------ room

    /// @dev Cancelled, it could be neither taken back nor followed by another request.
    function test_ARedemptionStandsThatWouldPassTheMaximum() public {
        _limit(100e6, type(uint24).max);
        _endow(alice, 1000e6, NAV);
        _endow(bob, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 60e6);
        vm.prank(bob);
        share.transfer(alice2, 1);
        bytes memory call = abi.encodeCall(IERC7887Redeem.cancelRedeemRequest, (day, alice));
        bytes16 investor = share.investorOf(alice);
        _refusedAs(
            alice,
            call,
            abi.encodeWithSelector(IFundShare.HoldingAboveMaximum.selector, investor, 100e6 + 1, 100e6)
        );
        vm.assertEq(vault.pendingRedeemRequest(day, alice), 60e6, "it stands");
        vm.prank(alice2);
        share.transfer(bob, 1);
        vm.prank(alice);
        vault.cancelRedeemRequest(day, alice);
        vm.prank(alice);
        vault.claimCancelRedeemRequest(day, alice, alice);
        vm.assertEq(_shares(alice), 100e6, "back");
    }

    function test_WhoRedeemedAllComesBackOnlyWhereThereIsRoom() public {
        _limit(type(uint96).max, 2);
        _endow(alice, 1000e6, NAV);
        _endow(bob, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 100e6);
        vm.prank(bob);
        share.transfer(carol, 50e6);
        _refusedAs(alice, abi.encodeCall(IERC7887Redeem.cancelRedeemRequest, (day, alice)), _full(2));
        vm.assertEq(vault.pendingRedeemRequest(day, alice), 100e6, "it stands");
        _fund(1000e6);
        _deal(NAV);
        vm.assertEq(_claimAssets(alice), 1000e6, "and is paid");
    }

    /// @dev Asked again when it is claimed, for another may have come in. The desk can put it into quarantine then.
    function test_NobodyComesBackAsOneHolderTooMany() public {
        _limit(type(uint96).max, 2);
        _endow(alice, 1000e6, NAV);
        _endow(bob, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 100e6);
        vm.prank(alice);
        vault.cancelRedeemRequest(day, alice);
        vm.prank(bob);
        share.transfer(carol, 50e6);
        bytes memory call = abi.encodeCall(IERC7887Redeem.claimCancelRedeemRequest, (day, alice, alice));
        _refusedAs(alice, call, _full(2));
        vm.assertEq(share.holders(), 2, "bob and carol");
        vm.prank(dealer);
        vault.pushCancelled(_list(alice));
        _heldShares(alice, 100e6);
        _releaseToRedeem(alice, 100e6);
        vm.assertEq(vault.pendingRedeemRequest(_open(), alice), 100e6, "and out");
    }

    // ------------------------------------------------------------------------------------------ replacing a vault

    function test_AVaultThatTakesRequestsIsNotReplaced() public {
        vm.assertFalse(vault.isIdle(), "days are open");
        bytes memory none = abi.encodeCall(IFundShare.setVault, (address(token), address(0)));
        _refuseVault(none);
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (address(token), address(vault))));
        vm.assertTrue(share.isVault(address(vault)), "named again, whatever its books");
    }

    /// @dev The calendar runs out, everything is settled, the last gate is through; then nobody is left behind.
    function test_AVaultIsReplacedWhenItsBooksAreEmpty() public {
        _endow(alice, 1000e6, NAV);
        DealingTerms memory terms = _terms();
        terms.gateBps = 5000;
        _setTerms(terms);
        uint256 day = _redeemShares(alice, 60e6);
        _subscribe(bob, 1000e6);
        uint40[] memory one = new uint40[](1);
        one[0] = uint40(vault.dealingDay(day).cutOff);
        vm.prank(dealer);
        vault.announceDays(day, one);
        bytes memory none = abi.encodeCall(IFundShare.setVault, (address(token), address(0)));
        vm.warp(one[0]);
        vm.assertFalse(vault.isIdle(), "not settled");
        _close();
        _refuseVault(none);
        _fund(1000e6);
        _strike(NAV);
        _settle(day);
        vm.assertFalse(vault.isIdle(), "the gate's rest");
        _refuseVault(none);
        terms.gateBps = 10_000;
        _setTerms(terms);
        _announce(1);
        vm.assertFalse(vault.isIdle(), "a day is open");
        _deal(NAV);
        vm.assertTrue(vault.isIdle(), "all are dealt");
        _govern(address(share), none);
        vm.assertEq(_claimShares(bob), 100e6, "what was settled is claimed");
        vm.assertGe(_claimAssets(alice), 600e6 - 10, "but for the gate's rounding");
        _refusedAs(
            dealer,
            abi.encodeCall(IFundDesk.announceDays, (day + 2, _cutOffs(1))),
            abi.encodeWithSelector(IFundShare.CallerIsNotVault.selector, address(vault))
        );
    }

    /// @dev A subscription alone, and a redemption alone, keep a vault.
    function test_OneRequestOfEitherSideKeepsAVault() public {
        _endow(alice, 1000e6, NAV);
        for (uint256 side = 0; side < 2; ++side) {
            uint256 snapshot = vm.snapshotState();
            uint256 day = side == 0 ? _subscribe(bob, 1) : _redeemShares(alice, 1);
            uint40[] memory one = new uint40[](1);
            one[0] = uint40(vault.dealingDay(day).cutOff);
            vm.prank(dealer);
            vault.announceDays(day, one);
            vm.warp(one[0]);
            vm.assertFalse(vault.isIdle(), "one request");
            vm.revertToState(snapshot);
        }
    }

    // ------------------------------------------------------------------------------------------------ releases

    function test_CoinsAreReleasedToAVerifiedWalletOnly() public {
        _quarantineBobsCoins();
        address court = vm.addr(888);
        Release memory release = _release(bob, court, 200e6, 0, false);
        _propose(release);
        bytes memory call = abi.encodeCall(IFundDesk.confirmRelease, (release));
        _refusedAs(
            treasurer, call, abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, court, 0)
        );
        _verify(court);
        vm.prank(treasurer);
        vault.confirmRelease(release);
        vm.assertEq(_coins(court), 200e6, "where the case says");
    }

    /// @dev In the vault they would be nobody's, also if somebody registered it as a wallet.
    function test_NothingIsReleasedToTheVault() public {
        _quarantineBobsCoins();
        _verify(address(vault));
        Release memory release = _release(bob, address(vault), 200e6, 0, false);
        _propose(release);
        _refusedAs(
            treasurer,
            abi.encodeCall(IFundDesk.confirmRelease, (release)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, address(vault))
        );
    }

    function test_AProposalEndsWithItsProposersRole() public {
        _quarantineBobsCoins();
        _verify(bob);
        Release memory release = _release(bob, bob, 200e6, 0, false);
        _propose(release);
        _administer(abi.encodeCall(manager.revokeRole, (Roles.COMPLIANCE, compliance)));
        bytes memory call = abi.encodeCall(IFundDesk.confirmRelease, (release));
        _refusedAs(
            treasurer, call, abi.encodeWithSelector(IFundVaultTypes.ReleaseNotProposed.selector, bob, CASE)
        );
        _administer(abi.encodeCall(manager.grantRole, (Roles.COMPLIANCE, compliance, 1 days)));
        vm.prank(treasurer);
        vault.confirmRelease(release);
        vm.assertEq(_coins(bob), COINS, "in the role again, be it with a delay");
    }

    // ------------------------------------------------------------------------------------------------ corners

    function test_AVaultsPartsAreChecked() public {
        FundShare coarse = FundShare(
            _proxy(_create("FundShare.sol:FundShare", abi.encode(manager, "Coarse", "CRS", 3, registry)))
        );
        bytes memory vaultCode = vm.getCode("FundVault.sol:FundVault");
        vm.expectRevert(abi.encodeWithSelector(IFundVaultTypes.TermOutOfBounds.selector, 3, 4, 18));
        creator.create(
            bytes.concat(vaultCode, abi.encode(address(manager), address(coarse), address(token), 8))
        );
        vm.expectRevert(abi.encodeWithSelector(IFundVaultTypes.NotAContract.selector, stranger));
        creator.create(bytes.concat(vaultCode, abi.encode(address(manager), stranger, address(token), 8)));
        vm.expectRevert(abi.encodeWithSelector(IFundVaultTypes.NotAContract.selector, stranger));
        creator.create(bytes.concat(vaultCode, abi.encode(address(manager), address(share), stranger, 8)));
        vm.expectRevert(abi.encodeWithSelector(IFundVaultTypes.TermOutOfBounds.selector, 19, 0, 18));
        creator.create(
            bytes.concat(vaultCode, abi.encode(address(manager), address(share), address(token), 19))
        );
        FundShare four = FundShare(
            _proxy(_create("FundShare.sol:FundShare", abi.encode(manager, "Four", "FOUR", 4, registry)))
        );
        FundVault bare = FundVault(
            _create(
                "FundVault.sol:FundVault", abi.encode(address(manager), address(four), address(token), 18)
            )
        );
        vm.assertEq(bare.convertToShares(1e6), 0, "no feed, no value");
        vm.assertEq(bare.convertToAssets(1e6), 0, "no feed, no value");
    }

    function test_TermsAndSuspensionAreRead() public {
        DealingTerms memory terms = DealingTerms({
            entryFeeBps: 1,
            exitFeeBps: 2,
            swingBps: 3,
            swingThresholdBps: 4,
            gateBps: 500,
            overdueAfter: 6 days,
            minSubscription: 7,
            minRedemption: 8
        });
        _setTerms(terms);
        vm.assertEq(
            keccak256(abi.encode(vault.dealingTerms())), keccak256(abi.encode(terms)), "as they were set"
        );
        vm.assertEq(vault.suspensionReason(), bytes32(0), "not suspended");
        vm.prank(guardian);
        vault.suspendDealing(REASON);
        vm.assertEq(vault.suspensionReason(), REASON, "suspended");
        _govern(address(vault), abi.encodeCall(IFundDesk.resumeDealing, ()));
        vm.assertEq(vault.suspensionReason(), bytes32(0), "resumed");
    }

    function test_CancelledSharesWaitWhileTheShareIsPaused() public {
        _endow(alice, 1000e6, NAV);
        uint256 day = _redeemShares(alice, 100e6);
        vm.prank(alice);
        vault.cancelRedeemRequest(day, alice);
        vm.prank(guardian);
        share.pause();
        _refusedAs(
            dealer,
            abi.encodeCall(IFundDesk.pushCancelled, (_list(alice))),
            abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector)
        );
        vm.assertEq(vault.claimableCancelRedeemRequest(day, alice), 100e6, "and are not quarantined");
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _quarantineBob() private {
        uint256 before = _heldOf(bob);
        _subscribe(bob, 500e6);
        uint256 day = _deal(NAV);
        _lapse(bob);
        _pushShares(day, _list(bob));
        _heldShares(bob, before + 50e6);
    }

    function _quarantineBobsCoins() private {
        _endow(bob, 200e6, NAV);
        _redeemShares(bob, 20e6);
        _fund(200e6);
        _deal(NAV);
        _lapse(bob);
        _pushAssets(_list(bob));
    }

    function _releaseToRedeem(address who, uint256 shares) private {
        Release memory release = _release(who, who, 0, shares, true);
        _propose(release);
        vm.prank(treasurer);
        vault.confirmRelease(release);
    }

    function _propose(Release memory release) private {
        vm.prank(compliance);
        vault.proposeRelease(release);
    }

    function _setOverdue(uint32 time) private {
        DealingTerms memory terms = _terms();
        terms.overdueAfter = time;
        _setTerms(terms);
    }

    /// @dev Alice's other wallet lapses, and she does not.
    function _lapseAlice2() private {
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] = WalletEntry({account: alice2, wallet: _wallet(alice, uint40(block.timestamp - 1))});
        vm.prank(registrar);
        registry.setWallets(entries);
    }

    function _limit(uint96 maxHolding, uint24 maxHolders) private {
        SharePolicy memory policy = _policy();
        (policy.maxHolding, policy.maxHolders) = (maxHolding, maxHolders);
        _govern(address(share), abi.encodeCall(IFundShare.setPolicy, (policy)));
    }

    function _full(uint256 most) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IFundShare.HolderLimitReached.selector, most);
    }

    function _refuseCancel(uint256 day, uint256 cutOff, uint256 at) private {
        if (block.timestamp < at) vm.warp(at);
        _refusedAs(
            alice,
            abi.encodeCall(IERC7887Deposit.cancelDepositRequest, (day, alice)),
            abi.encodeWithSelector(IFundVaultTypes.CutOffPassed.selector, day, cutOff)
        );
    }

    function _refuseVault(bytes memory call) private {
        uint256 snapshot = vm.snapshotState();
        _ready(governor, address(share), call);
        vm.prank(governor);
        (bool ok, bytes memory reason) =
            address(manager).call(abi.encodeCall(manager.execute, (address(share), call)));
        vm.assertFalse(ok, "in use");
        vm.assertEq(reason, abi.encodeWithSelector(IFundShare.VaultInUse.selector, address(vault)), "refusal");
        vm.revertToState(snapshot);
    }

    function _lapsed(address account) private view returns (bytes memory) {
        return abi.encodeWithSelector(
            IInvestorRegistry.WalletNotVerified.selector, account, registry.walletOf(account).verifiedUntil
        );
    }

    function _heldOf(address who) private view returns (uint256 shares) {
        (, shares) = vault.quarantined(who);
    }

    function _heldShares(address who, uint256 shares) private view {
        vm.assertEq(_heldOf(who), shares, "shares in quarantine");
    }
}
