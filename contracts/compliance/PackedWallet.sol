// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {InvestorClass, Wallet, WalletKind} from "../interfaces/IInvestorRegistry.sol";

/// @notice A `Wallet` in one word, as the registry stores it and hands it to who asks at every transfer: the investor in
/// the low 128 bits, then `verifiedUntil` (40), the country (16), the class (8) and the kind (8).
type PackedWallet is uint256;

using {
    investor,
    verifiedUntil,
    country,
    class,
    kind,
    isVerified,
    isRegistered,
    isComplete,
    unpack
} for PackedWallet global;

function pack(Wallet calldata wallet) pure returns (PackedWallet) {
    return PackedWallet.wrap(
        uint256(uint128(wallet.investor)) | uint256(wallet.verifiedUntil) << 128 | uint256(wallet.country)
            << 168 | uint256(wallet.class) << 184 | uint256(wallet.kind) << 192
    );
}

function unpack(PackedWallet packed) pure returns (Wallet memory) {
    return Wallet({
        investor: packed.investor(),
        verifiedUntil: packed.verifiedUntil(),
        country: packed.country(),
        class: InvestorClass(packed.class()),
        kind: WalletKind(packed.kind())
    });
}

function investor(PackedWallet packed) pure returns (bytes16) {
    return bytes16(uint128(PackedWallet.unwrap(packed)));
}

function verifiedUntil(PackedWallet packed) pure returns (uint40) {
    return uint40(PackedWallet.unwrap(packed) >> 128);
}

function country(PackedWallet packed) pure returns (uint16) {
    return uint16(PackedWallet.unwrap(packed) >> 168);
}

/// @dev The number of the `InvestorClass`.
function class(PackedWallet packed) pure returns (uint8) {
    return uint8(PackedWallet.unwrap(packed) >> 184);
}

/// @dev The number of the `WalletKind`.
function kind(PackedWallet packed) pure returns (uint8) {
    return uint8(PackedWallet.unwrap(packed) >> 192);
}

/// @dev A wallet that is not registered has `verifiedUntil` 0, which no block reaches back to.
function isVerified(PackedWallet packed) view returns (bool) {
    return uint40(PackedWallet.unwrap(packed) >> 128) >= block.timestamp;
}

/// @dev A removed wallet keeps its investor and is not registered.
function isRegistered(PackedWallet packed) pure returns (bool) {
    return packed.verifiedUntil() != 0;
}

/// @dev Whether no field is missing.
function isComplete(PackedWallet packed) pure returns (bool) {
    return packed.investor() != bytes16(0) && packed.verifiedUntil() != 0 && packed.country() != 0
        && packed.class() != 0 && packed.kind() != 0;
}
