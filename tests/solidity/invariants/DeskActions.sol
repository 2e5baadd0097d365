// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IPrimaryMarket, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {MintBatch, MintOrder, Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {vm} from "../support/Vm.sol";
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

    /// @notice An executed batch, sent again by any operator on the same approvals: as it was, or what it skipped.
    function mintAgain(uint256 seed) external act(seed) {
        if (_sent.length == 0) return;
        MintBatch[] memory batches = abi.decode(_sent[_roll(_sent.length)], (MintBatch[]));
        address sender = _operator();
        bool[] memory approved = new bool[](batches.length);
        for (uint256 i = 0; i < batches.length; ++i) {
            uint256 all = (1 << batches[i].orders.length) - 1;
            if (_odds(2)) batches[i].skipped ^= all;
            approved[i] = _stillApproved(batches[i], sender);
        }
        _mintBatches(sender, batches, approved);
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

    /// @dev A small order with nothing wrong about it, after the limit has leaked and on a fresh attestation.
    function _mintPlainly() internal {
        if (_available(operator) < 1000 * unit) vm.warp(block.timestamp + 1 days);
        if (_headroom() < 1000 * unit) _publishInFull();
        MintBatch[] memory batches = new MintBatch[](1);
        batches[0].orders = _one(_someOrder(operator, false));
        batches[0].orders[0].amount = 1 + _roll(1000 * unit);
        bool[] memory approved = new bool[](1);
        uint256 required = _requiredForMint(batches[0].orders[0].amount);
        (batches[0].approvals, approved[0]) =
            _approvals(market.mintDigest(batches[0].orders), required, operator, false);
        _mintBatches(operator, batches, approved);
    }

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
            if (_odds(3)) batches[i].skipped = _roll(careless ? 5 : batches[i].orders.length);
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
        if (!_rollingLimitHolds(sender)) _break("Limits: an operator minted more than a day allows");
        (, uint256 available) = market.operatorLimit(sender);
        if (available != _available(sender)) _break("Limits: what an operator may still mint");
        if (_sent.length < 8) _sent.push(abi.encode(batches));
        else _sent[_roll(8)] = abi.encode(batches);
    }

    /// @dev For approvals that were good when the batch went: whether its approvers still are, and still enough.
    function _stillApproved(MintBatch memory batch, address sender) private view returns (bool) {
        uint256 total = 0;
        for (uint256 i = 0; i < batch.orders.length; ++i) {
            total += batch.orders[i].amount;
        }
        uint256 required = _requiredForMint(total);
        for (uint256 i = 0; i < batch.approvals.length; ++i) {
            address signer = batch.approvals[i].signer;
            if (signer == sender || !isMember[Roles.APPROVER][signer]) return false;
        }
        return required != 0 && batch.approvals.length >= required;
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
            if (_requestOf(ids[i]).status != status) {
                return "OnceOnly: a redemption took a step twice or too early";
            }
            for (uint256 j = 0; j < i; ++j) {
                if (ids[i] == ids[j]) return "OnceOnly: a redemption took a step twice in one call";
            }
        }
        return "";
    }

    function _acceptRule(uint256[] memory ids) private view returns (string memory rule) {
        rule = _statusRule(ids, RedemptionStatus.Requested);
        for (uint256 i = 0; i < ids.length && bytes(rule).length == 0; ++i) {
            if (_frozenBeyond(_requestOf(ids[i]).holder) != 0) {
                rule = "Frozen: a frozen holder's escrow was burned";
            }
        }
    }
}
