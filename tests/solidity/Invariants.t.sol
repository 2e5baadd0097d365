// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Campaign} from "./invariants/Campaign.sol";
import {Surface} from "./invariants/Surface.sol";
import {vm} from "./support/Vm.sol";

/// @notice What is always true (design 4.6), after any sequence of calls by anybody.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }
    event log_named_uint(string, uint256);
    event log_named_bytes32(string, bytes32);

    Campaign private _campaign;

    mapping(uint256 => mapping(bytes4 => uint256[])) private _accepted;
    mapping(bytes4 => uint256[]) private _refused;

    function setUp() public {
        _campaign = new Campaign();
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
    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_TheContractsEqualTheModel() external view {
        vm.assertEq(_campaign.verdict(), "", "broken");
    }

    function afterInvariant() external view {
        vm.assertEq(_campaign.fullVerdict(), "", "broken");
    }

    function test_Walk() external {
        vm.pauseGasMetering();
        for (uint256 run = 0; run < RUNS; ++run) {
            Campaign c = _walk(run);
            address[6] memory targets = c.contracts();
            string[][6] memory open = Surface.open();
            for (uint256 t = 0; t < 6; ++t) for (uint256 j = 0; j < open[t].length; ++j) {
                bytes4 s = bytes4(keccak256(bytes(open[t][j])));
                _accepted[t][s].push(c.accepted(targets[t], s));
            }
            bytes4[] memory errors = c.knownErrors();
            for (uint256 e = 0; e < errors.length; ++e) _refused[errors[e]].push(c.refusals(errors[e]));
        }
        string[][6] memory open = Surface.open();
        for (uint256 t = 0; t < 6; ++t) for (uint256 j = 0; j < open[t].length; ++j) {
            _print(open[t][j], _accepted[t][bytes4(keccak256(bytes(open[t][j])))]);
        }
        bytes4[] memory errors = _campaign.knownErrors();
        for (uint256 e = 0; e < errors.length; ++e) { emit log_named_bytes32("", errors[e]); _print("error", _refused[errors[e]]); }
    }
    uint256 constant RUNS = 40;

    function _print(string memory name, uint256[] memory counts) private {
        uint256 sum; uint256 least = 1e9;
        for (uint256 i = 0; i < counts.length; ++i) { sum += counts[i]; if (counts[i] < least) least = counts[i]; }
        emit log_named_uint(string.concat(name, " least"), least);
        emit log_named_uint(string.concat(name, " sum"), sum);
    }

    function _walk(uint256 run) private returns (Campaign c) {
        vm.warp(1);
        c = new Campaign();
        bytes4[] memory actions = c.actions();
        for (uint256 i = 0; i < 500; ++i) {
            bytes4 action = actions[uint256(keccak256(abi.encode("action", run, i))) % actions.length];
            (bool ok, bytes memory reason) =
                address(c).call(abi.encodeWithSelector(action, keccak256(abi.encode("seed", run, i))));
            vm.assertEq(reason, "", "reverted");
            vm.assertTrue(ok, "reverted");
        }
        vm.assertEq(c.fullVerdict(), "", "broken");
    }
}
