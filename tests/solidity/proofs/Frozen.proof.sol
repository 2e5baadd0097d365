// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {TokenHarness} from "./TokenHarness.sol";

/// @notice `Frozen`: a frozen unit moves by nobody's own transfer, and a frozen account neither sends nor receives.
contract FrozenProof is TokenHarness {
    uint256 private constant ACCOUNT_FROZEN = type(uint128).max;

    function check_FrozenUnitsStay(address holder, address to, uint256 frozen, uint256 amount) public {
        uint256 free = _freeze(holder, frozen);
        vm.assume(amount > free);
        vm.prank(holder);
        _refused(abi.encodeCall(token.transfer, (to, amount)));
    }

    function check_FrozenUnitsStayFromSpenders(
        address spender,
        address holder,
        address to,
        uint256 frozen,
        uint256 amount
    ) public {
        uint256 free = _freeze(holder, frozen);
        vm.assume(amount > free);
        vm.prank(spender);
        _refused(abi.encodeCall(token.transferFrom, (holder, to, amount)));
    }

    /// @dev Freezing keeps nothing but what is frozen: the rest moves to the last unit.
    function check_TheRestMoves(address holder, address to, uint128 frozen, uint128 amount) public {
        _freeze(holder, frozen);
        vm.assume(frozen != ACCOUNT_FROZEN && !token.paused());
        vm.assume(token.canReceive(to));
        vm.assume(uint256(frozen) + amount <= token.balanceOf(holder));
        vm.prank(holder);
        (bool ok,) = address(token).call(abi.encodeCall(token.transfer, (to, amount)));
        assert(ok);
    }

    /// @dev Not even an amount of zero.
    function check_AFrozenAccountNeitherSendsNorReceives(address account, address party, uint256 amount)
        public
    {
        _freeze(account, ACCOUNT_FROZEN);
        vm.prank(account);
        _refused(abi.encodeCall(token.transfer, (party, amount)));
        vm.prank(party);
        _refused(abi.encodeCall(token.transfer, (account, amount)));
        vm.prank(party);
        _refused(abi.encodeCall(token.transferFrom, (account, party, amount)));
        vm.prank(account);
        _refused(abi.encodeCall(token.transferFrom, (party, account, amount)));
    }

    /// @dev What a freeze does, and all that it does. It never lowers; that is `unfreeze`, under a case.
    function check_AFreezeOnlyFreezes(address holder, address other, uint256 frozen) public {
        vm.assume(other != holder);
        uint256 balance = token.balanceOf(holder);
        uint256 before = token.getFrozenTokens(holder);
        uint256 supply = token.totalSupply();
        uint256 minted = token.minted();
        uint256 otherBalance = token.balanceOf(other);
        uint256 otherFrozen = token.getFrozenTokens(other);
        token.setFrozenTokens(holder, frozen);
        assert(frozen >= before);
        assert(token.getFrozenTokens(holder) == frozen);
        assert(token.balanceOf(holder) == balance);
        assert(token.totalSupply() == supply && token.minted() == minted);
        assert(token.balanceOf(other) == otherBalance && token.getFrozenTokens(other) == otherFrozen);
    }

    /// @dev Freezes, and gives what may still move.
    function _freeze(address holder, uint256 frozen) private returns (uint256) {
        _assumeState();
        token.setFrozenTokens(holder, frozen);
        uint256 balance = token.balanceOf(holder);
        return balance - (balance < frozen ? balance : frozen);
    }

    function _refused(bytes memory call) private {
        (bool ok,) = address(token).call(call);
        assert(!ok);
    }
}
