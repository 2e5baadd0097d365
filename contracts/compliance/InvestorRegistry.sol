// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {
    IInvestorRegistry,
    InvestorClass,
    Wallet,
    WalletEntry,
    WalletKind
} from "../interfaces/IInvestorRegistry.sol";
import {PackedWallet, pack} from "./PackedWallet.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @title InvestorRegistry
/// @notice Which wallets are whose and until when they are verified: one storage slot per wallet.
/// @dev No personal data: an investor is a keyed reference, and what it refers to stays with the registrar. A wallet is
/// one investor's for good, so that what a share counts by investor stays true whatever is registered later.
contract InvestorRegistry is IInvestorRegistry, Governed, UUPSUpgradeable {
    /// @custom:storage-location erc7201:issuance.storage.InvestorRegistry
    struct InvestorRegistryStorage {
        mapping(address account => PackedWallet) wallets;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.InvestorRegistry")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x811daf4c5ea0c4b31e6945ec6ff52f66d9e625abafc538a4f1a2fbe2066b6900;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_) Governed(authority_) {
        _disableInitializers();
    }

    /// @notice Initialises the proxy; there is nothing to set.
    function initialize() external initializer {}

    /// @inheritdoc IInvestorRegistry
    function setWallets(WalletEntry[] calldata entries) external restricted direct {
        InvestorRegistryStorage storage $ = _registry();
        for (uint256 i = 0; i < entries.length; ++i) {
            address account = entries[i].account;
            PackedWallet wallet = pack(entries[i].wallet);
            if (account == address(0) || !wallet.isComplete()) revert IncompleteWallet(account);
            bytes16 owner = $.wallets[account].investor();
            if (owner != bytes16(0) && owner != wallet.investor()) {
                revert WalletBelongsToAnother(account, owner, wallet.investor());
            }
            $.wallets[account] = wallet;
            emit WalletRegistered(
                account,
                wallet.investor(),
                msg.sender,
                wallet.verifiedUntil(),
                wallet.country(),
                InvestorClass(wallet.class()),
                WalletKind(wallet.kind())
            );
        }
    }

    /// @inheritdoc IInvestorRegistry
    function removeWallets(address[] calldata accounts) external restricted direct {
        InvestorRegistryStorage storage $ = _registry();
        for (uint256 i = 0; i < accounts.length; ++i) {
            PackedWallet wallet = $.wallets[accounts[i]];
            if (!wallet.isRegistered()) revert WalletNotRegistered(accounts[i]);
            bytes16 owner = wallet.investor();
            $.wallets[accounts[i]] = PackedWallet.wrap(uint128(owner));
            emit WalletRemoved(accounts[i], owner, msg.sender);
        }
    }

    /// @inheritdoc IInvestorRegistry
    function requireVerified(address[] calldata accounts) external view {
        mapping(address => PackedWallet) storage wallets = _registry().wallets;
        for (uint256 i = 0; i < accounts.length; ++i) {
            address account = accounts[i];
            uint256 until = wallets[account].verifiedUntil();
            if (until < block.timestamp) revert WalletNotVerified(account, until);
        }
    }

    /// @inheritdoc IInvestorRegistry
    function walletOf(address account) external view returns (Wallet memory) {
        return _registry().wallets[account].unpack();
    }

    /// @inheritdoc IInvestorRegistry
    function packedOf(address account) external view returns (PackedWallet) {
        return _registry().wallets[account];
    }

    /// @inheritdoc IInvestorRegistry
    function packedPair(address from, address to) external view returns (PackedWallet, PackedWallet) {
        mapping(address => PackedWallet) storage wallets = _registry().wallets;
        return (wallets[from], wallets[to]);
    }

    /// @inheritdoc IInvestorRegistry
    function packedBatch(address[] calldata accounts) external view returns (PackedWallet[] memory packed) {
        packed = new PackedWallet[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            packed[i] = _registry().wallets[accounts[i]];
        }
    }

    /// @inheritdoc IInvestorRegistry
    function isVerified(address account) public view returns (bool) {
        return _registry().wallets[account].isVerified();
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}

    function _registry() private pure returns (InvestorRegistryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
