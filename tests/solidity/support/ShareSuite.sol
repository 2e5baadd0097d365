// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {
    CountryRule,
    IFundShare,
    Restriction,
    SharePolicy
} from "../../../contracts/interfaces/IFundShare.sol";
import {
    IInvestorRegistry,
    InvestorClass,
    Wallet,
    WalletEntry,
    WalletKind
} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {FundShare} from "../../../contracts/token/FundShare.sol";
import {BareVault} from "./BareVault.sol";
import {Suite} from "./Suite.sol";
import {vm} from "./Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice The suite with one share class, dealt in by a vault without rules. Admitted: the three professional classes,
/// Hong Kong (344) and Singapore (702). Alice has two wallets, `alice` and `alice2`; bob, carol and dave have one each.
abstract contract ShareSuite is Suite {
    uint8 internal constant PROFESSIONALS = 28; // bits 2 to 4
    uint16 internal constant HONG_KONG = 344;
    uint16 internal constant SINGAPORE = 702;
    uint16 internal constant UNITED_STATES = 840;
    uint256 internal constant VERIFIED_FOR = 365 days;

    address internal alice2 = vm.addr(211);
    address internal dave = vm.addr(204);

    FundShare internal share;
    BareVault internal vault;

    function setUp() public virtual override {
        super.setUp();
        share = _newShare(6);
        _assignShare(address(share));
        vault = new BareVault(address(token), share);
        _govern(address(share), abi.encodeCall(IFundShare.setVault, (address(token), address(vault))));
        _setPolicy(_plainPolicy());
        _govern(
            address(share), abi.encodeCall(IFundShare.setCountries, (CountryRule.OnlyListed, _admitted()))
        );
        address[5] memory who = [alice, alice2, bob, carol, dave];
        for (uint256 i = 0; i < who.length; ++i) {
            _admit(who[i]);
        }
    }

    // ------------------------------------------------------------------------------------------------- deploy

    function _newShare(uint8 decimals) internal returns (FundShare) {
        bytes memory arguments = abi.encode(manager, "Demo Fund A", "DEMOFA", decimals, registry);
        return FundShare(_proxy(_create("FundShare.sol:FundShare", arguments)));
    }

    function _assignShare(address target) internal {
        bytes4[] memory guardians = new bytes4[](2);
        guardians[0] = IRegulatedERC20.pause.selector;
        guardians[1] = IERC7943Fungible.setFrozenTokens.selector;
        _assignAll(target, guardians, Roles.GUARDIAN);
        bytes4[] memory governors = new bytes4[](6);
        governors[0] = IRegulatedERC20.resume.selector;
        governors[1] = IERC1643.setDocument.selector;
        governors[2] = IERC1643.removeDocument.selector;
        governors[3] = IFundShare.setPolicy.selector;
        governors[4] = IFundShare.setCountries.selector;
        governors[5] = IFundShare.setVault.selector;
        _assignAll(target, governors, Roles.GOVERNOR);
        bytes4[] memory officers = new bytes4[](2);
        officers[0] = IRegulatedERC20.unfreeze.selector;
        officers[1] = IRegulatedERC20.forcedTransfer.selector;
        _assignAll(target, officers, Roles.COMPLIANCE);
        bytes4[] memory upgraders = new bytes4[](1);
        upgraders[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        _assignAll(target, upgraders, Roles.UPGRADER);
    }

    function _assignAll(address target, bytes4[] memory selectors, uint64 role) internal {
        _administer(abi.encodeCall(AccessManager.setTargetFunctionRole, (target, selectors, role)));
    }

    // ---------------------------------------------------------------------------------------------- the terms

    /// @dev Class and country only.
    function _plainPolicy() internal pure returns (SharePolicy memory policy) {
        (policy.maxHolding, policy.maxHolders) = (type(uint96).max, type(uint24).max);
        policy.classes = PROFESSIONALS;
    }

    /// @dev Counted by investor, without limits.
    function _countedPolicy() internal pure returns (SharePolicy memory policy) {
        policy = _plainPolicy();
        policy.investorAccounts = true;
    }

    function _setPolicy(SharePolicy memory policy) internal {
        _govern(address(share), abi.encodeCall(IFundShare.setPolicy, (policy)));
    }

    function _admitted() internal pure returns (uint16[] memory countries) {
        countries = new uint16[](2);
        (countries[0], countries[1]) = (HONG_KONG, SINGAPORE);
    }

    // -------------------------------------------------------------------------------------------- the investors

    /// @dev A professional of Hong Kong; `alice2` is alice's.
    function _professional(address account) internal view returns (Wallet memory) {
        return Wallet({
            investor: _investor(account),
            verifiedUntil: uint40(block.timestamp + VERIFIED_FOR),
            country: HONG_KONG,
            class: InvestorClass.CorporateProfessional,
            kind: WalletKind.Unhosted
        });
    }

    function _investor(address account) internal view returns (bytes16) {
        return bytes16(keccak256(abi.encode(account == alice2 ? alice : account)));
    }

    function _admit(address account) internal {
        _enrol(account, _professional(account));
    }

    function _enrol(address account, Wallet memory wallet) internal {
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] = WalletEntry({account: account, wallet: wallet});
        vm.prank(registrar);
        registry.setWallets(entries);
    }

    /// @dev The wallet's verification ends with the last second.
    function _lapse(address account) internal {
        Wallet memory wallet = registry.walletOf(account);
        wallet.verifiedUntil = uint40(block.timestamp - 1);
        _enrol(account, wallet);
    }

    function _remove(address account) internal {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        vm.prank(registrar);
        registry.removeWallets(accounts);
    }

    // ------------------------------------------------------------------------------------------------- dealing

    /// @dev Issued and delivered now.
    function _subscribe(address to, uint256 amount) internal {
        vault.issue(amount);
        vault.deliver(to, amount, uint40(block.timestamp));
    }

    /// @dev Collected and retired.
    function _redeemShares(address owner, uint256 amount) internal {
        vault.collect(owner, owner, amount);
        vault.retire(amount);
    }

    function _send(address from, address to, uint256 amount) internal {
        vm.prank(from);
        vm.assertTrue(share.transfer(to, amount), "transfer");
    }

    function _force(address from, address to, uint256 amount) internal {
        vm.prank(compliance);
        share.forcedTransfer(from, to, amount, CASE);
    }

    function _freezeShares(address account, uint256 amount) internal {
        vm.prank(guardian);
        share.setFrozenTokens(account, amount);
    }

    // ------------------------------------------------------------------------------------------------ refusals

    /// @dev `caller` calls `target` and is refused with exactly `refusal`.
    function _refused(address caller, address target, bytes memory data, bytes memory refusal) internal {
        vm.prank(caller);
        (bool ok, bytes memory reason) = target.call(data);
        vm.assertFalse(ok, "was not refused");
        vm.assertEq(reason, refusal, "refusal");
    }

    /// @dev The transfer is refused with `refusal`, and every view says so first.
    function _transferRefused(
        address from,
        address to,
        uint256 amount,
        Restriction code,
        bytes memory refusal
    ) internal {
        vm.assertEq(share.detectTransferRestriction(from, to, amount), uint8(code), "code");
        vm.assertFalse(share.canTransfer(from, to, amount), "canTransfer");
        _refused(from, address(share), abi.encodeCall(share.transfer, (to, amount)), refusal);
    }

    /// @dev The delivery is refused with `refusal`, alone and in a batch, and the view says so first.
    function _deliveryRefused(address to, uint256 amount, Restriction code, bytes memory refusal) internal {
        (uint8 said, bytes memory why) = share.restrictionOnSubscription(to, amount);
        vm.assertEq(said, uint8(code), "code");
        vm.assertEq(why, refusal, "the view's refusal");
        uint40 now_ = uint40(block.timestamp);
        _refused(address(vault), address(share), _delivery(to, amount, now_), refusal);
        if (share.paused()) return;
        uint256 held = share.balanceOf(to);
        uint8[] memory codes = vault.deliver(_list(to), _list(amount), now_);
        vm.assertEq(codes.length, 1, "one code");
        vm.assertEq(codes[0], uint8(code), "the batch's code");
        vm.assertEq(share.balanceOf(to), held, "left out");
    }

    /// @dev The collection is refused with `refusal`, and the view says so first.
    function _collectionRefused(address owner, uint256 amount, Restriction code, bytes memory refusal)
        internal
    {
        (uint8 said, bytes memory why) = share.restrictionOnRedemption(owner, amount);
        vm.assertEq(said, uint8(code), "code");
        vm.assertEq(why, refusal, "the view's refusal");
        bytes memory call = abi.encodeCall(IFundShare.collect, (owner, owner, amount));
        _refused(address(vault), address(share), call, refusal);
    }

    function _delivery(address to, uint256 amount, uint40 dealtAt) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("deliver(address,uint256,uint40)", to, amount, dealtAt);
    }

    function _unverified(address account) internal view returns (bytes memory) {
        uint256 until = registry.walletOf(account).verifiedUntil;
        return abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, account, until);
    }

    function _unauthorised(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller);
    }

    function _list(address account) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = account;
    }

    function _list(uint256 amount) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = amount;
    }
}
