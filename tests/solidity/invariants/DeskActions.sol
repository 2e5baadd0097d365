// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {FeedActions} from "./FeedActions.sol";
import {HolderActions} from "./HolderActions.sol";

/// @notice What operators and the treasurer do: mint, accept, reject, pay.
abstract contract DeskActions is HolderActions, FeedActions {
    /// @dev Order numbers: few enough that many come twice, on both sides of a word's edge of the bitmap.
    uint256 internal constant NUMBERS = 600;

    bytes[] private _sent;

    function mint(uint256 seed) external act(seed) {
        _mintSome();
    }

    /// @notice The same, so that mints are as frequent as what uses tokens up.
    function mintMore(uint256 seed) external act(seed) {
        _mintSome();
    }

    function mintYetMore(uint256 seed) external act(seed) {
        _mintSome();
    }

    /// @notice An executed batch, sent again by any operator, approvals and all.
    function mintAgain(uint256 seed) external act(seed) {
        if (_sent.length == 0) return;
        bytes memory data = _sent[_roll(_sent.length)];
        _privileged(
            Roles.OPERATOR, _operator(), address(market), data, "OnceOnly: a batch was executed twice"
        );
    }

    function acceptRedemptions(uint256 seed) external act(seed) {
        _acceptSome();
    }

    /// @notice The same, so that payouts find something to pay.
    function acceptMore(uint256 seed) external act(seed) {
        _acceptSome();
    }

    function rejectRedemptions(uint256 seed) external act(seed) {
        uint256[] memory ids = _some(RedemptionStatus.Requested);
        string memory rule = _statusRule(ids, RedemptionStatus.Requested);
        for (uint256 i = 0; i < ids.length && bytes(rule).length == 0; ++i) {
            Request memory request = _requestOf(ids[i]);
            rule = _releaseRule(address(market), request.holder, request.amount);
        }
        bytes memory data = abi.encodeCall(IPrimaryMarket.rejectRedemptions, (ids, CASE));
        if (!_privileged(Roles.OPERATOR, _operator(), address(market), data, rule)) return;
        for (uint256 i = 0; i < ids.length; ++i) {
            _closed(ids[i], RedemptionStatus.Rejected);
            Request memory request = _requestOf(ids[i]);
            _released(request.holder, request.amount);
        }
    }

    function recordPayouts(uint256 seed) external act(seed) {
        uint256[] memory ids = _some(RedemptionStatus.Accepted);
        string memory rule = _statusRule(ids, RedemptionStatus.Accepted);
        bytes32[] memory references = new bytes32[](_odds(16) ? ids.length + 1 : ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            references[i] = keccak256(abi.encode("payment", ids[i]));
        }
        bool missing = ids.length != 0 && _odds(16);
        if (missing) delete references[0];
        if (missing || references.length != ids.length) {
            rule = "OnceOnly: paid without a payment reference";
        }
        bytes memory data = abi.encodeCall(IPrimaryMarket.recordPayouts, (ids, references));
        if (!_privileged(Roles.TREASURER, treasurer, address(market), data, rule)) return;
        for (uint256 i = 0; i < ids.length; ++i) {
            _closed(ids[i], RedemptionStatus.Paid);
        }
        _discharged(_sum(ids));
    }

    // ------------------------------------------------------------------------------------------------ minting

    function _mintSome() private {
        if (_headroom() < 100_000 * unit && !reserves[coin.feed].suspended && !_odds(4)) _publishInFull();
        MintBatch[] memory batches = new MintBatch[](_odds(48) ? 0 : _odds(4) ? 2 : 1);
        bool[] memory approved = new bool[](batches.length);
        address sender = _operator();
        bool careless = _odds(3);
        for (uint256 i = 0; i < batches.length; ++i) {
            uint256 total = 0;
            batches[i].orders = new MintOrder[](careless && _odds(12) ? 0 : _odds(2) ? 1 : 2);
            for (uint256 j = 0; j < batches[i].orders.length; ++j) {
                batches[i].orders[j] = _someOrder(sender, careless);
                total += batches[i].orders[j].amount;
            }
            (batches[i].approvals, approved[i]) =
                _approvals(market.mintDigest(batches[i].orders), _requiredForMint(total), sender, careless);
        }
        _mintBatches(sender, batches, approved);
    }

    function _mintBatches(address sender, MintBatch[] memory batches, bool[] memory approved) internal {
        string memory rule = _mintRule(sender, batches, approved);
        bytes memory data = abi.encodeCall(IPrimaryMarket.mint, (batches));
        if (!_privileged(Roles.OPERATOR, sender, address(market), data, rule)) return;
        _minted(sender, batches);
        if (!_rollingLimitHolds(sender)) _break("Limits: an operator minted more than its limit allows in a day");
        if (_sent.length < 8) _sent.push(data);
        else _sent[_roll(8)] = data;
    }

    /// @dev To a customer who can receive it, in time, under a new number, unless `careless`.
    function _someOrder(address sender, bool careless) private returns (MintOrder memory order) {
        order = MintOrder({
            number: _roll(NUMBERS),
            to: _holder(),
            amount: _orderAmount(sender),
            expiry: uint64(block.timestamp + _roll(1 days))
        });
        if (careless) {
            if (_odds(4)) order.to = _pick(accounts);
            if (_odds(6)) order.expiry = uint64(block.timestamp - 1);
            if (_odds(3)) return order;
        }
        while (desk.executed[order.number]) {
            ++order.number;
        }
        for (uint256 i = 0; !careless && i < holders.length; ++i) {
            if (bytes(_orderRule(order)).length != 0) order.to = holders[i];
        }
    }

    /// @dev Any amount, and often the most that a rule allows, or one more.
    function _orderAmount(address sender) private returns (uint256) {
        uint256 mode = _roll(16);
        if (mode == 0) return _amount(desk.orderCap);
        if (mode == 1) return _available(sender) + _roll(2);
        if (mode < 4) return _headroom() + _roll(2);
        if (mode < 6) return _roll(150_000 * unit);
        return 1 + _roll(30_000 * unit);
    }

    function _operator() private returns (address) {
        if (_odds(24)) return _pick(staff);
        return isMember[Roles.OPERATOR][operator2] && _odds(2) ? operator2 : operator;
    }

    // ------------------------------------------------------------------------------------------- redemptions

    function _acceptSome() private {
        uint256[] memory ids = _some(RedemptionStatus.Requested);
        address sender = _operator();
        string memory rule = _acceptRule(ids);
        uint256 total = _sum(ids);
        (Signature[] memory approvals, bool good) =
            _approvals(market.acceptanceDigest(ids), _requiredForAcceptance(total), sender, _odds(3));
        if (!good) rule = "NoBackdoor: accepted without the approvals it takes";
        bytes memory data = abi.encodeCall(IPrimaryMarket.acceptRedemptions, (ids, approvals));
        if (!_privileged(Roles.OPERATOR, sender, address(market), data, rule)) return;
        for (uint256 i = 0; i < ids.length; ++i) {
            _closed(ids[i], RedemptionStatus.Accepted);
        }
        desk.escrowed -= total;
        coin.balance[address(market)] -= total;
        coin.burned += total;
    }

    /// @dev One or two requests, usually in `status`; now and then one of them twice.
    function _some(RedemptionStatus status) private returns (uint256[] memory ids) {
        if (_odds(32)) return ids;
        ids = new uint256[](_odds(3) ? 2 : 1);
        ids[0] = _requestIn(status);
        if (ids.length == 2) ids[1] = _odds(8) ? ids[0] : _requestIn(status);
    }

    function _sum(uint256[] memory ids) private view returns (uint256 total) {
        for (uint256 i = 0; i < ids.length; ++i) {
            total += _requestOf(ids[i]).amount;
        }
    }

    function _statusRule(uint256[] memory ids, RedemptionStatus status) private view returns (string memory) {
        if (ids.length == 0) return "OnceOnly: an empty batch was executed";
        for (uint256 i = 0; i < ids.length; ++i) {
            if (_requestOf(ids[i]).status != status) return "OnceOnly: a redemption took a step twice or too early";
            for (uint256 j = 0; j < i; ++j) {
                if (ids[i] == ids[j]) return "OnceOnly: a redemption took a step twice in one call";
            }
        }
        return "";
    }

    function _acceptRule(uint256[] memory ids) private view returns (string memory rule) {
        rule = _statusRule(ids, RedemptionStatus.Requested);
        for (uint256 i = 0; i < ids.length && bytes(rule).length == 0; ++i) {
            if (_frozenBeyond(_requestOf(ids[i]).holder) != 0) rule = "Frozen: a frozen holder's escrow was burned";
        }
    }
}
