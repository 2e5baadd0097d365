// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {PackedWallet} from "../compliance/PackedWallet.sol";

/// @notice How an investor is classified (Hong Kong: Cap. 571D for the professional classes).
enum InvestorClass {
    None,
    Retail,
    IndividualProfessional,
    CorporateProfessional,
    Institutional
}

/// @notice What kind of wallet it is.
enum WalletKind {
    None,
    Unhosted,
    Custodial,
    Contract,
    Omnibus,
    Platform
}

/// @notice Everything the chain knows of a wallet; one storage slot.
/// @param investor Keyed reference, meaningless without the registrar's records. Never derived from personal data alone.
/// @param verifiedUntil Last second (Unix time) at which the wallet counts as verified.
/// @param country ISO 3166-1 numeric.
struct Wallet {
    bytes16 investor;
    uint40 verifiedUntil;
    uint16 country;
    InvestorClass class;
    WalletKind kind;
}

struct WalletEntry {
    address account;
    Wallet wallet;
}

/// @title IInvestorRegistry
/// @notice Which wallets are whose, and until when they are verified.
interface IInvestorRegistry {
    event WalletRegistered(
        address indexed account,
        bytes16 indexed investor,
        address indexed actor,
        uint40 verifiedUntil,
        uint16 country,
        InvestorClass class,
        WalletKind kind
    );
    event WalletRemoved(address indexed account, bytes16 indexed investor, address indexed actor);

    /// @notice The wallet is not registered (`verifiedUntil` 0) or its verification has lapsed.
    error WalletNotVerified(address account, uint256 verifiedUntil);

    /// @notice The wallet belongs to another investor, for good: what the fund's shares count by investor rests on it.
    /// Register another wallet, and move what this one holds under a case.
    error WalletBelongsToAnother(address account, bytes16 investor, bytes16 asked);

    /// @notice A field of the entry is missing.
    error IncompleteWallet(address account);

    error WalletNotRegistered(address account);

    /// @notice Writes wallets. Only `REGISTRAR`.
    function setWallets(WalletEntry[] calldata entries) external;

    /// @notice Removes wallets. They stay their investor's, and may be registered again for that investor only. Only
    /// `REGISTRAR`.
    function removeWallets(address[] calldata accounts) external;

    /// @notice Reverts unless every account is a verified wallet now.
    function requireVerified(address[] calldata accounts) external view;

    /// @notice What is known of `account`. A removed wallet keeps its investor and nothing else.
    function walletOf(address account) external view returns (Wallet memory);

    /// @notice The same in one word.
    function packedOf(address account) external view returns (PackedWallet);

    /// @notice Both parties of a transfer in one call.
    function packedPair(address from, address to) external view returns (PackedWallet, PackedWallet);

    /// @notice Many wallets in one call, in the order of `accounts`.
    function packedBatch(address[] calldata accounts) external view returns (PackedWallet[] memory);

    function isVerified(address account) external view returns (bool);
}
