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
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @title InvestorRegistry
/// @notice Which wallets are whose and until when they are verified: one storage slot per wallet.
/// @dev No personal data: an investor is a keyed reference, and what it refers to stays with the registrar. A wallet is
/// one investor's for good, so that what a share counts by investor stays true whatever is registered later.
contract InvestorRegistry is IInvestorRegistry, Governed, UUPSUpgradeable {
    /// @custom:storage-location erc7201:issuance.storage.InvestorRegistry
    struct InvestorRegistryStorage {
        mapping(address account => Wallet) wallets;
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
            Wallet calldata wallet = entries[i].wallet;
            bool complete = account != address(0) && wallet.investor != bytes16(0)
                && wallet.verifiedUntil != 0 && wallet.country != 0 && wallet.class != InvestorClass.None
                && wallet.kind != WalletKind.None;
            if (!complete) revert IncompleteWallet(account);
            bytes16 owner = $.wallets[account].investor;
            if (owner != bytes16(0) && owner != wallet.investor) {
                revert WalletBelongsToAnother(account, owner, wallet.investor);
            }
            $.wallets[account] = wallet;
            emit WalletRegistered(
                account,
                wallet.investor,
                msg.sender,
                wallet.verifiedUntil,
                wallet.country,
                wallet.class,
                wallet.kind
            );
        }
    }

    /// @inheritdoc IInvestorRegistry
    function removeWallets(address[] calldata accounts) external restricted direct {
        InvestorRegistryStorage storage $ = _registry();
        for (uint256 i = 0; i < accounts.length; ++i) {
            Wallet storage wallet = $.wallets[accounts[i]];
            if (wallet.verifiedUntil == 0) revert WalletNotRegistered(accounts[i]);
            bytes16 owner = wallet.investor;
            delete $.wallets[accounts[i]];
            wallet.investor = owner;
            emit WalletRemoved(accounts[i], owner, msg.sender);
        }
    }

    /// @inheritdoc IInvestorRegistry
    function requireVerified(address[] calldata accounts) external view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (isVerified(accounts[i])) continue;
            revert WalletNotVerified(accounts[i], _registry().wallets[accounts[i]].verifiedUntil);
        }
    }

    /// @inheritdoc IInvestorRegistry
    function walletOf(address account) external view returns (Wallet memory) {
        return _registry().wallets[account];
    }

    /// @inheritdoc IInvestorRegistry
    function pairOf(address from, address to) external view returns (Wallet memory, Wallet memory) {
        return (_registry().wallets[from], _registry().wallets[to]);
    }

    /// @inheritdoc IInvestorRegistry
    function walletsOf(address[] calldata accounts) external view returns (Wallet[] memory wallets) {
        wallets = new Wallet[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            wallets[i] = _registry().wallets[accounts[i]];
        }
    }

    /// @inheritdoc IInvestorRegistry
    /// @dev A wallet that is not registered has `verifiedUntil` 0, which no block reaches back to.
    function isVerified(address account) public view returns (bool) {
        return _registry().wallets[account].verifiedUntil >= block.timestamp;
    }

    /// @dev Only `UPGRADER`.
    function _authorizeUpgrade(address) internal override restricted {}

    function _registry() private pure returns (InvestorRegistryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
