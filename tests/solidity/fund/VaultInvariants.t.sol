// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {VaultCampaign} from "./VaultCampaign.sol";

/// @notice FundSolvency and what goes with it (design 4.6), after any sequence of calls by anybody: the vault holds at
/// least what it owes, in coins and shares; coins and shares are conserved to the last unit; no day is settled at a value
/// as of before its cut-off; nobody gets anything twice; and every call that a rule allows goes through.
contract VaultInvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    event log_named_uint(string name, uint256 count);
    event log_named_bytes32(string name, bytes32 selector);

    uint256 private constant WALKS = 16;
    uint256 private constant STEPS = 300;

    VaultCampaign private _campaign;
    mapping(bytes4 action => uint256) private _succeeded;
    mapping(bytes4 action => uint256) private _refused;
    mapping(bytes4 action => uint256) private _moved;

    function setUp() public {
        _campaign = new VaultCampaign();
        _campaign.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_campaign);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector({addr: address(_campaign), selectors: _campaign.actions()});
    }

    /// @dev The contracts' reverts are caught and counted. A revert of an action itself is a mistake in the test.
    /// forge-config: default.invariant.runs = 64
    /// forge-config: default.invariant.depth = 200
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_FundSolvency() external view {
        vm.assertEq(_campaign.broken(), "", "broken");
    }

    function afterInvariant() external {
        vm.assertEq(_campaign.verdict(), "", "broken");
    }

    /// @dev What the campaign is worth: over some walks every action went through, and every one that can be refused was.
    function test_EveryActionIsMet() external {
        vm.pauseGasMetering();
        bytes4[] memory list = _campaign.actions();
        for (uint256 walk = 0; walk < WALKS; ++walk) {
            VaultCampaign campaign = new VaultCampaign();
            campaign.setUp();
            for (uint256 i = 0; i < STEPS; ++i) {
                bytes4 action = list[uint256(keccak256(abi.encode("action", walk, i))) % list.length];
                (bool ok,) = address(campaign)
                    .call(abi.encodeWithSelector(action, uint256(keccak256(abi.encode(walk, i)))));
                vm.assertTrue(ok, "an action reverted");
            }
            vm.assertEq(campaign.verdict(), "", "broken");
            for (uint256 i = 0; i < list.length; ++i) {
                if (i != 0 && list[i] == list[i - 1]) continue;
                _succeeded[list[i]] += campaign.succeeded(list[i]);
                _refused[list[i]] += campaign.refused(list[i]);
                _moved[list[i]] += campaign.moved(list[i]);
            }
        }
        bytes4 attack = VaultCampaign.attack.selector;
        for (uint256 i = 0; i < list.length; ++i) {
            if (i != 0 && list[i] == list[i - 1]) continue;
            emit log_named_bytes32("action", list[i]);
            emit log_named_uint("succeeded", _succeeded[list[i]]);
            emit log_named_uint("refused", _refused[list[i]]);
            emit log_named_uint("moved", _moved[list[i]]);
        }
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] != attack) {
                vm.assertGt(_succeeded[list[i]], WALKS / 4, "an action hardly went through");
            }
        }
        vm.assertGt(_moved[VaultCampaign.settle.selector], 3 * WALKS, "days are settled");
        vm.assertGt(_moved[VaultCampaign.pushShares.selector], WALKS / 2, "shares are pushed");
        vm.assertGt(_moved[VaultCampaign.pushAssets.selector], WALKS / 2, "assets are pushed");
        vm.assertGt(_moved[VaultCampaign.pushCancelled.selector], WALKS / 2, "cancelled requests are pushed");
        vm.assertGt(_moved[VaultCampaign.release.selector], 2, "quarantine is released");
        vm.assertEq(_succeeded[attack], 0, "an attack went through");
        bytes4[9] memory refusable = [
            VaultCampaign.subscribe.selector,
            VaultCampaign.redeem.selector,
            VaultCampaign.claimShares.selector,
            VaultCampaign.claimAssets.selector,
            VaultCampaign.cancel.selector,
            VaultCampaign.claimCancelled.selector,
            VaultCampaign.close.selector,
            VaultCampaign.settle.selector,
            attack
        ];
        for (uint256 i = 0; i < 9; ++i) {
            vm.assertGt(_refused[refusable[i]], WALKS / 2, "a refusal was hardly met");
        }
    }
}
