// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @notice One client's position. `salt` is secret until the client is given a proof.
struct SumLeaf {
    uint64 index;
    bytes16 client;
    bytes32 salt;
    uint128 amount;
}

/// @notice A node on the way up: its hash, and the sum of the positions below it.
struct SumNode {
    bytes32 hash;
    uint128 sum;
}

/// @title SumTree
/// @notice A Merkle sum tree. A node's hash covers the hashes and the sums of both its children, so that no sum can be
/// told differently to different clients; sums are unsigned and may not overflow, so that none can be negative; a leaf
/// stands at one index, from which the sides of its path follow.
/// @dev Leaves begin with 0x00, nodes with 0x01, the root with 0x02. Where a level has an odd number of nodes, the last
/// goes up as it is. The root covers the domain, the number of leaves and the total.
library SumTree {
    /// @notice What the leaves and the root of one tree are bound to.
    function domain(uint256 chainId, address registry, address wallet, address token, uint32 day)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked("issuance.omnibus.1", chainId, registry, wallet, token, day));
    }

    /// @notice Whether `leaf` is in the tree with this root, number of leaves and total.
    function verify(
        bytes32 root,
        bytes32 domain_,
        uint64 clients,
        uint128 total,
        SumLeaf calldata leaf,
        SumNode[] calldata path
    ) internal pure returns (bool) {
        uint256 place = leaf.index;
        uint256 width = clients;
        if (place >= width) return false;
        bytes32 hash = keccak256(
            abi.encodePacked(bytes1(0x00), domain_, leaf.index, leaf.client, leaf.salt, leaf.amount)
        );
        uint128 sum = leaf.amount;
        uint256 used = 0;
        for (; width > 1; width = (width + 1) >> 1) {
            if (place & 1 == 1 || place + 1 < width) {
                if (used == path.length) return false;
                SumNode calldata sibling = path[used++];
                if (sibling.sum > type(uint128).max - sum) return false;
                hash = place & 1 == 1
                    ? _node(sibling.hash, sibling.sum, hash, sum)
                    : _node(hash, sum, sibling.hash, sibling.sum);
                sum += sibling.sum;
            }
            place >>= 1;
        }
        if (used != path.length || sum != total) return false;
        return root == keccak256(abi.encodePacked(bytes1(0x02), domain_, clients, hash, total));
    }

    function _node(bytes32 left, uint128 leftSum, bytes32 right, uint128 rightSum)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(bytes1(0x01), left, leftSum, right, rightSum));
    }
}
