// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {Suite} from "./Suite.sol";
import {vm} from "./Vm.sol";

/// @notice The suite with 1000 base units at alice, and what tests of redemption do again and again.
abstract contract RedemptionSuite is Suite {
    bytes32 internal constant REASON = keccak256("reason");

    function setUp() public virtual override {
        super.setUp();
        _attest(1_000_000e6);
        _mint(alice, 1000);
    }

    function _status(uint256 id, RedemptionStatus expected) internal view {
        vm.assertEq(uint8(market.redemption(id).status), uint8(expected), "status");
    }

    function _acceptRefused(uint256 id, bytes memory refusal) internal {
        Signature[] memory approvals = _signatures(approverKeys, market.acceptanceDigest(_ids(id)), 3);
        vm.prank(operator);
        vm.expectRevert(refusal);
        market.acceptRedemptions(_ids(id), approvals);
    }

    function _reject(uint256 id) internal {
        vm.prank(operator);
        market.rejectRedemptions(_ids(id), REASON);
    }

    function _seize(uint256 id, address to) internal {
        vm.prank(compliance);
        market.seizeEscrow(id, to, CASE);
    }
}
