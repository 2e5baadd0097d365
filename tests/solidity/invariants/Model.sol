// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ApprovalTier, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintBatch, MintOrder} from "../../../contracts/interfaces/IssuanceTypes.sol";

/// @notice The suite's books as its design says they must be, kept from the calls alone and never read from the chain.
/// @dev A rule that forbids a call is a sentence that begins with the name of what would be broken; empty if none does.
abstract contract Model {
    struct Payout {
        uint256 at;
        uint256 total;
    }

    struct Coin {
        mapping(address account => uint256) balance;
        mapping(address account => uint256) frozen;
        mapping(address owner => mapping(address spender => uint256)) allowance;
        mapping(address owner => uint256) permits;
        mapping(address owner => mapping(bytes32 nonce => bool)) used;
        uint256 minted;
        uint256 burned;
        uint256 discharged;
        Payout[] payouts;
        uint256 bufferBps;
        address feed;
        bool paused;
        mapping(bytes32 name => bool) documents;
    }

    struct Request {
        address holder;
        uint256 amount;
        RedemptionStatus status;
    }

    struct Filling {
        uint256 at;
        uint256 amount;
    }

    /// @dev `level` is the bucket as the design describes it; `fillings` and `limits` are the history that bounds it.
    struct Operator {
        uint256 limit;
        uint256 level;
        uint256 at;
        Filling[] fillings;
        Filling[] limits;
    }

    struct Desk {
        mapping(uint256 number => bool) executed;
        Request[] requests;
        uint256 escrowed;
        uint256 orderCap;
        ApprovalTier[] tiers;
        mapping(address account => Operator) operators;
        bool stopped;
        bool woundDown;
        uint256 period;
    }

    struct Reserve {
        uint256 value;
        uint256 asOf;
        uint256 rounds;
        uint256 agreed;
        bool suspended;
        uint256 threshold;
        uint256 attestors;
        mapping(address account => bool) isAttestor;
        uint256 maxAge;
        uint256 riseBps;
        uint256 fallBps;
    }

    uint256 internal constant ACCOUNT_FROZEN = type(uint128).max;

    Coin internal coin;
    Desk internal desk;
    mapping(address feed => Reserve) internal reserves;
    mapping(address account => uint256) internal verifiedUntil;
    mapping(address account => bool) internal everRegistered;
    mapping(uint64 role => mapping(address account => bool)) internal isMember;
    mapping(address proxy => address) internal implementation;

    // ------------------------------------------------------------------------------------------------ token

    function _isFrozen(address account) internal view returns (bool) {
        return coin.frozen[account] == ACCOUNT_FROZEN;
    }

    function _free(address account) internal view returns (uint256) {
        uint256 held = coin.balance[account];
        uint256 frozen = coin.frozen[account];
        return frozen < held ? held - frozen : 0;
    }

    /// @dev What is frozen of the account and not in its balance: of its escrow, that is.
    function _frozenBeyond(address account) internal view returns (uint256) {
        if (_isFrozen(account)) return type(uint256).max;
        uint256 held = coin.balance[account];
        uint256 frozen = coin.frozen[account];
        return frozen > held ? frozen - held : 0;
    }

    function _transferRule(address from, address to, uint256 amount) internal view returns (string memory) {
        if (to == address(0)) return "Conservation: tokens went to nobody";
        if (coin.paused) return "Frozen: tokens moved while paused";
        if (_isFrozen(from)) return "Frozen: a frozen account sent";
        if (_isFrozen(to)) return "Frozen: a frozen account received";
        if (amount > coin.balance[from]) return "Conservation: more moved than was held";
        if (amount > _free(from)) return "Frozen: a frozen unit moved";
        return "";
    }

    function _moved(address from, address to, uint256 amount) internal {
        coin.balance[from] -= amount;
        coin.balance[to] += amount;
    }

    function _spendRule(address owner, address spender, uint256 amount)
        internal
        view
        returns (string memory)
    {
        if (_isFrozen(spender)) return "Frozen: a frozen account spent an allowance";
        if (coin.allowance[owner][spender] < amount) return "NoBackdoor: more was spent than allowed";
        return "";
    }

    function _spent(address owner, address spender, uint256 amount) internal {
        uint256 allowed = coin.allowance[owner][spender];
        if (allowed != type(uint256).max) coin.allowance[owner][spender] = allowed - amount;
    }

    /// @dev Compliance takes what is free first; what it takes of the frozen tokens is frozen no more.
    function _taken(address account, uint256 amount) internal {
        uint256 free = _free(account);
        if (amount > free && !_isFrozen(account)) coin.frozen[account] -= amount - free;
        coin.balance[account] -= amount;
    }

    function _discharged(uint256 amount) internal {
        coin.discharged += amount;
        coin.payouts.push(Payout({at: block.timestamp, total: coin.discharged}));
    }

    function _dischargedBy(uint256 instant) internal view returns (uint256) {
        for (uint256 i = coin.payouts.length; i > 0; --i) {
            if (coin.payouts[i - 1].at <= instant) return coin.payouts[i - 1].total;
        }
        return 0;
    }

    // ---------------------------------------------------------------------------------------------- backing

    function _isStale() internal view returns (bool) {
        Reserve storage reserve = reserves[coin.feed];
        return reserve.rounds == 0 || reserve.suspended || block.timestamp > reserve.asOf + reserve.maxAge;
    }

    /// @dev The rule multiplied out: what is not discharged, with the buffer on top, is within the reserve.
    function _isBacked(uint256 amount) internal view returns (bool) {
        Reserve storage reserve = reserves[coin.feed];
        uint256 liabilities = coin.minted + amount - _dischargedBy(reserve.asOf);
        return liabilities * (10_000 + coin.bufferBps) <= reserve.value * 10_000;
    }

    /// @dev The most that `_isBacked` allows.
    function _headroom() internal view returns (uint256) {
        if (_isStale()) return 0;
        Reserve storage reserve = reserves[coin.feed];
        uint256 limit = reserve.value * 10_000 / (10_000 + coin.bufferBps) + _dischargedBy(reserve.asOf);
        return limit > coin.minted ? limit - coin.minted : 0;
    }

    // ---------------------------------------------------------------------------------------------- minting

    function _orderRule(MintOrder memory order) internal view returns (string memory) {
        if (desk.executed[order.number]) return "OnceOnly: an order number was executed twice";
        if (order.expiry < block.timestamp) return "Limits: an expired order was executed";
        if (order.amount == 0) return "Limits: an empty order was executed";
        if (order.amount > desk.orderCap) return "Limits: an order above the cap was executed";
        if (verifiedUntil[order.to] < block.timestamp) return "NoBackdoor: minted to an unverified wallet";
        if (_isFrozen(order.to)) return "Frozen: a frozen account was minted to";
        return "";
    }

    /// @dev `approved` says of each batch whether its approvals are good. Totals suffice: a refusal of one is of all.
    function _mintRule(address sender, MintBatch[] memory batches, bool[] memory approved)
        internal
        view
        returns (string memory rule)
    {
        if (desk.woundDown || desk.stopped) return "NoBackdoor: minted while minting is stopped";
        if (coin.paused) return "Frozen: minted while paused";
        if (batches.length == 0) return "OnceOnly: an empty batch was executed";
        for (uint256 i = 0; i < batches.length; ++i) {
            uint256 count = batches[i].orders.length;
            if (batches[i].skipped >> count != 0) return "OnceOnly: an order that is not there was skipped";
            if (batches[i].skipped == (1 << count) - 1) return "OnceOnly: an empty batch was executed";
            if (!approved[i]) return "NoBackdoor: minted without the approvals it takes";
        }
        MintOrder[] memory orders = _going(batches);
        uint256 sum = 0;
        for (uint256 i = 0; i < orders.length; ++i) {
            rule = _orderRule(orders[i]);
            if (bytes(rule).length != 0) return rule;
            for (uint256 j = 0; j < i; ++j) {
                if (orders[i].number == orders[j].number) {
                    return "OnceOnly: an order number was executed twice in one call";
                }
            }
            sum += orders[i].amount;
        }
        if (sum > _available(sender)) return "Limits: an operator passed its rolling limit";
        if (_isStale()) return "Backing: minted on a stale attestation";
        if (!_isBacked(sum)) return "Backing: minted beyond the reserve";
    }

    /// @dev The orders that aren't skipped.
    function _going(MintBatch[] memory batches) internal pure returns (MintOrder[] memory orders) {
        uint256 count = 0;
        orders = new MintOrder[](16);
        for (uint256 i = 0; i < batches.length; ++i) {
            for (uint256 j = 0; j < batches[i].orders.length; ++j) {
                if (batches[i].skipped >> j & 1 == 0) orders[count++] = batches[i].orders[j];
            }
        }
        assembly ("memory-safe") {
            mstore(orders, count)
        }
    }

    function _minted(address sender, MintBatch[] memory batches) internal {
        MintOrder[] memory orders = _going(batches);
        uint256 sum = 0;
        for (uint256 i = 0; i < orders.length; ++i) {
            desk.executed[orders[i].number] = true;
            coin.balance[orders[i].to] += orders[i].amount;
            sum += orders[i].amount;
        }
        coin.minted += sum;
        _filled(sender, sum);
    }

    // ------------------------------------------------------------------------------------- the rolling limit

    function _levelNow(Operator storage operator) private view returns (uint256) {
        uint256 leaked = (block.timestamp - operator.at) * operator.limit / 1 days;
        return operator.level > leaked ? operator.level - leaked : 0;
    }

    function _available(address account) internal view returns (uint256) {
        Operator storage operator = desk.operators[account];
        uint256 level = _levelNow(operator);
        return operator.limit > level ? operator.limit - level : 0;
    }

    function _limited(address account, uint256 limit) internal {
        Operator storage operator = desk.operators[account];
        operator.level = _levelNow(operator);
        operator.at = block.timestamp;
        operator.limit = limit;
        operator.limits.push(Filling({at: block.timestamp, amount: limit}));
    }

    function _filled(address account, uint256 amount) private {
        Operator storage operator = desk.operators[account];
        operator.level = _levelNow(operator) + amount;
        operator.at = block.timestamp;
        operator.fillings.push(Filling({at: block.timestamp, amount: amount}));
    }

    /// @dev What the design promises of the limit, from the history alone: at one instant never more than the limit,
    /// within any day less than twice of it; where it changed, of the highest in force.
    function _rollingLimitHolds(address account) internal view returns (bool) {
        Operator storage operator = desk.operators[account];
        uint256 highest = 0;
        for (uint256 i = operator.limits.length; i > 0; --i) {
            Filling storage change = operator.limits[i - 1];
            if (change.amount > highest) highest = change.amount;
            if (change.at + 1 days <= block.timestamp) break;
        }
        uint256 ofDay = 0;
        uint256 ofInstant = 0;
        for (uint256 i = operator.fillings.length; i > 0; --i) {
            Filling storage filling = operator.fillings[i - 1];
            if (filling.at + 1 days <= block.timestamp) break;
            ofDay += filling.amount;
            if (filling.at == block.timestamp) ofInstant += filling.amount;
        }
        return ofInstant <= highest && (ofDay == 0 || ofDay < 2 * highest);
    }

    // -------------------------------------------------------------------------------------------- approvals

    /// @return required 0 above the highest tier.
    function _requiredForMint(uint256 total) internal view returns (uint256 required) {
        for (uint256 i = 0; i < desk.tiers.length; ++i) {
            if (total <= desk.tiers[i].upTo) return desk.tiers[i].approvals;
        }
    }

    function _requiredForAcceptance(uint256 total) internal view returns (uint256 required) {
        required = _requiredForMint(total);
        if (required == 0) required = desk.tiers[desk.tiers.length - 1].approvals;
    }

    // ------------------------------------------------------------------------------------------- redemptions

    function _opened(address holder, uint256 amount) internal returns (uint256 id) {
        desk.requests.push(Request({holder: holder, amount: amount, status: RedemptionStatus.Requested}));
        desk.escrowed += amount;
        return desk.requests.length;
    }

    /// @dev Ids run from 1; an id that was never given has no holder, no amount and the status `None`.
    function _requestOf(uint256 id) internal view returns (Request memory none) {
        return id == 0 || id > desk.requests.length ? none : desk.requests[id - 1];
    }

    function _closed(uint256 id, RedemptionStatus status) internal {
        desk.requests[id - 1].status = status;
    }

    /// @dev Escrow leaves the market for `to`.
    function _releaseRule(address market, address to, uint256 amount) internal view returns (string memory) {
        return _transferRule(market, to, amount);
    }

    // ------------------------------------------------------------------------------------------------- feed

    /// @dev Within the bounds of the last value, and of the last that all signed, the threshold; else all.
    function _requiredSignatures(Reserve storage reserve, uint256 value) internal view returns (uint256) {
        bool small = reserve.rounds != 0 && _isWithin(reserve, reserve.value, value)
            && _isWithin(reserve, reserve.agreed, value);
        if (small || reserve.threshold > reserve.attestors) return reserve.threshold;
        return reserve.attestors;
    }

    function _isWithin(Reserve storage reserve, uint256 from, uint256 to) private view returns (bool) {
        return to * 10_000 <= from * (10_000 + reserve.riseBps)
            && to * 10_000 + from * reserve.fallBps >= from * 10_000;
    }

    function _published(Reserve storage reserve, uint256 value, uint256 asOf, uint256 signatures) internal {
        reserve.value = value;
        reserve.asOf = asOf;
        ++reserve.rounds;
        if (signatures >= reserve.attestors) reserve.agreed = value;
    }
}
