// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {
    IInvestorRegistry,
    InvestorClass,
    WalletEntry
} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {FeedActions} from "./FeedActions.sol";
import {HolderActions} from "./HolderActions.sol";

/// @notice What guardians stop, what compliance does under a case, and what the registrar writes.
abstract contract ComplianceActions is HolderActions, FeedActions {
    // ------------------------------------------------------------------------------------------------ guardian

    function freeze(uint256 seed) external act(seed) {
        address account = _odds(12) ? _pick(accounts) : _holder();
        uint256 frozen = coin.frozen[account];
        uint256 amount = _odds(6) ? ACCOUNT_FROZEN : frozen / 2 + _amount(coin.balance[account] / 2);
        if (_odds(16)) amount = ACCOUNT_FROZEN + 1;
        string memory rule = "";
        if (amount < frozen) rule = "NoBackdoor: a guardian lowered a freeze";
        if (amount > ACCOUNT_FROZEN) rule = "Frozen: more was frozen than fits";
        if (account == address(market)) rule = "Escrow: the escrow was frozen";
        if (account == address(0)) rule = "Frozen: nobody was frozen";
        bytes memory data = abi.encodeCall(IERC7943Fungible.setFrozenTokens, (account, amount));
        if (_privileged(Roles.GUARDIAN, _guardian(), address(token), data, rule)) {
            coin.frozen[account] = amount;
        }
    }

    function pause(uint256 seed) external act(seed) {
        if (!coin.paused && !_odds(6)) return;
        string memory rule = coin.paused ? "Frozen: a paused token was paused" : "";
        bytes memory data = abi.encodeCall(IRegulatedERC20.pause, ());
        if (_privileged(Roles.GUARDIAN, _guardian(), address(token), data, rule)) coin.paused = true;
    }

    function stopMinting(uint256 seed) external act(seed) {
        if (!desk.stopped && !_odds(6)) return;
        string memory rule = desk.stopped ? "NoBackdoor: minting was stopped twice" : "";
        bytes memory data = abi.encodeCall(IPrimaryMarket.stopMinting, ());
        if (_privileged(Roles.GUARDIAN, _guardian(), address(market), data, rule)) desk.stopped = true;
    }

    // ---------------------------------------------------------------------------------------------- compliance

    /// @dev Wholly, most of the time, so that the campaign doesn't end with everybody frozen.
    function unfreeze(uint256 seed) external act(seed) {
        address account = _odds(12) ? _pick(accounts) : _frozenHolder();
        uint256 frozen = coin.frozen[account];
        uint256 amount = _odds(3) ? _amount(frozen) : 0;
        bytes32 caseId = _case();
        string memory rule = "";
        if (amount >= frozen) rule = "Frozen: an unfreezing froze";
        if (account == address(market)) rule = "Escrow: the escrow was unfrozen";
        if (caseId == bytes32(0)) rule = "NoBackdoor: unfrozen without a case";
        bytes memory data = abi.encodeCall(IRegulatedERC20.unfreeze, (account, amount, caseId));
        if (_privileged(Roles.COMPLIANCE, compliance, address(token), data, rule)) {
            coin.frozen[account] = amount;
        }
    }

    function forcedTransfer(uint256 seed) external act(seed) {
        address from = _odds(6) ? _pick(accounts) : _holder();
        address to = _odds(12) ? from : _receiver();
        uint256 amount = _amount(coin.balance[from]);
        bytes32 caseId = _case();
        string memory rule = _takeRule(from, amount, caseId);
        if (_isFrozen(to)) rule = "Frozen: a frozen account received";
        if (to == address(0)) rule = "Conservation: tokens went to nobody";
        if (from == to) rule = "Frozen: a forced transfer to oneself";
        bytes memory data = abi.encodeCall(IRegulatedERC20.forcedTransfer, (from, to, amount, caseId));
        if (_privileged(Roles.COMPLIANCE, compliance, address(token), data, rule)) {
            _taken(from, amount);
            coin.balance[to] += amount;
        }
    }

    function burnByOrder(uint256 seed) external act(seed) {
        address from = _odds(6) ? _pick(accounts) : _holder();
        uint256 held = coin.balance[from];
        uint256 amount = _odds(8) ? held + _roll(2) : _amount(held / 8);
        bytes32 caseId = _case();
        bytes memory data = abi.encodeCall(IStablecoin.burnByOrder, (from, amount, caseId));
        string memory rule = _takeRule(from, amount, caseId);
        if (_privileged(Roles.COMPLIANCE, compliance, address(token), data, rule)) {
            _taken(from, amount);
            coin.burned += amount;
            _discharged(amount);
        }
    }

    /// @dev Some of the holders are frozen first, as they would be: the account, or exactly the tokens in escrow.
    function seizeEscrow(uint256 seed) external act(seed) {
        uint256 id = _requestIn(RedemptionStatus.Requested);
        Request memory request = _requestOf(id);
        if (_odds(2)) _freezeFor(request);
        address to = _odds(8) ? address(market) : _receiver();
        bytes32 caseId = _case();
        string memory rule = _releaseRule(address(market), to, request.amount);
        if (to == address(market)) rule = "Escrow: seized and yet not gone";
        if (_frozenBeyond(request.holder) < request.amount) rule = "Escrow: seized what is not frozen";
        if (request.status != RedemptionStatus.Requested) rule = "OnceOnly: a request was closed twice";
        if (caseId == bytes32(0)) rule = "NoBackdoor: seized without a case";
        bytes memory data = abi.encodeCall(IPrimaryMarket.seizeEscrow, (id, to, caseId));
        if (_privileged(Roles.COMPLIANCE, compliance, address(market), data, rule)) {
            _closed(id, RedemptionStatus.Seized);
            if (!_isFrozen(request.holder)) coin.frozen[request.holder] -= request.amount;
            _released(to, request.amount);
        }
    }

    function returnUnsolicited(uint256 seed) external act(seed) {
        uint256 stray = coin.balance[address(market)] - desk.escrowed;
        address to = _receiver();
        uint256 amount = _amount(stray);
        bytes32 caseId = _case();
        string memory rule = _transferRule(address(market), to, amount);
        if (amount > stray) rule = "Escrow: returned more than arrived without a request";
        if (caseId == bytes32(0)) rule = "NoBackdoor: returned without a case";
        bytes memory data = abi.encodeCall(IPrimaryMarket.returnUnsolicited, (to, amount, caseId));
        if (_privileged(Roles.COMPLIANCE, compliance, address(market), data, rule)) {
            _moved(address(market), to, amount);
        }
    }

    // ----------------------------------------------------------------------------------------------- registrar

    /// @notice Renewals, lapses, and wallets claimed for another investor.
    function setWallets(uint256 seed) external act(seed) {
        address account = _lapsedHolder();
        uint256 until = _odds(8) ? block.timestamp + _roll(1 hours) : block.timestamp + 365 days;
        WalletEntry[] memory entries = new WalletEntry[](1);
        entries[0] = WalletEntry({account: account, wallet: _wallet(account, uint40(until))});
        bool stolen = _odds(12);
        bool incomplete = _odds(12);
        if (stolen) entries[0].wallet.investor = bytes16(CASE);
        if (incomplete) entries[0].wallet.class = InvestorClass.None;
        string memory rule = "";
        if (stolen && everRegistered[account]) rule = "NoBackdoor: a wallet changed hands";
        if (incomplete) rule = "NoBackdoor: an incomplete wallet was registered";
        // A wallet that never was anybody's would be the thief's own.
        if (stolen && bytes(rule).length == 0) return;
        bytes memory data = abi.encodeCall(IInvestorRegistry.setWallets, (entries));
        if (_privileged(Roles.REGISTRAR, registrar, address(registry), data, rule)) {
            verifiedUntil[account] = until;
            everRegistered[account] = true;
        }
    }

    function removeWallets(uint256 seed) external act(seed) {
        address[] memory list = new address[](1);
        list[0] = _receiver();
        if (verifiedUntil[list[0]] != 0 && !_odds(4)) return;
        string memory rule = verifiedUntil[list[0]] == 0 ? "NoBackdoor: an unknown wallet was removed" : "";
        bytes memory data = abi.encodeCall(IInvestorRegistry.removeWallets, (list));
        if (_privileged(Roles.REGISTRAR, registrar, address(registry), data, rule)) {
            verifiedUntil[list[0]] = 0;
        }
    }

    // ---------------------------------------------------------------------------------------------- inside

    /// @dev The first that is not verified, from a random holder on, or the one before.
    function _lapsedHolder() private returns (address account) {
        uint256 start = _roll(holders.length);
        for (uint256 i = 0; i < holders.length; ++i) {
            account = holders[(start + i) % holders.length];
            if (verifiedUntil[account] < block.timestamp) return account;
        }
    }

    /// @dev The first that has something frozen, from a random holder on.
    function _frozenHolder() private returns (address account) {
        uint256 start = _roll(holders.length);
        for (uint256 i = 0; i < holders.length; ++i) {
            account = holders[(start + i) % holders.length];
            if (coin.frozen[account] != 0) return account;
        }
    }

    function _takeRule(address from, uint256 amount, bytes32 caseId) private view returns (string memory) {
        if (from == address(0)) return "Conservation: tokens were taken from nobody";
        if (from == address(market)) return "Escrow: the token took escrow";
        if (amount > coin.balance[from]) return "Conservation: more was taken than was held";
        if (caseId == bytes32(0)) return "NoBackdoor: tokens were taken without a case";
        return "";
    }

    function _freezeFor(Request memory request) private {
        if (request.holder == address(0)) return;
        uint256 amount = _odds(3) ? ACCOUNT_FROZEN : coin.balance[request.holder] + request.amount;
        if (amount < coin.frozen[request.holder]) return;
        bytes memory data = abi.encodeCall(IERC7943Fungible.setFrozenTokens, (request.holder, amount));
        if (_privileged(Roles.GUARDIAN, _guardian(), address(token), data, "")) {
            coin.frozen[request.holder] = amount;
        }
    }
}
