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
/// @param orders All of them, as they were signed.
/// @param approvals Signatures of the whole batch, ascending by signer.
/// @param skipped Bit i leaves out `orders[i]` this time, so that one order that can't go doesn't hold up the others.
/// Sent again with the others skipped, it goes on the same approvals.
struct MintBatch {
    MintOrder[] orders;
    Signature[] approvals;
    uint256 skipped;
}
