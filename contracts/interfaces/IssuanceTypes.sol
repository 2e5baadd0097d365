// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice A signature with the account it claims to come from: 65 bytes of ECDSA, or whatever a contract account's
/// ERC-1271 `isValidSignature` accepts.
struct Signature {
    address signer;
    bytes data;
}

/// @notice One order to mint.
/// @param number The order's number, used once and never again on this market.
/// @param to The wallet to mint to; it has to be verified in the investor registry.
/// @param amount Base units.
/// @param expiry Last second (Unix time) at which the order may execute.
struct MintOrder {
    uint256 number;
    address to;
    uint256 amount;
    uint64 expiry;
}

/// @notice Orders that were approved together.
struct MintBatch {
    MintOrder[] orders;
    Signature[] approvals;
}
