// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SumLeaf, SumNode} from "../compliance/SumTree.sol";

/// @notice What a distributor says of one omnibus wallet and one token for one day.
/// @param wallet Registered as an omnibus wallet.
/// @param day Days since 1 January 1970, in Hong Kong.
/// @param root Root of the Merkle sum tree over the clients' positions (`SumTree`).
/// @param total Sum of the positions, in the token's base units.
/// @param clients How many positions there are.
/// @param builtOn A block of this chain on which the statement was made, and its hash: one that was made on a branch
/// that is no more is refused.
struct OmnibusStatement {
    address wallet;
    address token;
    uint32 day;
    bytes32 root;
    uint128 total;
    uint64 clients;
    uint64 builtOn;
    bytes32 builtOnHash;
}

/// @notice What is kept of a statement; the wallet, the token and the day are its key.
/// @param committedAt Unix time, 0 where there is no commitment.
struct OmnibusCommitment {
    bytes32 root;
    uint128 total;
    uint64 clients;
    uint64 builtOn;
    bytes32 builtOnHash;
    address actor;
    uint64 committedAt;
}

/// @title IOmnibusRegistry
/// @notice Whose the tokens of an omnibus wallet are: once a day the root of the distributor's client positions, which
/// add up to what the wallet holds.
interface IOmnibusRegistry {
    event Committed(
        address indexed wallet,
        address indexed token,
        address indexed actor,
        uint32 day,
        bytes32 root,
        uint128 total,
        uint64 clients,
        uint64 builtOn,
        bytes32 builtOnHash
    );

    /// @notice The registry has the wallet as another kind, or not at all (0).
    error NotOmnibus(address wallet, uint8 kind);

    /// @notice A day has one commitment, and days only go forward.
    error DayNotAfter(uint32 day, uint32 lastDay);

    /// @notice The day has not begun in Hong Kong.
    error DayNotReached(uint32 day, uint256 today);

    /// @notice A root, a client and a token contract are needed.
    error IncompleteStatement();

    /// @notice The positions don't add up to what the wallet holds now.
    error TotalIsNotBalance(uint128 total, uint256 balance);

    /// @notice `number` is not one of the last 256 blocks of this chain, or has another hash here.
    error BlockNotOfThisChain(uint64 number, bytes32 hash);

    /// @notice Commits a day's positions, if their total is the wallet's balance in this very state. Only `REGISTRAR`.
    function commit(OmnibusStatement calldata statement) external;

    /// @notice The registry that says which wallets are omnibus wallets.
    function registry() external view returns (address);

    /// @notice The commitment of a day; all zero without one.
    function commitmentOf(address wallet, address token, uint32 day)
        external
        view
        returns (OmnibusCommitment memory);

    /// @notice The last day with a commitment; 0 before the first.
    function lastDayOf(address wallet, address token) external view returns (uint32);

    /// @notice What the leaves and the root of a day's tree are bound to.
    function domainOf(address wallet, address token, uint32 day) external view returns (bytes32);

    /// @notice Whether `leaf` is in the tree that was committed for the day: `path` has the siblings from the leaf up.
    function verify(address wallet, address token, uint32 day, SumLeaf calldata leaf, SumNode[] calldata path)
        external
        view
        returns (bool);
}
