// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {
    IInvestorRegistry,
    InvestorClass,
    Wallet,
    WalletEntry,
    WalletKind
} from "../../contracts/interfaces/IInvestorRegistry.sol";
import {Suite} from "./support/Suite.sol";
import {vm} from "./support/Vm.sol";

contract RegistryTest is Suite {
    function _entry(address account) private view returns (WalletEntry[] memory entries) {
        entries = new WalletEntry[](1);
        entries[0] =
            WalletEntry({account: account, wallet: _wallet(account, uint40(block.timestamp + 1 days))});
    }

    function _refused(WalletEntry[] memory entries, bytes memory refusal) private {
        vm.prank(registrar);
        vm.expectRevert(refusal);
        registry.setWallets(entries);
    }

    function test_AWalletIsRegisteredRenewedAndRemoved() public {
        WalletEntry[] memory entries = _entry(stranger);
        Wallet memory wallet = entries[0].wallet;
        vm.expectEmit(address(registry));
        emit IInvestorRegistry.WalletRegistered(
            stranger,
            wallet.investor,
            registrar,
            wallet.verifiedUntil,
            344,
            InvestorClass.Retail,
            WalletKind.Unhosted
        );
        vm.prank(registrar);
        registry.setWallets(entries);
        Wallet memory stored = registry.walletOf(stranger);
        vm.assertEq(keccak256(abi.encode(stored)), keccak256(abi.encode(wallet)), "every field is stored");
        vm.assertTrue(registry.isVerified(stranger), "verified");

        entries[0].wallet.verifiedUntil += 100;
        entries[0].wallet.class = InvestorClass.Institutional;
        vm.prank(registrar);
        registry.setWallets(entries);
        vm.assertEq(uint8(registry.walletOf(stranger).class), 4, "class");

        address[] memory accounts = new address[](1);
        accounts[0] = stranger;
        vm.expectEmit(address(registry));
        emit IInvestorRegistry.WalletRemoved(stranger, wallet.investor, registrar);
        vm.prank(registrar);
        registry.removeWallets(accounts);
        vm.assertFalse(registry.isVerified(stranger), "removed");
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IInvestorRegistry.WalletNotRegistered.selector, stranger));
        registry.removeWallets(accounts);
    }

    function test_VerifiedToItsLastSecond() public {
        vm.warp(START + 365 days);
        vm.assertTrue(registry.isVerified(alice), "last second");
        vm.warp(START + 365 days + 1);
        vm.assertFalse(registry.isVerified(alice), "one later");
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        vm.expectRevert(
            abi.encodeWithSelector(IInvestorRegistry.WalletNotVerified.selector, alice, START + 365 days)
        );
        registry.requireVerified(accounts);
    }

    function test_AnotherInvestorsWalletIsRemovedFirst() public {
        WalletEntry[] memory entries = _entry(alice);
        bytes16 owner = entries[0].wallet.investor;
        entries[0].wallet.investor = bytes16(uint128(7));
        _refused(
            entries,
            abi.encodeWithSelector(
                IInvestorRegistry.WalletBelongsToAnother.selector, alice, owner, bytes16(uint128(7))
            )
        );
    }

    function test_EveryFieldIsNeeded() public {
        bytes memory refusal = abi.encodeWithSelector(IInvestorRegistry.IncompleteWallet.selector, stranger);
        WalletEntry[] memory entries = _entry(stranger);
        entries[0].wallet.investor = bytes16(0);
        _refused(entries, refusal);
        entries = _entry(stranger);
        entries[0].wallet.verifiedUntil = 0;
        _refused(entries, refusal);
        entries = _entry(stranger);
        entries[0].wallet.country = 0;
        _refused(entries, refusal);
        entries = _entry(stranger);
        entries[0].wallet.class = InvestorClass.None;
        _refused(entries, refusal);
        entries = _entry(stranger);
        entries[0].wallet.kind = WalletKind.None;
        _refused(entries, refusal);
        _refused(
            _entry(address(0)),
            abi.encodeWithSelector(IInvestorRegistry.IncompleteWallet.selector, address(0))
        );
    }
}
