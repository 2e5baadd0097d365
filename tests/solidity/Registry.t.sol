// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PackedWallet} from "../../contracts/compliance/PackedWallet.sol";
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

    /// @dev What shares count by investor rests on it, so removal does not end it.
    function test_AWalletIsOneInvestorsForGood() public {
        WalletEntry[] memory entries = _entry(alice);
        bytes16 owner = entries[0].wallet.investor;
        entries[0].wallet.investor = bytes16(uint128(7));
        bytes memory refusal = abi.encodeWithSelector(
            IInvestorRegistry.WalletBelongsToAnother.selector, alice, owner, bytes16(uint128(7))
        );
        _refused(entries, refusal);
        address[] memory accounts = new address[](1);
        accounts[0] = alice;
        vm.prank(registrar);
        registry.removeWallets(accounts);
        _refused(entries, refusal);
        Wallet memory removed = registry.walletOf(alice);
        vm.assertEq(bytes32(removed.investor), bytes32(owner), "the investor stays");
        removed.investor = bytes16(0);
        Wallet memory none;
        vm.assertEq(keccak256(abi.encode(removed)), keccak256(abi.encode(none)), "and nothing else");
        vm.prank(registrar);
        registry.setWallets(_entry(alice));
        vm.assertTrue(registry.isVerified(alice), "the same investor's again");
    }

    /// @dev One word, two, many: the same as the struct, field by field.
    function testFuzz_PackedWalletsAreTheWallets(
        bytes16 investor,
        uint40 until,
        uint16 country,
        uint8 class,
        uint8 kind
    ) public {
        vm.assume(investor != bytes16(0) && until != 0 && country != 0);
        WalletEntry[] memory entries = _entry(stranger);
        entries[0].wallet = Wallet({
            investor: investor,
            verifiedUntil: until,
            country: country,
            class: InvestorClass(1 + class % 4),
            kind: WalletKind(1 + kind % 5)
        });
        vm.prank(registrar);
        registry.setWallets(entries);
        _sameWallet(registry.packedOf(stranger), entries[0].wallet);
        (PackedWallet first, PackedWallet second) = registry.packedPair(alice, stranger);
        _sameWallet(first, registry.walletOf(alice));
        _sameWallet(second, entries[0].wallet);
        address[] memory accounts = new address[](3);
        (accounts[0], accounts[1]) = (stranger, bob);
        PackedWallet[] memory list = registry.packedBatch(accounts);
        vm.assertEq(list.length, 3, "one each");
        _sameWallet(list[0], entries[0].wallet);
        _sameWallet(list[1], registry.walletOf(bob));
        vm.assertEq(PackedWallet.unwrap(list[2]), 0, "an unknown wallet");
    }

    function _sameWallet(PackedWallet packed, Wallet memory wallet) private view {
        vm.assertEq(bytes32(packed.investor()), bytes32(wallet.investor), "investor");
        vm.assertEq(packed.verifiedUntil(), wallet.verifiedUntil, "verified until");
        vm.assertEq(packed.country(), wallet.country, "country");
        vm.assertEq(packed.class(), uint8(wallet.class), "class");
        vm.assertEq(packed.kind(), uint8(wallet.kind), "kind");
        vm.assertEq(packed.isVerified(), wallet.verifiedUntil >= block.timestamp, "verified");
        vm.assertEq(keccak256(abi.encode(packed.unpack())), keccak256(abi.encode(wallet)), "all of it");
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
