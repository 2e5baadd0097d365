// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {
    CountryRule,
    IERC1404,
    IERC7575Share,
    IFundShare,
    Restriction,
    SharePolicy
} from "../../../contracts/interfaces/IFundShare.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {FundShare} from "../../../contracts/token/FundShare.sol";
import {BareVault} from "../support/BareVault.sol";
import {ShareSuite} from "../support/ShareSuite.sol";
import {Vm, vm} from "../support/Vm.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice The share and its vaults, its compliance functions, its settings and the standards it claims.
contract FundShareTest is ShareSuite {
    // ------------------------------------------------------------------------------------------------ vaults

    function test_SharesAreIssuedDeliveredCollectedAndRetired() public {
        vault.issue(1000);
        vm.assertEq(share.balanceOf(address(vault)), 1000, "issued to the vault");
        vm.assertEq(share.totalSupply(), 1000, "supply");
        vault.deliver(alice, 400, uint40(block.timestamp));
        vm.assertEq(share.balanceOf(alice), 400, "delivered");
        vault.collect(alice, alice, 150);
        vm.assertEq(share.balanceOf(alice), 250, "collected");
        vm.assertEq(share.balanceOf(address(vault)), 750, "by the vault");
        vault.giveBack(alice, 50);
        vm.assertEq(share.balanceOf(alice), 300, "given back");
        vault.retire(700);
        vm.assertEq(share.totalSupply(), 300, "retired");
        vm.assertEq(share.minted(), 1000, "minted");
        vm.assertEq(share.burned(), 700, "burned");
    }

    function test_EachMovementIsATransfer() public {
        vm.expectEmit(address(share));
        emit IERC20.Transfer(address(0), address(vault), 10);
        vault.issue(10);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(address(vault), alice, 10);
        vault.deliver(alice, 10, uint40(block.timestamp));
        vm.expectEmit(address(share));
        emit IERC20.Transfer(alice, address(vault), 4);
        vault.collect(alice, alice, 4);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(address(vault), alice, 1);
        vault.giveBack(alice, 1);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(address(vault), address(0), 3);
        vault.retire(3);
    }

    function test_OnlyVaultsDeal() public {
        bytes memory refusal = abi.encodeWithSelector(IFundShare.CallerIsNotVault.selector, stranger);
        _refused(stranger, address(share), abi.encodeCall(IFundShare.issue, (1)), refusal);
        _refused(stranger, address(share), abi.encodeCall(IFundShare.retire, (0)), refusal);
        _refused(stranger, address(share), abi.encodeCall(IFundShare.collect, (alice, alice, 0)), refusal);
        _refused(stranger, address(share), abi.encodeCall(IFundShare.giveBack, (alice, 0)), refusal);
        _refused(stranger, address(share), _delivery(alice, 0, 0), refusal);
        bytes memory batch = abi.encodeWithSignature(
            "deliver(address[],uint256[],uint40)", new address[](0), new uint256[](0), uint40(0)
        );
        _refused(stranger, address(share), batch, refusal);
    }

    /// @dev What it holds it may still bring to its end; it makes and takes no more.
    function test_AReplacedVaultOnlyWindsUp() public {
        _subscribe(alice, 500);
        vault.issue(100);
        vault.collect(alice, alice, 50);
        BareVault next = new BareVault(address(token), share);
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (address(token), address(next))));
        vm.assertEq(share.vault(address(token)), address(next), "the new one");
        vm.assertFalse(share.isVault(address(vault)), "no more");
        vm.assertTrue(share.isVault(address(next)), "from now on");
        bytes memory refusal = abi.encodeWithSelector(IFundShare.CallerIsNotVault.selector, address(vault));
        _refused(address(vault), address(share), abi.encodeCall(IFundShare.issue, (1)), refusal);
        _refused(
            address(vault), address(share), abi.encodeCall(IFundShare.collect, (alice, alice, 1)), refusal
        );
        vault.deliver(bob, 60, uint40(block.timestamp));
        vault.giveBack(alice, 50);
        vault.retire(40);
        vm.assertEq(share.balanceOf(address(vault)), 0, "wound up");
        vm.assertEq(share.balanceOf(alice), 500, "alice");
    }

    function test_AVaultIsTakenAwayAndComesBack() public {
        bytes memory none = abi.encodeCall(IFundShare.setVault, (address(token), address(0)));
        _govern(address(share), none);
        vm.assertEq(share.vault(address(token)), address(0), "none");
        vm.assertFalse(share.isVault(address(vault)), "no vault");
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (address(token), address(vault))));
        vault.issue(1);
        vm.assertEq(share.totalSupply(), 1, "again");
    }

    function test_OneVaultForEachCoin() public {
        address other = address(_newToken());
        BareVault second = new BareVault(other, share);
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (other, address(second))));
        vm.assertEq(share.vault(address(token)), address(vault), "the first coin's");
        vm.assertEq(share.vault(other), address(second), "the second coin's");
        _subscribe(alice, 100);
        second.collect(alice, alice, 40);
        second.retire(40);
        vm.assertEq(share.totalSupply(), 60, "one share class");
    }

    function test_AVaultNamesItsShareAndItsAsset() public {
        address other = address(_newToken());
        _vaultRefused(stranger, abi.encodeWithSelector(IFundShare.NotAContract.selector, stranger));
        address wrongAsset = address(new BareVault(other, share));
        _vaultRefused(
            wrongAsset, abi.encodeWithSelector(IFundShare.VaultMismatch.selector, wrongAsset, address(token))
        );
        address wrongShare = address(new BareVault(address(token), _newShare(6)));
        _vaultRefused(
            wrongShare, abi.encodeWithSelector(IFundShare.VaultMismatch.selector, wrongShare, address(token))
        );
    }

    /// @dev An account that holds or is frozen can't become escrow: nobody could lift the freeze, and the holding would
    /// be an investor's and the vault's at once.
    function test_AVaultStartsClean() public {
        BareVault next = new BareVault(address(token), share);
        _admit(address(next));
        _subscribe(address(next), 1);
        bytes memory refusal =
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, address(next));
        _vaultRefused(address(next), refusal);
        next = new BareVault(address(token), share);
        _freezeShares(address(next), 1);
        refusal = abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, address(next));
        _vaultRefused(address(next), refusal);
    }

    function _vaultRefused(address vault_, bytes memory refusal) private {
        bytes memory data = abi.encodeCall(IFundShare.setVault, (address(token), vault_));
        _ready(governor, address(share), data);
        _refused(
            governor,
            address(manager),
            abi.encodeCall(IAccessManager.execute, (address(share), data)),
            refusal
        );
    }

    // --------------------------------------------------------------------------------------- a vault's account

    function test_EscrowIsNoOnesToFreezeOrTake() public {
        vault.issue(10);
        bytes memory refusal =
            abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, address(vault));
        _refused(
            guardian,
            address(share),
            abi.encodeCall(IERC7943Fungible.setFrozenTokens, (address(vault), 1)),
            refusal
        );
        _refused(
            compliance,
            address(share),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (address(vault), alice, 1, CASE)),
            refusal
        );
        _refused(
            compliance,
            address(share),
            abi.encodeCall(IRegulatedERC20.unfreeze, (address(vault), 0, CASE)),
            refusal
        );
    }

    /// @dev Shares reach a vault by requests only, even if somebody registers the vault as a wallet.
    function test_NobodySendsSharesToAVault() public {
        _subscribe(alice, 100);
        bytes memory refusal =
            abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, address(vault));
        _transferRefused(alice, address(vault), 1, Restriction.ReceiverIsVault, refusal);
        _admit(address(vault));
        _transferRefused(alice, address(vault), 1, Restriction.ReceiverIsVault, refusal);
        _deliveryRefused(address(vault), 1, Restriction.ReceiverIsVault, refusal);
        vm.assertFalse(share.canReceive(address(vault)), "canReceive");
        _refused(
            compliance,
            address(share),
            abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, address(vault), 1, CASE)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, address(vault))
        );
        _refused(
            address(vault), address(share), abi.encodeCall(IFundShare.giveBack, (address(vault), 1)), refusal
        );
    }

    function test_NoVaultTakesAnothersEscrow() public {
        vault.issue(10);
        address other = address(_newToken());
        BareVault second = new BareVault(other, share);
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (other, address(second))));
        _refused(
            address(second),
            address(share),
            abi.encodeCall(IFundShare.collect, (address(vault), address(vault), 10)),
            abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, address(vault))
        );
    }

    // ------------------------------------------------------------------------------------------------ collect

    function test_ASpenderNeedsAnAllowance_AndUsesItUp() public {
        _subscribe(alice, 100);
        bytes memory call = abi.encodeCall(IFundShare.collect, (alice, bob, 30));
        _refused(
            address(vault),
            address(share),
            call,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 0, 30)
        );
        vm.prank(alice);
        share.approve(bob, 50);
        vault.collect(alice, bob, 30);
        vm.assertEq(share.allowance(alice, bob), 20, "used up");
        _refused(
            address(vault),
            address(share),
            call,
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 20, 30)
        );
        vm.prank(alice);
        share.approve(bob, type(uint256).max);
        vault.collect(alice, bob, 30);
        vm.assertEq(share.allowance(alice, bob), type(uint256).max, "an unlimited one stays");
    }

    function test_AFrozenSpenderCollectsNothing() public {
        _subscribe(alice, 100);
        vm.prank(alice);
        share.approve(bob, 50);
        _freezeShares(bob, type(uint128).max);
        _refused(
            address(vault),
            address(share),
            abi.encodeCall(IFundShare.collect, (alice, bob, 30)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, bob)
        );
    }

    function test_MoreThanHeldOrUnfrozenIsNotCollected() public {
        _subscribe(alice, 100);
        _refused(
            address(vault),
            address(share),
            abi.encodeCall(IFundShare.collect, (alice, alice, 101)),
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 100, 101)
        );
        _freezeShares(alice, 60);
        _collectionRefused(
            alice,
            41,
            Restriction.AmountFrozen,
            abi.encodeWithSelector(
                IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector, alice, 41, 40
            )
        );
        vault.collect(alice, alice, 40);
        _freezeShares(alice, type(uint128).max);
        _collectionRefused(
            alice,
            1,
            Restriction.SenderFrozen,
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, alice)
        );
    }

    // ------------------------------------------------------------------------------------------------ deliver

    /// @dev One bad investor holds up nobody; what is not delivered stays with the vault.
    function test_ABatchLeavesOutWhoIsRefused() public {
        address[] memory accounts = new address[](5);
        (accounts[0], accounts[1], accounts[2], accounts[3], accounts[4]) =
        (alice, stranger, bob, carol, alice);
        uint256[] memory amounts = new uint256[](5);
        for (uint256 i = 0; i < 5; ++i) {
            amounts[i] = 10 * (i + 1);
        }
        _freezeShares(bob, type(uint128).max);
        vault.issue(150);
        uint8[] memory refused = vault.deliver(accounts, amounts, uint40(block.timestamp));
        vm.assertEq(refused.length, 5, "one code each");
        vm.assertEq(refused[0], uint8(Restriction.None), "alice");
        vm.assertEq(refused[1], uint8(Restriction.ReceiverNotVerified), "the stranger");
        vm.assertEq(refused[2], uint8(Restriction.ReceiverFrozen), "bob");
        vm.assertEq(refused[3], uint8(Restriction.None), "carol");
        vm.assertEq(refused[4], uint8(Restriction.None), "alice again");
        vm.assertEq(share.balanceOf(alice), 60, "both of alice's");
        vm.assertEq(share.balanceOf(carol), 40, "carol's");
        vm.assertEq(share.balanceOf(address(vault)), 50, "the rest");
    }

    function test_NothingIsDeliveredThatTheVaultDoesNotHold() public {
        vault.issue(10);
        bytes memory refusal =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(vault), 10, 11);
        uint40 now_ = uint40(block.timestamp);
        _refused(address(vault), address(share), _delivery(alice, 11, now_), refusal);
        bytes memory batch = abi.encodeWithSignature(
            "deliver(address[],uint256[],uint40)", _list(alice), _list(uint256(11)), now_
        );
        _refused(address(vault), address(share), batch, refusal);
        batch = abi.encodeWithSignature(
            "deliver(address[],uint256[],uint40)", new address[](2), _list(uint256(11)), now_
        );
        _refused(
            address(vault),
            address(share),
            batch,
            abi.encodeWithSelector(IFundShare.LengthMismatch.selector, 2, 1)
        );
    }

    function test_SharesAreNotDealtInTheFuture() public {
        vault.issue(1);
        uint40 later = uint40(block.timestamp + 1);
        bytes memory refusal = abi.encodeWithSelector(IFundShare.DealtInFuture.selector, later);
        _refused(address(vault), address(share), _delivery(alice, 1, later), refusal);
    }

    function test_OnlyAnInvestorsWalletGetsSharesBack() public {
        vault.issue(1);
        _refused(
            address(vault),
            address(share),
            abi.encodeCall(IFundShare.giveBack, (stranger, 1)),
            _unverified(stranger)
        );
        _subscribe(alice, 10);
        vault.collect(alice, alice, 10);
        _freezeShares(alice, type(uint128).max);
        _refused(
            address(vault),
            address(share),
            abi.encodeCall(IFundShare.giveBack, (alice, 10)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice)
        );
    }

    /// @dev Balances have 112 bits of a word that has marks above them. All of them together are the supply, which has 112
    /// bits too and is checked when it rises, so that no balance reaches the marks: not an investor's, not a vault's.
    function test_NoBalanceReachesTheMarksAboveIt() public {
        uint256 most = type(uint112).max;
        vault.issue(most - 1);
        bytes memory call = abi.encodeCall(IFundShare.issue, (2));
        bytes memory refusal =
            abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 112, most + 1);
        _refused(address(vault), address(share), call, refusal);
        vault.issue(1);
        _refused(address(vault), address(share), abi.encodeCall(IFundShare.issue, (1)), refusal);
        vault.deliver(alice, most, uint40(block.timestamp));
        _send(alice, bob, most);
        vm.assertEq(share.balanceOf(bob), most, "all there is");
        _send(bob, alice, 1);
        vault.collect(bob, bob, most - 1);
        vault.collect(alice, alice, 1);
        vm.assertEq(share.balanceOf(address(vault)), most, "all of it back");
        vm.assertTrue(share.isVault(address(vault)), "the marks are as they were");
        _refused(
            guardian,
            address(share),
            abi.encodeCall(IERC7943Fungible.setFrozenTokens, (address(vault), 1)),
            abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, address(vault))
        );
        vm.assertFalse(share.isVault(alice) || share.isVault(bob), "nobody got one");
    }

    // -------------------------------------------------------------------------------------------------- pause

    function test_APauseStopsEverythingButRetiringAndForce() public {
        _subscribe(alice, 100);
        vault.issue(10);
        vm.prank(guardian);
        share.pause();
        bytes memory refusal = abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector);
        _transferRefused(alice, bob, 1, Restriction.Paused, refusal);
        _deliveryRefused(alice, 1, Restriction.Paused, refusal);
        _collectionRefused(alice, 1, Restriction.Paused, refusal);
        bytes memory batch = abi.encodeWithSignature(
            "deliver(address[],uint256[],uint40)", _list(alice), _list(uint256(1)), uint40(block.timestamp)
        );
        _refused(address(vault), address(share), batch, refusal);
        _refused(address(vault), address(share), abi.encodeCall(IFundShare.issue, (1)), refusal);
        _refused(address(vault), address(share), abi.encodeCall(IFundShare.giveBack, (alice, 1)), refusal);
        _refused(stranger, address(share), abi.encodeCall(IFundShare.requireSubscriber, (alice)), refusal);
        vault.retire(10);
        _force(alice, bob, 40);
        vm.assertEq(share.balanceOf(bob), 40, "force");
        _govern(address(share), abi.encodeCall(IRegulatedERC20.resume, ()));
        _send(alice, bob, 60);
    }

    // ------------------------------------------------------------------------------------------------ settings

    function test_SettingsAreTheGovernorsAndNameTheActor() public {
        SharePolicy memory policy = _countedPolicy();
        policy.maxHolding = 1;
        bytes memory setPolicy = abi.encodeCall(IFundShare.setPolicy, (policy));
        bytes memory setCountries =
            abi.encodeCall(IFundShare.setCountries, (CountryRule.OnlyListed, _admitted()));
        bytes memory setVault = abi.encodeCall(IFundShare.setVault, (address(token), address(vault)));
        _refused(guardian, address(share), setPolicy, _unauthorised(guardian));
        _refused(compliance, address(share), setCountries, _unauthorised(compliance));
        _refused(registrar, address(share), setVault, _unauthorised(registrar));
        vm.prank(governor);
        manager.schedule(address(share), setPolicy, 0);
        vm.prank(governor);
        manager.schedule(address(share), setCountries, 0);
        vm.prank(governor);
        manager.schedule(address(share), setVault, 0);
        vm.warp(block.timestamp + GOVERNOR_DELAY);
        vm.expectEmit(address(share));
        emit IFundShare.PolicyChanged(policy, governor);
        vm.prank(governor);
        share.setPolicy(policy);
        vm.expectEmit(address(share));
        emit IFundShare.CountriesChanged(CountryRule.OnlyListed, _admitted(), governor);
        vm.prank(governor);
        share.setCountries(CountryRule.OnlyListed, _admitted());
        vm.expectEmit(address(share));
        emit IERC7575Share.VaultUpdate(address(token), address(vault));
        vm.expectEmit(address(share));
        emit IFundShare.VaultChanged(address(token), address(vault), governor);
        vm.prank(governor);
        share.setVault(address(token), address(vault));
    }

    /// @dev Every field that goes in comes out.
    function testFuzz_ThePolicyIsStoredAsItIs(
        uint96 maxHolding,
        uint96 minHolding,
        uint24 maxHolders,
        uint16 lockUpDays,
        uint8 classes,
        bool primaryOnly
    ) public {
        if (maxHolding == 0) maxHolding = 1;
        if (maxHolders == 0) maxHolders = 1;
        SharePolicy memory policy = SharePolicy({
            maxHolding: maxHolding,
            minHolding: minHolding <= maxHolding ? minHolding : maxHolding,
            maxHolders: maxHolders,
            lockUpDays: lockUpDays,
            classes: classes & 30,
            primaryOnly: primaryOnly,
            investorAccounts: true
        });
        _setPolicy(policy);
        vm.assertEq(keccak256(abi.encode(share.policy())), keccak256(abi.encode(policy)), "policy");
    }

    function test_UnusablePoliciesAreRefused() public {
        bytes memory invalid = abi.encodeWithSelector(IFundShare.InvalidPolicy.selector);
        SharePolicy memory policy = _countedPolicy();
        policy.classes = 1; // nobody's class
        _policyRefused(policy, invalid);
        policy.classes = 32; // beyond the last
        _policyRefused(policy, invalid);
        policy = _countedPolicy();
        (policy.maxHolding, policy.minHolding) = (9, 10);
        _policyRefused(policy, invalid);
        policy = _countedPolicy();
        policy.maxHolding = 0; // never means unlimited
        _policyRefused(policy, invalid);
        policy = _countedPolicy();
        policy.maxHolders = 0;
        _policyRefused(policy, invalid);
        bytes memory uncounted = abi.encodeWithSelector(IFundShare.InvestorAccountsNeeded.selector);
        policy = _plainPolicy();
        policy.maxHolding = 1;
        _policyRefused(policy, uncounted);
        policy = _plainPolicy();
        policy.minHolding = 1;
        _policyRefused(policy, uncounted);
        policy = _plainPolicy();
        policy.maxHolders = 1;
        _policyRefused(policy, uncounted);
        policy = _plainPolicy();
        policy.lockUpDays = 1;
        _policyRefused(policy, uncounted);
    }

    /// @dev Holdings can't be counted from the middle, nor may the count be dropped while somebody relies on it.
    function test_CountingBeginsAndEndsWithoutShares() public {
        vault.issue(1);
        _policyRefused(
            _countedPolicy(), abi.encodeWithSelector(IFundShare.InvestorAccountsAreFixed.selector, 1)
        );
        vault.retire(1);
        SharePolicy memory counted = _countedPolicy();
        counted.primaryOnly = true;
        _setPolicy(counted);
        vault.issue(2);
        _policyRefused(
            _plainPolicy(), abi.encodeWithSelector(IFundShare.InvestorAccountsAreFixed.selector, 2)
        );
        vault.retire(2);
        SharePolicy memory plain = _plainPolicy();
        plain.primaryOnly = true;
        _setPolicy(plain);
        vm.assertFalse(share.policy().investorAccounts, "no longer counted");
    }

    function _policyRefused(SharePolicy memory policy, bytes memory refusal) private {
        bytes memory data = abi.encodeCall(IFundShare.setPolicy, (policy));
        _ready(governor, address(share), data);
        bytes memory call = abi.encodeCall(IAccessManager.execute, (address(share), data));
        _refused(governor, address(manager), call, refusal);
    }

    /// @dev Nobody configured it, so nobody is admitted.
    function test_AFreshShareAdmitsNobody() public {
        FundShare fresh = _newShare(6);
        vm.assertFalse(fresh.canReceive(alice), "class");
        (uint8 code,) = fresh.restrictionOnSubscription(alice, 1);
        vm.assertEq(code, uint8(Restriction.ClassNotAdmitted), "code");
        vm.assertFalse(fresh.isCountryAdmitted(HONG_KONG), "country");
        vm.assertFalse(fresh.isVault(address(0)), "zero");
        _refused(
            address(0),
            address(fresh),
            abi.encodeCall(IFundShare.issue, (1)),
            abi.encodeWithSelector(IFundShare.CallerIsNotVault.selector, address(0))
        );
        vm.expectRevert();
        fresh.initialize();
    }

    function test_TheRegistryIsAContract() public {
        bytes memory code = vm.getCode("FundShare.sol:FundShare");
        bytes memory arguments = abi.encode(manager, "Demo Fund A", "DEMOFA", uint8(6), stranger);
        vm.expectRevert(abi.encodeWithSelector(IFundShare.NotAContract.selector, stranger));
        creator.create(bytes.concat(code, arguments));
    }

    // ----------------------------------------------------------------------------------------------- standards

    function test_InterfacesAndTheirIds() public view {
        vm.assertEq(bytes32(type(IERC7575Share).interfaceId), bytes32(bytes4(0xf815c03d)), "ERC-7575");
        vm.assertEq(bytes32(type(IERC1404).interfaceId), bytes32(bytes4(0xab84a5c8)), "ERC-1404");
        bytes4[9] memory ids = [
            bytes4(0x01ffc9a7), // ERC-165
            0x36372b07, // ERC-20
            0xa219a025, // its metadata
            0x9d8ff7da, // ERC-2612
            0x84b0196e, // ERC-5267
            0x3edbb4c4, // ERC-7943
            0xf815c03d, // ERC-7575, the share's side
            0xab84a5c8, // ERC-1404
            type(IFundShare).interfaceId
        ];
        for (uint256 i = 0; i < ids.length; ++i) {
            vm.assertTrue(share.supportsInterface(ids[i]), "claimed");
        }
        vm.assertFalse(share.supportsInterface(0xffffffff), "the invalid id");
    }

    function test_EveryCodeHasItsWords() public view {
        string[15] memory words = [
            "No restriction",
            "The share is paused",
            "The sender is frozen",
            "The receiver is frozen",
            "The amount is frozen",
            "The sender is not verified",
            "The receiver is not verified",
            "The class is not admitted",
            "The country is not admitted",
            "No transfers between investors",
            "The shares are locked up",
            "Above the maximum holding",
            "Below the minimum holding",
            "As many holders as may be",
            "The receiver is a vault"
        ];
        vm.assertEq(words.length, uint256(type(Restriction).max) + 1, "one for each code");
        for (uint8 i = 0; i < words.length; ++i) {
            vm.assertEq(share.messageForTransferRestriction(i), words[i], "words");
        }
        vm.assertEq(share.messageForTransferRestriction(15), "Unknown restriction", "beyond");
        vm.assertEq(share.messageForTransferRestriction(255), "Unknown restriction", "far beyond");
    }

    // ---------------------------------------------------------------------------------------------- compliance

    /// @dev ERC-7943: the frozen figure is lowered before the transfer, and the transfer is said to be forced.
    function test_AForcedTransferOfFrozenShares() public {
        _subscribe(alice, 100);
        _freezeShares(alice, 100);
        vm.recordLogs();
        _force(alice, bob, 30);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs[0].topics[0], IERC7943Fungible.Frozen.selector, "the figure first");
        vm.assertEq(logs[1].topics[0], IERC20.Transfer.selector, "then the transfer");
        vm.assertEq(logs[2].topics[0], IERC7943Fungible.ForcedTransfer.selector, "by force");
        vm.assertEq(logs[3].topics[0], IRegulatedERC20.CaseActed.selector, "under a case");
        vm.assertEq(share.getFrozenTokens(alice), 70, "frozen");
    }

    function test_ForceIsCompliancesAndTakesACase() public {
        _subscribe(alice, 100);
        bytes memory call = abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, bob, 1, CASE));
        _refused(guardian, address(share), call, _unauthorised(guardian));
        _refused(address(vault), address(share), call, _unauthorised(address(vault)));
        call = abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, bob, 1, bytes32(0)));
        _refused(
            compliance, address(share), call, abi.encodeWithSelector(IRegulatedERC20.CaseIdRequired.selector)
        );
    }

    function test_ForceGoesToWhoMayHoldOnly() public {
        _subscribe(alice, 100);
        bytes memory call = abi.encodeCall(IRegulatedERC20.forcedTransfer, (alice, stranger, 1, CASE));
        bytes memory refusal =
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, stranger);
        _refused(compliance, address(share), call, refusal);
    }

    function test_TheRegistryIsNamed() public view {
        vm.assertEq(share.registry(), address(registry), "registry");
        vm.assertEq(bytes32(share.investorOf(alice2)), bytes32(_investor(alice)), "alice's second wallet");
        vm.assertEq(bytes32(share.investorOf(stranger)), bytes32(0), "nobody's");
        vm.assertEq(bytes32(share.requireSubscriber(alice2)), bytes32(_investor(alice)), "subscriber");
    }

    function test_ASubscriberIsVerified() public {
        _refused(
            stranger,
            address(share),
            abi.encodeCall(IFundShare.requireSubscriber, (stranger)),
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, stranger, 0)
        );
        _freezeShares(alice, type(uint128).max);
        _refused(
            stranger,
            address(share),
            abi.encodeCall(IFundShare.requireSubscriber, (alice)),
            abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, alice)
        );
    }
}
