// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {Driver} from "./Driver.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice What holders do with their own tokens. The attacker is one of them.
abstract contract HolderActions is Driver {
    function transfer(uint256 seed) external act(seed) {
        address from = _holder();
        _transferBy(from, _receiver(), _amount(_odds(2) ? coin.balance[from] : _free(from)));
    }

    /// @notice Tokens sent to the market without a request.
    function donate(uint256 seed) external act(seed) {
        address from = _holder();
        _transferBy(from, address(market), _amount(_free(from) / 64));
    }

    function approve(uint256 seed) external act(seed) {
        _approve(_holder(), _odds(2) ? _holder() : _pick(accounts), _allowance());
    }

    function transferFrom(uint256 seed) external act(seed) {
        address owner = _holder();
        address spender = _holder();
        address to = _receiver();
        if (_odds(2)) _approve(owner, spender, _allowance());
        uint256 allowed = coin.allowance[owner][spender];
        uint256 free = _free(owner);
        uint256 amount = _amount(_odds(2) || allowed > free ? free : allowed);
        string memory rule = _spendRule(owner, spender, amount);
        if (bytes(rule).length == 0) rule = _transferRule(owner, to, amount);
        if (_attempt(spender, address(token), abi.encodeCall(IERC20.transferFrom, (owner, to, amount)), rule))
        {
            _spent(owner, spender, amount);
            _moved(owner, to, amount);
        }
    }

    function requestRedemption(uint256 seed) external act(seed) {
        address holder = _holder();
        uint256 amount = _amount(_free(holder) / 3);
        if (!_odds(12)) _approve(holder, address(market), amount);
        string memory rule = _spendRule(holder, address(market), amount);
        if (bytes(rule).length == 0) rule = _transferRule(holder, address(market), amount);
        if (amount == 0) rule = "Escrow: an empty request was opened";
        bytes memory data = abi.encodeCall(IPrimaryMarket.requestRedemption, (amount, REFERENCE));
        if (_attempt(holder, address(market), data, rule)) {
            _spent(holder, address(market), amount);
            _moved(holder, address(market), amount);
            _opened(holder, amount);
        }
    }

    /// @notice A holder takes a request back; now and then somebody else tries.
    function cancelRedemption(uint256 seed) external act(seed) {
        uint256 id = _requestIn(RedemptionStatus.Requested);
        Request memory request = _requestOf(id);
        address caller = _odds(8) || request.holder == address(0) ? attacker : request.holder;
        string memory rule = _releaseRule(address(market), request.holder, request.amount);
        if (request.holder != caller) rule = "Escrow: a request was cancelled by somebody else";
        if (request.status != RedemptionStatus.Requested) rule = "OnceOnly: a request was closed twice";
        if (_attempt(caller, address(market), abi.encodeCall(IPrimaryMarket.cancelRedemption, (id)), rule)) {
            _closed(id, RedemptionStatus.Cancelled);
            _released(request.holder, request.amount);
        }
    }

    // ---------------------------------------------------------------------------------------------- inside

    function _transferBy(address from, address to, uint256 amount) private {
        string memory rule = _transferRule(from, to, amount);
        if (_attempt(from, address(token), abi.encodeCall(IERC20.transfer, (to, amount)), rule)) {
            _moved(from, to, amount);
        }
    }

    function _approve(address owner, address spender, uint256 amount) internal {
        string memory rule = spender == address(0) ? "NoBackdoor: nobody was allowed to spend" : "";
        if (_attempt(owner, address(token), abi.encodeCall(IERC20.approve, (spender, amount)), rule)) {
            coin.allowance[owner][spender] = amount;
        }
    }

    function _allowance() internal returns (uint256) {
        return _odds(6) ? type(uint256).max : _amount(200_000 * unit);
    }

    /// @dev The first request in `status` from a random one on; now and then, or if there is none, any id.
    function _requestIn(RedemptionStatus status) internal returns (uint256) {
        uint256 count = desk.requests.length;
        uint256 start = _roll(count + 2);
        if (_odds(12)) return start;
        for (uint256 i = 0; i < count; ++i) {
            uint256 id = 1 + (start + i) % count;
            if (desk.requests[id - 1].status == status) return id;
        }
        return start;
    }

    function _released(address to, uint256 amount) internal {
        desk.escrowed -= amount;
        _moved(address(market), to, amount);
    }
}
