// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {
    DistributionClaim,
    DistributionRecord,
    DistributionStatus,
    DistributionTerms,
    IDistribution
} from "../../../contracts/interfaces/IDistribution.sol";
import {Distribution} from "../../../contracts/market/Distribution.sol";
import {ShareSuite} from "./ShareSuite.sol";
import {vm} from "./Vm.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";

/// @notice The share's suite with distributions in the coin; the treasurer holds a million coins.
abstract contract DistributionSuite is ShareSuite {
    Distribution internal distribution;

    function setUp() public virtual override {
        super.setUp();
        bytes memory arguments = abi.encode(manager, token, registry);
        distribution = Distribution(_proxy(_create("Distribution.sol:Distribution", arguments)));
        _assignDistribution();
        _admit(treasurer);
        _attest(10_000_000e6);
        _mint(treasurer, 1_000_000e6);
        vm.prank(treasurer);
        token.approve(address(distribution), type(uint256).max);
    }

    function _assignDistribution() private {
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (IDistribution.create.selector, IDistribution.sweep.selector);
        _assignAll(address(distribution), selectors, Roles.TREASURER);
        (selectors[0], selectors[1]) = (IDistribution.resume.selector, IDistribution.cancel.selector);
        _assignAll(address(distribution), selectors, Roles.GOVERNOR);
        selectors = new bytes4[](1);
        selectors[0] = IDistribution.stop.selector;
        _assignAll(address(distribution), selectors, Roles.GUARDIAN);
        selectors[0] = IDistribution.releaseTo.selector;
        _assignAll(address(distribution), selectors, Roles.COMPLIANCE);
        selectors[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        _assignAll(address(distribution), selectors, Roles.UPGRADER);
    }

    // ---------------------------------------------------------------------------------------------------- trees

    function _leaf(DistributionClaim memory claim) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(claim.index, claim.account, claim.amount))));
    }

    /// @dev The tree of OpenZeppelin's library: leaves in ascending order at the end of the array, the last first, each
    /// node over the two at twice its place. Fills in the proofs.
    function _tree(DistributionClaim[] memory claims) internal pure returns (bytes32 root) {
        uint256 count = claims.length;
        uint256[] memory order = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            uint256 j = i;
            for (; j > 0 && _leaf(claims[order[j - 1]]) > _leaf(claims[i]); --j) {
                order[j] = order[j - 1];
            }
            order[j] = i;
        }
        bytes32[] memory nodes = new bytes32[](2 * count - 1);
        for (uint256 i = 0; i < count; ++i) {
            nodes[nodes.length - 1 - i] = _leaf(claims[order[i]]);
        }
        for (uint256 i = count - 1; i > 0; --i) {
            nodes[i - 1] = Hashes.commutativeKeccak256(nodes[2 * i - 1], nodes[2 * i]);
        }
        for (uint256 i = 0; i < count; ++i) {
            claims[order[i]].proof = _proof(nodes, nodes.length - 1 - i);
        }
        return nodes[0];
    }

    function _proof(bytes32[] memory nodes, uint256 place) private pure returns (bytes32[] memory proof) {
        uint256 depth = 0;
        for (uint256 at = place; at > 0; at = (at - 1) / 2) {
            ++depth;
        }
        proof = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            proof[i] = nodes[place % 2 == 0 ? place - 1 : place + 1];
            place = (place - 1) / 2;
        }
    }

    /// @dev alice 100, bob 250, carol 1.
    function _claims() internal view returns (DistributionClaim[] memory claims) {
        claims = new DistributionClaim[](3);
        (claims[0].account, claims[0].amount) = (alice, 100);
        (claims[1].account, claims[1].amount) = (bob, 250);
        (claims[2].account, claims[2].amount) = (carol, 1);
        for (uint256 i = 0; i < 3; ++i) {
            claims[i].index = i;
        }
        _tree(claims);
    }

    // -------------------------------------------------------------------------------------------- distributions

    function _terms(DistributionClaim[] memory claims, bytes32 report)
        internal
        view
        returns (DistributionTerms memory terms)
    {
        uint256 total = 0;
        for (uint256 i = 0; i < claims.length; ++i) {
            total += claims[i].amount;
        }
        return DistributionTerms({
            share: address(share),
            recordDate: uint40(block.timestamp - 1 days),
            deadline: uint40(block.timestamp + 90 days),
            total: uint112(total),
            root: _tree(claims),
            report: report
        });
    }

    function _create(DistributionTerms memory terms) internal returns (uint256 id) {
        vm.prank(treasurer);
        id = distribution.create(terms);
    }

    /// @dev The three claims, paid in.
    function _open() internal returns (uint256 id, DistributionClaim[] memory claims) {
        claims = _claims();
        id = _create(_terms(claims, keccak256(abi.encode("dividend", distribution.distributionCount()))));
    }

    function _status(uint256 id, DistributionStatus expected) internal view {
        DistributionRecord memory record = distribution.distribution(id);
        vm.assertEq(uint8(record.status), uint8(expected), "status");
    }

    function _freezeCoins(address account) internal {
        _freezeAccount(account);
    }
}
