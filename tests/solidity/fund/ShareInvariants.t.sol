// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {ShareCampaign} from "./ShareCampaign.sol";

/// @notice After any sequence of movements an investor's figure is the sum over its wallets, the holder count is the
/// number of investors with such a sum, all of them together are the supply outside vaults, and every call was done or
/// refused as a model without such figures says.
contract ShareInvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    event log_named_bytes32(string name, bytes32 action);
    event log_named_uint(string name, uint256 count);

    uint256 private constant STEPS = 3000;

    ShareCampaign private _campaign;

    function setUp() public {
        _campaign = new ShareCampaign();
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
    /// forge-config: default.invariant.runs = 32
    /// forge-config: default.invariant.depth = 300
    function invariant_InvestorFiguresAreTheSumsOverTheirWallets() external view {
        vm.assertEq(_campaign.verdict(), "", "broken");
    }

    /// @dev What the campaign is worth: one long walk, in which every kind of movement was both done and refused.
    function test_EveryMovementIsMadeAndRefused() external {
        vm.pauseGasMetering();
        bytes4[] memory actions = _campaign.actions();
        for (uint256 i = 0; i < STEPS; ++i) {
            bytes4 action = actions[uint256(keccak256(abi.encode("action", i))) % actions.length];
            (bool ok,) = address(_campaign).call(abi.encodeWithSelector(action, keccak256(abi.encode(i))));
            vm.assertTrue(ok, "an action reverted");
            if (i % 50 == 0) vm.assertEq(_campaign.verdict(), "", "broken");
        }
        vm.assertEq(_campaign.verdict(), "", "broken");
        for (uint256 i = 0; i < 7; ++i) {
            emit log_named_bytes32("action", actions[i]);
            emit log_named_uint("done", _campaign.done(actions[i]));
            emit log_named_uint("refused", _campaign.refused(actions[i]));
            vm.assertGt(_campaign.done(actions[i]), 20, "done");
            vm.assertGt(_campaign.refused(actions[i]), 20, "refused");
        }
    }
}
