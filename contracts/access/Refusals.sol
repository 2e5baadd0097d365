// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @title Refusals
/// @notice A rule that can be asked as well as enforced gives the custom error it would revert with, encoded, or
/// nothing when it allows. So `explain` and the enforcing call run the same code.
library Refusals {
    /// @notice Reverts with the refusal, if it is one.
    function enforce(bytes memory refusal) internal pure {
        if (refusal.length != 0) LowLevelCall.bubbleRevert(refusal);
    }

    /// @notice The refusals among `answers`, in their order.
    function compact(bytes[] memory answers) internal pure returns (bytes[] memory refusals) {
        uint256 count = 0;
        for (uint256 i = 0; i < answers.length; ++i) {
            if (answers[i].length != 0) ++count;
        }
        refusals = new bytes[](count);
        uint256 n = 0;
        for (uint256 i = 0; i < answers.length; ++i) {
            if (answers[i].length != 0) refusals[n++] = answers[i];
        }
    }
}
