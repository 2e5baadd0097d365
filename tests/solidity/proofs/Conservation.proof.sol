// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {TokenHarness} from "./TokenHarness.sol";

/// @notice `Conservation`, for each function of the token that moves, makes or burns: what the touched accounts hold
/// and the total supply move together, nobody else's account changes, `minted = totalSupply + burned`, and
/// `discharged <= burned`.
/// @dev `other` is any account that the call does not name: that its balance stays makes the sum over the touched
/// accounts the sum over all. ERC-3009 and the market's own calls end in the same `_move` as `transfer`.
contract ConservationProof is TokenHarness {
    struct Totals {
        uint256 held;
        uint256 supply;
        uint256 minted;
        uint256 discharged;
        uint256 other;
        uint256 otherFrozen;
    }

    function check_Transfer(address from, address to, address other, uint256 amount) public {
        Totals memory before = _before(from, to, other);
        vm.prank(from);
        token.transfer(to, amount);
        _unchanged(before, from, to, other);
    }

    function check_TransferFrom(address spender, address from, address to, address other, uint256 amount)
        public
    {
        Totals memory before = _before(from, to, other);
        uint256 allowed = token.allowance(from, spender);
        vm.prank(spender);
        token.transferFrom(from, to, amount);
        _unchanged(before, from, to, other);
        assert(amount <= allowed);
        assert(token.allowance(from, spender) == (allowed == type(uint256).max ? allowed : allowed - amount));
    }

    function check_ForcedTransfer(address from, address to, address other, uint256 amount, bytes32 caseId)
        public
    {
        Totals memory before = _before(from, to, other);
        token.forcedTransfer(from, to, amount, caseId);
        _unchanged(before, from, to, other);
        assert(caseId != bytes32(0));
        assert(from != address(this));
    }

    /// @dev Two orders, to the same account or to two. The attestation and the payouts are as the backing proof has
    /// them, but with one payout.
    function check_MintTwo(
        address[2] memory to,
        uint256[2] memory amounts,
        address other,
        uint112 reserve,
        uint40 asOf,
        uint40[2] memory times,
        uint112 paid
    ) public {
        _payoutBefore(times, paid);
        _attest(reserve, asOf, type(uint32).max, true, times[1]);
        Totals memory before = _before(to[0], to[1], other);
        (address[] memory accounts, uint256[] memory sums) = (new address[](2), new uint256[](2));
        for (uint256 i = 0; i < 2; ++i) {
            (accounts[i], sums[i]) = (to[i], amounts[i]);
        }

        uint256 total = token.mint(accounts, sums);

        assert(amounts[0] <= type(uint112).max && amounts[1] <= type(uint112).max);
        assert(total == amounts[0] + amounts[1]);
        assert(_heldBy(to[0], to[1]) == before.held + total);
        assert(token.totalSupply() == before.supply + total);
        assert(token.minted() == before.minted + total);
        assert(token.burned() == before.minted - before.supply);
        assert(token.discharged() == before.discharged);
        _othersUnchanged(before, other);
    }

    function check_BurnEscrow(address other, uint256 amount) public {
        Totals memory before = _before(address(this), address(this), other);
        token.burnEscrow(amount);
        _burned(before, address(this), other, amount);
        assert(token.discharged() == before.discharged);
    }

    function check_BurnByOrder(
        address account,
        address other,
        uint256 amount,
        bytes32 caseId,
        uint40[2] memory times,
        uint112 paid
    ) public {
        _payoutBefore(times, paid);
        Totals memory before = _before(account, account, other);
        token.burnByOrder(account, amount, caseId);
        _burned(before, account, other, amount);
        assert(token.discharged() == before.discharged + amount);
        assert(token.discharged() <= token.burned());
        assert(caseId != bytes32(0));
        assert(account != address(this));
    }

    function check_Discharge(address other, uint256 amount, uint40[2] memory times, uint112 paid) public {
        _payoutBefore(times, paid);
        Totals memory before = _before(other, other, address(0));
        token.discharge(amount);
        assert(token.discharged() == before.discharged + amount);
        assert(token.discharged() <= token.burned());
        assert(_heldBy(other, other) == before.held);
        assert(token.totalSupply() == before.supply);
        assert(token.minted() == before.minted);
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _payoutBefore(uint40[2] memory times, uint112 paid) private {
        _assumeState();
        vm.assume(times[0] <= times[1]);
        _payout(times[0], paid);
        vm.warp(times[1]);
    }

    function _before(address a, address b, address other) private view returns (Totals memory) {
        vm.assume(other != a && other != b);
        _assumeState();
        _assumeHeld(a, b, other);
        vm.assume(token.discharged() <= token.burned());
        return Totals({
            held: _heldBy(a, b),
            supply: token.totalSupply(),
            minted: token.minted(),
            discharged: token.discharged(),
            other: token.balanceOf(other),
            otherFrozen: token.getFrozenTokens(other)
        });
    }

    /// @dev A movement between `a` and `b`: the sum stays, and so does everything else.
    function _unchanged(Totals memory before, address a, address b, address other) private view {
        assert(_heldBy(a, b) == before.held);
        assert(token.totalSupply() == before.supply);
        assert(token.minted() == before.minted);
        assert(token.discharged() == before.discharged);
        _othersUnchanged(before, other);
    }

    function _burned(Totals memory before, address account, address other, uint256 amount) private view {
        assert(token.balanceOf(account) == before.held - amount);
        assert(token.totalSupply() == before.supply - amount);
        assert(token.minted() == before.minted);
        assert(token.burned() == before.minted - before.supply + amount);
        _othersUnchanged(before, other);
    }

    function _othersUnchanged(Totals memory before, address other) private view {
        assert(token.balanceOf(other) == before.other);
        assert(token.getFrozenTokens(other) == before.otherFrozen);
    }

    function _heldBy(address a, address b) private view returns (uint256) {
        return _held(a, b, b);
    }
}
