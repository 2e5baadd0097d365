// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice A holder's whole transfer-time state in one word: the balance in the low 112 bits, the marks of escrow and of
/// dealing above it, the frozen amount in the high 128.
type Account is uint256;

using {
    balance,
    frozen,
    isEscrow,
    isDealing,
    isFrozen,
    unfrozen,
    withBalance,
    withFrozen,
    asEscrow,
    withDealing
} for Account global;

/// @dev This frozen amount freezes the account itself: it neither sends nor receives.
uint128 constant ACCOUNT_FROZEN = type(uint128).max;

/// @dev Marks the market's account, which compliance can't touch: escrow moves by the market's rules alone.
uint256 constant ESCROW = 1 << 112;

/// @dev Marks a vault that may issue shares and collect them. It can be taken away again; the escrow mark can't.
uint256 constant DEALING = 1 << 113;

function balance(Account account) pure returns (uint256) {
    return uint112(Account.unwrap(account));
}

function frozen(Account account) pure returns (uint256) {
    return Account.unwrap(account) >> 128;
}

function isEscrow(Account account) pure returns (bool) {
    return Account.unwrap(account) & ESCROW != 0;
}

function isDealing(Account account) pure returns (bool) {
    return Account.unwrap(account) & DEALING != 0;
}

function isFrozen(Account account) pure returns (bool) {
    return frozen(account) == ACCOUNT_FROZEN;
}

/// @dev What may move: the balance less the frozen amount, which may exceed it.
function unfrozen(Account account) pure returns (uint256) {
    uint256 held = balance(account);
    uint256 kept = frozen(account);
    return kept >= held ? 0 : held - kept;
}

/// @dev `newBalance` never passes the total supply, which fits in 112 bits.
function withBalance(Account account, uint256 newBalance) pure returns (Account) {
    return Account.wrap(Account.unwrap(account) ^ balance(account) ^ newBalance);
}

/// @dev `newFrozen` has to fit in 128 bits; callers check.
function withFrozen(Account account, uint256 newFrozen) pure returns (Account) {
    return Account.wrap((newFrozen << 128) | uint128(Account.unwrap(account)));
}

function asEscrow(Account account) pure returns (Account) {
    return Account.wrap(Account.unwrap(account) | ESCROW);
}

function withDealing(Account account, bool dealing) pure returns (Account) {
    uint256 word = Account.unwrap(account);
    return Account.wrap(dealing ? word | DEALING : word & ~DEALING);
}
