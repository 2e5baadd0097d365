// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPrimaryMarket} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {Campaign} from "./invariants/Campaign.sol";
import {Surface} from "./invariants/Surface.sol";
import {vm} from "./support/Vm.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What is always true (design 4.6: Backing, Conservation, OnceOnly, Frozen, Escrow, NoBackdoor), after any
/// sequence of calls by anybody. One campaign checks all of it: forge runs a campaign for each invariant function, and
/// the message names what was broken.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    event log_named_uint(string name, uint256 count);
    event log_named_bytes32(string name, bytes32 selector);

    uint256 private constant WALKS = 30;
    uint256 private constant STEPS = 500;

    Campaign private _campaign;
    mapping(bytes32 function_ => uint256) private _accepted;
    mapping(bytes32 function_ => uint256) private _tried;
    mapping(bytes4 error => uint256) private _refusals;

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

    /// @dev Every long run has minted, transferred and scheduled; the rest is for the walks below to show.
    function afterInvariant() external view {
        vm.assertEq(_campaign.fullVerdict(), "", "broken");
        if (_campaign.steps() < STEPS * 9 / 10) return;
        address[6] memory at = _campaign.contracts();
        vm.assertGt(_campaign.accepted(at[0], IERC20.transfer.selector), 0, "transfers");
        // One mint belongs to the start.
        vm.assertGt(_campaign.accepted(at[1], IPrimaryMarket.mint.selector), 1, "mints");
        vm.assertGt(_campaign.accepted(at[5], IAccessManager.schedule.selector), 0, "schedules");
    }

    /// @dev What the campaign is worth: over some runs with seeds of their own, every function of the suite went through
    /// or, where it is nobody's, was tried and refused; and every reason to refuse was met. `-vv` prints the counts.
    function test_EveryFunctionAndEveryRefusalIsMet() external {
        vm.pauseGasMetering();
        for (uint256 walk = 0; walk < WALKS; ++walk) {
            Campaign campaign = new Campaign();
            _walk(campaign, walk);
            _count(campaign, Surface.open());
            _count(campaign, Surface.closed());
            _countRefusals(campaign);
        }
        _require(Surface.open(), true);
        _require(Surface.closed(), false);
        bytes4[] memory errors = _campaign.knownErrors();
        for (uint256 i = 0; i < errors.length; ++i) {
            emit log_named_bytes32("refused with", errors[i]);
            emit log_named_uint("", _refusals[errors[i]]);
            vm.assertGt(_refusals[errors[i]], 0, "a refusal was never met (-vv says which)");
        }
        vm.assertGt(
            _accepted[_key(1, "mint(((uint256,address,uint256,uint64)[],(address,bytes)[],uint256)[])")],
            5 * WALKS,
            "mints"
        );
        vm.assertGt(_accepted[_key(0, "transfer(address,uint256)")], 5 * WALKS, "transfers");
        vm.assertGt(_accepted[_key(1, "requestRedemption(uint256,bytes32)")], 2 * WALKS, "requests");
        vm.assertGt(
            _accepted[_key(1, "acceptRedemptions(uint256[],(address,bytes)[])")], WALKS, "acceptances"
        );
        vm.assertGt(_accepted[_key(1, "recordPayouts(uint256[],bytes32[])")], WALKS, "payouts");
    }

    function _walk(Campaign campaign, uint256 walk) private {
        bytes4[] memory actions = campaign.actions();
        for (uint256 i = 0; i < STEPS; ++i) {
            bytes4 action = actions[uint256(keccak256(abi.encode("action", walk, i))) % actions.length];
            (bool ok,) =
                address(campaign).call(abi.encodeWithSelector(action, keccak256(abi.encode(walk, i))));
            vm.assertTrue(ok, "an action reverted");
        }
        vm.assertEq(campaign.fullVerdict(), "", "broken");
    }

    function _count(Campaign campaign, string[][6] memory lists) private {
        address[6] memory at = campaign.contracts();
        for (uint256 i = 0; i < 6; ++i) {
            for (uint256 j = 0; j < lists[i].length; ++j) {
                bytes4 selector = bytes4(keccak256(bytes(lists[i][j])));
                _accepted[_key(i, lists[i][j])] += campaign.accepted(at[i], selector);
                _tried[_key(i, lists[i][j])] += campaign.tried(at[i], selector);
            }
        }
    }

    function _countRefusals(Campaign campaign) private {
        bytes4[] memory errors = campaign.knownErrors();
        for (uint256 i = 0; i < errors.length; ++i) {
            _refusals[errors[i]] += campaign.refusals(errors[i]);
        }
    }

    function _require(string[][6] memory lists, bool open) private {
        for (uint256 i = 0; i < 6; ++i) {
            for (uint256 j = 0; j < lists[i].length; ++j) {
                bytes32 key = _key(i, lists[i][j]);
                emit log_named_uint(lists[i][j], _accepted[key]);
                vm.assertGt(_tried[key], 0, lists[i][j]);
                if (open) vm.assertGt(_accepted[key], 0, lists[i][j]);
                else vm.assertEq(_accepted[key], 0, lists[i][j]);
            }
        }
    }

    function _key(uint256 contract_, string memory signature) private pure returns (bytes32) {
        return keccak256(abi.encode(contract_, signature));
    }
}
