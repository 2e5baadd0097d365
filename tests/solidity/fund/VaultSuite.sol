// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {CountryRule, IFundShare, SharePolicy} from "../../../contracts/interfaces/IFundShare.sol";
import {DealingTerms, IFundDesk, IFundVault, Release} from "../../../contracts/interfaces/IFundVault.sol";
import {
    IInvestorRegistry,
    InvestorClass,
    Wallet,
    WalletEntry
} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {FundVault} from "../../../contracts/market/FundVault.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {FundShare} from "../../../contracts/token/FundShare.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {Suite} from "../support/Suite.sol";
import {vm} from "../support/Vm.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice The coin's suite and a fund beside it: one share class, its feed of net asset value, its vault. Alice, bob and
/// carol are investors with coins and an infinite allowance; two wallets of alice's are one investor.
abstract contract VaultSuite is Suite {
    uint256 internal constant COINS = 1_000_000e6;
    uint256 internal constant NAV = 10e8;
    bytes32 internal constant REASON = keccak256("reason document");
    uint40 internal constant PERIOD = 1 days;

    address internal treasury = vm.addr(501);
    /// @dev Alice's other wallet.
    address internal alice2 = vm.addr(211);

    FundShare internal share;
    FundVault internal vault;
    AttestedFeed internal navFeed;
    uint256 internal shareUnit;
    uint256 internal navUnit;

    address[] private _targets;
    bytes[] private _calls;

    function setUp() public virtual override {
        super.setUp();
        _deployFund(6, 8);
        _fundInvestors();
    }

    // ------------------------------------------------------------------------------------------------- deploy

    function _deployFund(uint8 shareDecimals, uint8 navDecimals) internal {
        (shareUnit, navUnit) = (10 ** shareDecimals, 10 ** navDecimals);
        navFeed = AttestedFeed(
            _create("AttestedFeed.sol:AttestedFeed", abi.encode(manager, navDecimals, "NAV of FUND"))
        );
        bytes memory arguments = abi.encode(manager, "Demo Fund", "FUND", shareDecimals, registry);
        share = FundShare(_proxy(_create("FundShare.sol:FundShare", arguments)));
        arguments = abi.encode(manager, share, token, navDecimals);
        vault = FundVault(_proxy(_create("FundVault.sol:FundVault", arguments)));
        _plan(address(navFeed), abi.encodeCall(IAttestedFeed.setAttestors, (_attestors(), 2)));
        _plan(address(navFeed), abi.encodeCall(IAttestedFeed.setLimits, (MAX_AGE, 1000, 1000)));
        _plan(address(share), abi.encodeCall(IFundShare.setPolicy, (_policy())));
        _plan(address(share), abi.encodeCall(IFundShare.setCountries, (CountryRule.OnlyListed, _hongKong())));
        _plan(address(share), abi.encodeCall(IFundShare.setVault, (address(token), address(vault))));
        _plan(address(vault), abi.encodeCall(IFundDesk.setNavFeed, (address(navFeed))));
        _plan(address(vault), abi.encodeCall(IFundDesk.setCustody, (treasury)));
        _plan(address(vault), abi.encodeCall(IFundDesk.setTerms, (_terms())));
        _planRoles();
        _carryOut();
    }

    function _terms() internal view virtual returns (DealingTerms memory) {
        return DealingTerms({
            entryFeeBps: 0,
            exitFeeBps: 0,
            swingBps: 0,
            swingThresholdBps: 0,
            gateBps: 10_000,
            overdueAfter: 14 days,
            minSubscription: 0,
            minRedemption: 0
        });
    }

    function _policy() internal view virtual returns (SharePolicy memory) {
        return SharePolicy({
            maxHolding: type(uint96).max,
            minHolding: 0,
            maxHolders: type(uint24).max,
            lockUpDays: 0,
            classes: 30,
            primaryOnly: false,
            investorAccounts: true
        });
    }

    function _hongKong() private pure returns (uint16[] memory list) {
        list = new uint16[](1);
        list[0] = 344;
    }

    function _planRoles() private {
        _planRole(address(navFeed), IAttestedFeed.suspend.selector, Roles.GUARDIAN);
        _planRole(address(navFeed), IAttestedFeed.resume.selector, Roles.GOVERNOR);
        _planRole(address(share), IRegulatedERC20.pause.selector, Roles.GUARDIAN);
        _planRole(address(share), IERC7943Fungible.setFrozenTokens.selector, Roles.GUARDIAN);
        _planRole(address(share), IRegulatedERC20.resume.selector, Roles.GOVERNOR);
        _planRole(address(share), IFundShare.setPolicy.selector, Roles.GOVERNOR);
        _planRole(address(share), IFundShare.setVault.selector, Roles.GOVERNOR);
        _planRole(address(share), IRegulatedERC20.unfreeze.selector, Roles.COMPLIANCE);
        _planRole(address(vault), IFundDesk.announceDays.selector, Roles.DEALING_MANAGER);
        _planRole(address(vault), IFundDesk.closeDay.selector, Roles.DEALING_MANAGER);
        _planRole(address(vault), IFundDesk.settleDay.selector, Roles.DEALING_MANAGER);
        _planRole(address(vault), IFundDesk.pushShares.selector, Roles.DEALING_MANAGER);
        _planRole(address(vault), IFundDesk.pushAssets.selector, Roles.DEALING_MANAGER);
        _planRole(address(vault), IFundDesk.pushCancelled.selector, Roles.DEALING_MANAGER);
        _planRole(address(vault), IFundDesk.suspendDealing.selector, Roles.GUARDIAN);
        _planRole(address(vault), IFundDesk.resumeDealing.selector, Roles.GOVERNOR);
        _planRole(address(vault), IFundDesk.setTerms.selector, Roles.GOVERNOR);
        _planRole(address(vault), IFundDesk.setNavFeed.selector, Roles.GOVERNOR);
        _planRole(address(vault), IFundDesk.setCustody.selector, Roles.GOVERNOR);
        _planRole(address(vault), IFundDesk.fundRedemptions.selector, Roles.TREASURER);
        _planRole(address(vault), IFundDesk.returnFunding.selector, Roles.TREASURER);
        _planRole(address(vault), IFundDesk.confirmRelease.selector, Roles.TREASURER);
        _planRole(address(vault), IFundDesk.proposeRelease.selector, Roles.COMPLIANCE);
        _planRole(address(vault), IFundDesk.retractRelease.selector, Roles.COMPLIANCE);
        _planRole(address(vault), UUPSUpgradeable.upgradeToAndCall.selector, Roles.UPGRADER);
    }

    function _planRole(address target, bytes4 selector, uint64 role) internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        _plan(address(manager), abi.encodeCall(manager.setTargetFunctionRole, (target, selectors, role)));
    }

    /// @dev One more call of the admin's, carried out with all others after one delay.
    function _plan(address target, bytes memory data) internal {
        _targets.push(target);
        _calls.push(data);
    }

    function _carryOut() internal {
        for (uint256 i = 0; i < _targets.length; ++i) {
            vm.prank(admin);
            manager.schedule(_targets[i], _calls[i], 0);
        }
        vm.warp(block.timestamp + ADMIN_DELAY);
        for (uint256 i = 0; i < _targets.length; ++i) {
            vm.prank(admin);
            manager.execute(_targets[i], _calls[i]);
        }
        delete _targets;
        delete _calls;
    }

    /// @dev Coins for the investors and the treasurer, the allowance they give the vault, and alice's second wallet.
    function _fundInvestors() internal {
        _attest(100_000_000 * unit);
        address[4] memory list = [alice, bob, carol, treasurer];
        for (uint256 i = 0; i < 4; ++i) {
            _verify(list[i]);
            _mint(list[i], COINS / 1e6 * unit);
            _allow(list[i]);
        }
        _join(alice2, alice);
    }

    function _allow(address owner) internal {
        vm.prank(owner);
        token.approve(address(vault), type(uint256).max);
    }

    /// @dev Makes `account` a wallet of the investor of `other`.
    function _join(address account, address other) internal {
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] =
            WalletEntry({account: account, wallet: _wallet(other, uint40(block.timestamp + 365 days))});
        vm.prank(registrar);
        registry.setWallets(entries);
    }

    /// @dev Ends the verification of `account` now.
    function _lapse(address account) internal {
        _register(account, uint40(block.timestamp - 1));
    }

    // ------------------------------------------------------------------------------------------------ dealing

    function _cutOffs(uint256 count) internal view returns (uint40[] memory list) {
        list = new uint40[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i] = uint40(block.timestamp + (i + 1) * PERIOD);
        }
    }

    /// @dev Announces the next `count` days, a day apart.
    function _announce(uint256 count) internal {
        (uint256 last,,) = vault.progress();
        vm.prank(dealer);
        vault.announceDays(last + 1, _cutOffs(count));
    }

    function _open() internal view returns (uint256 day) {
        (day,) = vault.openDay();
    }

    function _closed() internal view returns (uint256 day) {
        (, day,) = vault.progress();
    }

    /// @dev Waits for the next day's cut-off and closes it.
    function _close() internal returns (uint256 day) {
        day = _closed() + 1;
        uint256 cutOff = vault.dealingDay(day).cutOff;
        if (block.timestamp < cutOff) vm.warp(cutOff);
        vm.prank(dealer);
        vault.closeDay(day);
    }

    function _publishNav(uint256 value, uint256 asOf) internal {
        Attestation memory a = _attestation(value, asOf);
        navFeed.publish(a, _signatures(attestorKeys, navFeed.attestationDigest(a), 3));
    }

    /// @dev A net asset value as of now, and a second for it to be the past.
    function _strike(uint256 value) internal {
        vm.warp(block.timestamp + 1);
        _publishNav(value, block.timestamp - 1);
    }

    function _settle(uint256 day) internal {
        vm.prank(dealer);
        vault.settleDay(day);
    }

    /// @dev The next day from its cut-off to its settlement at `nav`.
    function _deal(uint256 nav) internal returns (uint256 day) {
        day = _close();
        _strike(nav);
        _settle(day);
    }

    function _subscribe(address who, uint256 assets) internal returns (uint256 day) {
        vm.prank(who);
        return vault.requestDeposit(assets, who, who);
    }

    function _redeemShares(address who, uint256 shares) internal returns (uint256 day) {
        vm.prank(who);
        return vault.requestRedeem(shares, who, who);
    }

    function _claimShares(address who) internal returns (uint256 shares) {
        uint256 assets = vault.maxDeposit(who);
        vm.prank(who);
        return vault.deposit(assets, who);
    }

    function _claimAssets(address who) internal returns (uint256 assets) {
        uint256 shares = vault.maxRedeem(who);
        vm.prank(who);
        return vault.redeem(shares, who, who);
    }

    /// @dev Shares for `who`, dealt on a day of their own at `nav`.
    function _endow(address who, uint256 assets, uint256 nav) internal returns (uint256 shares) {
        if (_open() == 0) _announce(1);
        _subscribe(who, assets);
        _deal(nav);
        return _claimShares(who);
    }

    function _fund(uint256 assets) internal {
        vm.prank(treasurer);
        vault.fundRedemptions(assets);
    }

    function _pushShares(uint256 day, address[] memory list) internal {
        vm.prank(dealer);
        vault.pushShares(day, list);
    }

    function _pushAssets(address[] memory list) internal {
        vm.prank(dealer);
        vault.pushAssets(list);
    }

    function _list(address one) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = one;
    }

    function _list(address one, address two) internal pure returns (address[] memory list) {
        list = new address[](2);
        (list[0], list[1]) = (one, two);
    }

    function _setTerms(DealingTerms memory terms) internal {
        _govern(address(vault), abi.encodeCall(IFundDesk.setTerms, (terms)));
    }

    function _release(address controller, address to, uint256 assets, uint256 shares, bool redeem)
        internal
        pure
        returns (Release memory)
    {
        return Release({
            controller: controller,
            to: to,
            assets: uint96(assets),
            shares: uint96(shares),
            redeem: redeem,
            caseId: CASE
        });
    }

    /// @dev Calls the vault as `who` and expects `refusal`.
    function _refusedAs(address who, bytes memory call, bytes memory refusal) internal {
        vm.prank(who);
        (bool ok, bytes memory reason) = address(vault).call(call);
        vm.assertFalse(ok, "went through");
        vm.assertEq(reason, refusal, "refusal");
    }

    function _coins(address who) internal view returns (uint256) {
        return token.balanceOf(who);
    }

    function _shares(address who) internal view returns (uint256) {
        return share.balanceOf(who);
    }
}
