// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {FrozenEverywhereCampaign} from "./FrozenEverywhereCampaign.sol";

/// @notice `Frozen` across coin, market, share, vault and distributions: after any sequence of calls a frozen unit has moved
/// only by forced transfer, to the unit, of every holder and both tokens.
contract FrozenEverywhereTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    event log_named_bytes32(string name, bytes32 action);
    event log_named_uint(string name, uint256 count);

    uint256 private constant STEPS = 1600;

    FrozenEverywhereCampaign private _campaign;

    function setUp() public {
        _campaign = new FrozenEverywhereCampaign();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_campaign);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(_campaign), selectors: _campaign.actions()});
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: default.invariant.runs = 12
    /// forge-config: default.invariant.depth = 150
    function invariant_AFrozenUnitMovesOnlyByForcedTransfer() external view {
        vm.assertEq(_campaign.broken(), "", "broken");
    }

    /// @dev What the campaign is worth: one long walk, in which every way was both gone and refused.
    function test_EveryWayIsGoneAndRefused() external {
        vm.pauseGasMetering();
        bytes4[] memory actions = _campaign.actions();
        for (uint256 i = 0; i < STEPS; ++i) {
            bytes4 action = actions[uint256(keccak256(abi.encode("action", i))) % actions.length];
            (bool ok,) = address(_campaign).call(abi.encodeWithSelector(action, keccak256(abi.encode(i))));
            vm.assertTrue(ok, "an action reverted");
        }
        vm.assertEq(_campaign.broken(), "", "broken");
        for (uint256 i = 0; i < actions.length; ++i) {
            emit log_named_bytes32("action", actions[i]);
            emit log_named_uint("done", _campaign.done(actions[i]));
            emit log_named_uint("refused", _campaign.refused(actions[i]));
        }
        for (uint256 i = 0; i < actions.length; ++i) {
            vm.assertGt(_campaign.done(actions[i]), 4, "done");
        }
        // Dealing a day, and paying a distribution in, are refused to nobody.
        for (uint256 i = 0; i < actions.length; ++i) {
            bool never = actions[i] == _campaign.deal.selector || actions[i] == _campaign.distribute.selector
                || actions[i] == _campaign.push.selector;
            if (!never) vm.assertGt(_campaign.refused(actions[i]), 4, "refused");
        }
    }
}
