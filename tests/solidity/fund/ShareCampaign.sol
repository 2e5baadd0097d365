// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFundShare, SharePolicy} from "../../../contracts/interfaces/IFundShare.sol";
import {InvestorClass, Wallet} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {vm} from "../support/Vm.sol";
import {ShareModel} from "./ShareModel.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice Random movements, lapses, freezes and changes of terms. Each call is done or refused as the model says.
contract ShareCampaign is ShareModel {
    mapping(bytes4 action => uint256) public done;
    mapping(bytes4 action => uint256) public refused;
    string private _broken;
    uint256 private _dice;

    modifier act(uint256 seed) {
        _dice = seed;
        _;
    }

    constructor() {
        setUp();
        wallets = [alice, alice2, bob, carol, dave];
        investors = [_investor(alice), _investor(bob), _investor(carol), _investor(dave)];
        for (uint256 i = 0; i < wallets.length; ++i) {
            until[wallets[i]] = registry.walletOf(wallets[i]).verifiedUntil;
        }
        terms = _countedPolicy();
        _setPolicy(terms);
        // More than one walk delivers: the model doesn't ask whether the vault has it.
        inVault = 1_000_000;
        vault.issue(inVault);
    }

    function actions() external pure returns (bytes4[] memory list) {
        list = new bytes4[](11);
        list[0] = this.deliver.selector;
        list[1] = this.push.selector;
        list[2] = this.collect.selector;
        list[3] = this.giveBack.selector;
        list[4] = this.transfer.selector;
        list[5] = this.spend.selector;
        list[6] = this.force.selector;
        list[7] = this.register.selector;
        list[8] = this.freeze.selector;
        list[9] = this.govern.selector;
        list[10] = this.wait.selector;
    }

    // ------------------------------------------------------------------------------------------------ movements

    function deliver(uint256 seed) external act(seed) {
        (address to, uint256 amount, uint40 dealtAt) = (_wallet(), _amount(300), _past());
        if (_tried(address(vault), _delivery(to, amount, dealtAt), _mayDeliver(to, amount))) {
            _delivered(to, amount, dealtAt);
        }
    }

    /// @dev Each of the batch is judged by what those before it left.
    function push(uint256 seed) external act(seed) {
        address[] memory accounts = new address[](4);
        uint256[] memory amounts = new uint256[](4);
        for (uint256 i = 0; i < 4; ++i) {
            (accounts[i], amounts[i]) = (_wallet(), _amount(200));
        }
        uint40 dealtAt = _past();
        uint8[] memory codes = vault.deliver(accounts, amounts, dealtAt);
        for (uint256 i = 0; i < 4; ++i) {
            bool may = _mayDeliver(accounts[i], amounts[i]);
            if (may != (codes[i] == 0)) _broken = "a batch";
            if (may) _delivered(accounts[i], amounts[i], dealtAt);
            _count(may);
        }
    }

    function collect(uint256 seed) external act(seed) {
        address owner = _wallet();
        uint256 amount = _amount(balance[owner]);
        bytes memory data = abi.encodeCall(IFundShare.collect, (owner, owner, amount));
        if (_tried(address(vault), data, _mayCollect(owner, amount))) _collected(owner, amount);
    }

    function giveBack(uint256 seed) external act(seed) {
        (address to, uint256 amount) = (_wallet(), _amount(100));
        bytes memory data = abi.encodeCall(IFundShare.giveBack, (to, amount));
        if (_tried(address(vault), data, _mayGiveBack(to, amount))) {
            inVault -= amount;
            balance[to] += amount;
        }
    }

    function transfer(uint256 seed) external act(seed) {
        (address from, address to) = (_wallet(), _wallet());
        uint256 amount = _amount(balance[from]);
        bytes memory data = abi.encodeCall(IERC20.transfer, (to, amount));
        if (_tried(from, data, _mayTransfer(from, to, amount))) _moved(from, to, amount);
    }

    function spend(uint256 seed) external act(seed) {
        (address spender, address from, address to) = (_wallet(), _wallet(), _wallet());
        uint256 amount = _amount(balance[from]);
        vm.prank(from);
        share.approve(spender, amount);
        bytes memory data = abi.encodeCall(IERC20.transferFrom, (from, to, amount));
        bool may = !_accountFrozen(spender) && _mayTransfer(from, to, amount);
        if (_tried(spender, data, may)) _moved(from, to, amount);
    }

    function force(uint256 seed) external act(seed) {
        (address from, address to) = (_wallet(), _wallet());
        uint256 amount = _amount(balance[from]);
        bytes memory data = abi.encodeCall(IRegulatedERC20.forcedTransfer, (from, to, amount, CASE));
        bool may = from != to && amount <= balance[from] && _mayReceive(to);
        if (_tried(compliance, data, may)) _seized(from, to, amount);
    }

    // --------------------------------------------------------------------------------------------------- state

    /// @dev Renewed, lapsed, removed, or of a class that is not admitted.
    function register(uint256 seed) external act(seed) {
        address account = _wallet();
        uint256 fate = _roll(6);
        if (fate == 0 && until[account] != 0) {
            _remove(account);
            until[account] = 0;
            return;
        }
        Wallet memory wallet = _professional(account);
        if (fate == 1) wallet.verifiedUntil = uint40(block.timestamp - 1);
        if (fate == 2) wallet.class = InvestorClass.Retail;
        _enrol(account, wallet);
        (until[account], retail[account]) = (wallet.verifiedUntil, fate == 2);
    }

    function freeze(uint256 seed) external act(seed) {
        address account = _wallet();
        if (frozen[account] != 0) {
            vm.prank(compliance);
            share.unfreeze(account, 0, CASE);
            frozen[account] = 0;
            return;
        }
        uint256 amount = _roll(3) == 0 ? type(uint128).max : 1 + _roll(300);
        _freezeShares(account, amount);
        frozen[account] = amount;
    }

    function govern(uint256 seed) external act(seed) {
        SharePolicy memory next = _countedPolicy();
        if (_roll(2) == 0) next.maxHolding = uint96(200 + _roll(600));
        if (_roll(3) == 0) next.minHolding = uint96(1 + _roll(60));
        if (_roll(3) == 0) next.maxHolders = uint24(1 + _roll(4));
        if (_roll(3) == 0) next.lockUpDays = uint16(1 + _roll(5));
        next.primaryOnly = _roll(8) == 0;
        bytes memory data = abi.encodeCall(IFundShare.setPolicy, (next));
        bytes32 operation = manager.hashOperation(governor, address(share), data);
        if (manager.getSchedule(operation) != 0) return;
        _setPolicy(next);
        terms = next;
    }

    function wait(uint256 seed) external act(seed) {
        vm.warp(block.timestamp + _roll(3 days));
    }

    // ------------------------------------------------------------------------------------------------- verdict

    /// @notice Empty, or what does not agree.
    function verdict() external view returns (string memory) {
        if (bytes(_broken).length != 0) return _broken;
        uint256 outside = 0;
        for (uint256 i = 0; i < wallets.length; ++i) {
            if (share.balanceOf(wallets[i]) != balance[wallets[i]]) return "a balance";
            if (share.getFrozenTokens(wallets[i]) != frozen[wallets[i]]) return "a frozen figure";
        }
        for (uint256 i = 0; i < investors.length; ++i) {
            uint256 holding = share.holdingOf(investors[i]);
            if (holding != _sumOf(investors[i])) return "an investor's holding";
            if (share.lockedUntil(investors[i]) != locked[investors[i]]) return "a lock-up";
            outside += holding;
        }
        if (share.holders() != _holders()) return "the holder count";
        if (share.balanceOf(address(vault)) != inVault) return "the vault's shares";
        if (share.totalSupply() - inVault != outside) return "the supply outside vaults";
        return "";
    }

    // -------------------------------------------------------------------------------------------------- inside

    function _tried(address caller, bytes memory data, bool may) private returns (bool ok) {
        vm.prank(caller);
        (ok,) = address(share).call(data);
        if (ok != may) _broken = may ? "refused what the terms allow" : "allowed what the terms refuse";
        _count(ok);
    }

    function _count(bool ok) private {
        if (ok) ++done[msg.sig];
        else ++refused[msg.sig];
    }

    function _roll(uint256 sides) private returns (uint256) {
        _dice = uint256(keccak256(abi.encode(_dice)));
        return _dice % sides;
    }

    function _wallet() private returns (address) {
        return wallets[_roll(wallets.length)];
    }

    /// @dev Nothing, all, one too many, or some.
    function _amount(uint256 most) private returns (uint256) {
        uint256 kind = _roll(8);
        if (kind == 0) return 0;
        if (kind == 1) return most;
        if (kind == 2) return most + 1;
        return _roll(most + 1);
    }

    function _past() private returns (uint40) {
        return uint40(block.timestamp - _roll(4 days));
    }
}
