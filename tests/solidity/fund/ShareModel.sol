// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SharePolicy} from "../../../contracts/interfaces/IFundShare.sol";
import {ShareSuite} from "../support/ShareSuite.sol";

/// @notice What a share ought to hold and allow, worked out from balances by wallet alone: nothing is kept by investor,
/// so sums and counts are taken anew each time.
abstract contract ShareModel is ShareSuite {
    address[] internal wallets;
    bytes16[] internal investors;

    mapping(address wallet => uint256) internal balance;
    mapping(address wallet => uint256) internal frozen;
    mapping(address wallet => uint256) internal until;
    mapping(address wallet => bool) internal retail;
    mapping(bytes16 investor => uint256) internal locked;
    uint256 internal inVault;
    SharePolicy internal terms;

    function _sumOf(bytes16 investor) internal view returns (uint256 sum) {
        for (uint256 i = 0; i < wallets.length; ++i) {
            if (_investor(wallets[i]) == investor) sum += balance[wallets[i]];
        }
    }

    function _holders() internal view returns (uint256 count) {
        for (uint256 i = 0; i < investors.length; ++i) {
            if (_sumOf(investors[i]) != 0) ++count;
        }
    }

    function _free(address wallet) internal view returns (uint256) {
        return frozen[wallet] >= balance[wallet] ? 0 : balance[wallet] - frozen[wallet];
    }

    function _accountFrozen(address wallet) internal view returns (bool) {
        return frozen[wallet] == type(uint128).max;
    }

    function _mayReceive(address wallet) internal view returns (bool) {
        return !_accountFrozen(wallet) && until[wallet] >= block.timestamp && !retail[wallet];
    }

    function _mayDeliver(address to, uint256 amount) internal view returns (bool) {
        return _mayReceive(to) && _hasRoom(to, amount);
    }

    function _hasRoom(address to, uint256 amount) private view returns (bool) {
        if (amount == 0) return true;
        uint256 held = _sumOf(_investor(to));
        if (held + amount > terms.maxHolding) return false;
        return held != 0 || _holders() + 1 <= terms.maxHolders;
    }

    function _mayCollect(address owner, uint256 amount) internal view returns (bool) {
        return !_accountFrozen(owner) && amount <= _free(owner) && locked[_investor(owner)] <= block.timestamp;
    }

    function _mayGiveBack(address to, uint256 amount) internal view returns (bool) {
        return !_accountFrozen(to) && amount <= inVault && _hasRoom(to, amount);
    }

    function _mayTransfer(address from, address to, uint256 amount) internal view returns (bool) {
        if (_accountFrozen(from) || amount > _free(from) || !_mayReceive(to)) return false;
        (bytes16 source, bytes16 target) = (_investor(from), _investor(to));
        if (source == target) return true;
        if (until[from] < block.timestamp || terms.primaryOnly || locked[source] > block.timestamp) {
            return false;
        }
        if (amount == 0) return true;
        (uint256 left, uint256 got) = (_sumOf(source) - amount, _sumOf(target) + amount);
        if (got > terms.maxHolding) return false;
        if (got < terms.minHolding || (left != 0 && left < terms.minHolding)) return false;
        uint256 holdersAfter = _holders();
        if (left == 0) --holdersAfter;
        if (got == amount) ++holdersAfter;
        return got != amount || left == 0 || holdersAfter <= terms.maxHolders;
    }

    // ------------------------------------------------------------------------------------------------ movements

    function _delivered(address to, uint256 amount, uint256 dealtAt) internal {
        inVault -= amount;
        balance[to] += amount;
        uint256 end = dealtAt + uint256(terms.lockUpDays) * 1 days;
        bytes16 investor = _investor(to);
        if (terms.lockUpDays != 0 && amount != 0 && end > locked[investor]) locked[investor] = end;
    }

    function _collected(address owner, uint256 amount) internal {
        balance[owner] -= amount;
        inVault += amount;
    }

    function _moved(address from, address to, uint256 amount) internal {
        balance[from] -= amount;
        balance[to] += amount;
    }

    /// @dev Force takes what is not frozen first.
    function _seized(address from, address to, uint256 amount) internal {
        uint256 free = _free(from);
        if (amount > free && !_accountFrozen(from)) frozen[from] -= amount - free;
        _moved(from, to, amount);
    }
}
