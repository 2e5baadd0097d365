// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFundShare} from "../../../contracts/interfaces/IFundShare.sol";

/// @notice A vault without rules: what the share refuses even to its vault.
contract BareVault {
    address public immutable asset;
    IFundShare public immutable share;
    bool public constant isIdle = true;

    constructor(address asset_, IFundShare share_) {
        asset = asset_;
        share = share_;
    }

    function issue(uint256 amount) external {
        share.issue(amount);
    }

    function retire(uint256 amount) external {
        share.retire(amount);
    }

    function collect(address owner, address spender, uint256 amount) external {
        share.collect(owner, spender, amount);
    }

    function deliver(address to, uint256 amount, uint40 dealtAt) external {
        share.deliver(to, amount, dealtAt);
    }

    function deliver(address[] calldata accounts, uint256[] calldata amounts, uint40 dealtAt)
        external
        returns (uint8[] memory)
    {
        return share.deliver(accounts, amounts, dealtAt);
    }

    function giveBack(address to, uint256 amount) external {
        share.giveBack(to, amount);
    }
}
