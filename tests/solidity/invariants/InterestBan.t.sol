// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Vm, vm} from "../support/Vm.sol";
import {Campaign} from "./Campaign.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice The campaign, and what the coin's `Transfer` events say of balances and supply.
contract Listener is Campaign {
    mapping(address account => uint256) private _told;
    uint256 public mintedAsTold;
    uint256 public burnedAsTold;

    /// @dev Logs of a call that was refused are no events.
    function _called(bool ok) internal override {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; ok && i < logs.length; ++i) {
            Vm.Log memory log = logs[i];
            if (log.emitter != address(token) || log.topics[0] != IERC20.Transfer.selector) continue;
            address from = address(uint160(uint256(log.topics[1])));
            address to = address(uint160(uint256(log.topics[2])));
            uint256 amount = abi.decode(log.data, (uint256));
            if (from == address(0)) mintedAsTold += amount;
            else _told[from] -= amount;
            if (to == address(0)) burnedAsTold += amount;
            else _told[to] += amount;
        }
    }

    /// @notice Reverts unless every balance, and their sum, is what was told.
    function compare() external view {
        uint256 sum = 0;
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 held = token.balanceOf(accounts[i]);
            vm.assertEq(held, _told[accounts[i]], "a balance moved without a Transfer");
            sum += held;
        }
        vm.assertEq(sum, mintedAsTold - burnedAsTold, "the sum moved without a mint or burn");
        vm.assertEq(sum, token.totalSupply(), "the supply is the sum");
    }
}

/// @notice Trap X5: the coin pays no interest. Whatever anybody does and however long it takes, balances are what the
/// `Transfer` events say, and their sum changes by mint and burn alone.
contract InterestBanTest {
    uint256 private constant STEPS = 300;

    /// @dev Any walk through everything that the suite offers to anybody, days of waiting among it, and then ten years.
    /// forge-config: default.fuzz.runs = 10
    function testFuzz_X5_BalancesMoveByTransfersAlone_AndTheirSumByMintsAndBurns(uint256 seed) public {
        vm.pauseGasMetering();
        vm.recordLogs();
        Listener campaign = new Listener();
        bytes4[] memory actions = campaign.actions();
        campaign.compare();
        uint256 mintedAtFirst = campaign.mintedAsTold();
        for (uint256 i = 0; i < STEPS; ++i) {
            bytes4 action = actions[uint256(keccak256(abi.encode("action", seed, i))) % actions.length];
            (bool ok,) =
                address(campaign).call(abi.encodeWithSelector(action, keccak256(abi.encode(seed, i))));
            vm.assertTrue(ok, "an action reverted");
            campaign.compare();
        }
        vm.assertGt(campaign.mintedAsTold(), mintedAtFirst, "something was minted");
        vm.assertEq(campaign.verdict(), "", "broken");
        vm.warp(block.timestamp + 3650 days);
        campaign.compare();
    }
}
