// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation} from "../../contracts/interfaces/IAttestedFeed.sol";
import {Redemption, RedemptionStatus} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {Suite} from "./support/Suite.sol";
import {bound, vm} from "./support/Vm.sol";

/// @notice Drives the whole suite with fuzzed calls and keeps its own books of what happened.
/// @dev A handler that finds a rule broken writes it into `broken`, since a revert here would only undo the call.
contract Handler is Suite {
    struct Payout {
        uint256 at;
        uint256 total;
    }

    address[] private _holders;
    Payout[] private _discharges;
    mapping(uint256 number => bool) private _minted;
    mapping(uint256 id => bool) private _paid;
    mapping(bytes32 action => uint256) public successes;

    string public broken;
    bool private _expectRefusal;
    uint256 public mintedTotal;
    uint256 public burnedTotal;
    uint256 public dischargedTotal;
    uint256 public escrowTotal;
    uint256 public strayTotal;

    modifier does(bytes32 action) {
        _;
        ++successes[action];
    }

    constructor() {
        vm.warp(START);
        _deploy(6);
        _holders.push(alice);
        _holders.push(bob);
        _holders.push(carol);
        _attest(1_000_000);
    }

    function setUp() public override {}

    // ------------------------------------------------------------------------------------------------ holders

    function transfer(uint256 from, uint256 to, uint256 amount) external does("transfer") {
        address sender = _holder(from);
        address receiver = _holder(to);
        amount = bound(amount, 0, token.balanceOf(sender) + 2);
        _watch(sender, amount);
        vm.prank(sender);
        token.transfer(receiver, amount);
        _watched();
    }

    function transferFrom(uint256 from, uint256 to, uint256 by, uint256 amount)
        external
        does("transferFrom")
    {
        address sender = _holder(from);
        address spender = _holder(by);
        amount = bound(amount, 0, token.balanceOf(sender) + 2);
        vm.prank(sender);
        token.approve(spender, amount);
        if (!token.canSend(spender)) _expectRefusal = true;
        _watch(sender, amount);
        vm.prank(spender);
        token.transferFrom(sender, _holder(to), amount);
        _watched();
    }

    function donate(uint256 from, uint256 amount) external does("donate") {
        address sender = _holder(from);
        amount = bound(amount, 1, 50);
        _watch(sender, amount);
        vm.prank(sender);
        token.transfer(address(market), amount);
        _watched();
        strayTotal += amount;
    }

    function request(uint256 from, uint256 amount) external does("request") {
        address sender = _holder(from);
        amount = bound(amount, 1, token.balanceOf(sender) / 2 + 2);
        _watch(sender, amount);
        _request(sender, amount);
        _watched();
        escrowTotal += amount;
    }

    function requestSigned(uint256 amount) external does("requestSigned") {
        amount = bound(amount, 1, token.balanceOf(alice) / 2 + 2);
        bytes32 salt = bytes32(market.redemptionCount());
        bytes32 nonce = market.redemptionNonce(REFERENCE, salt);
        bytes32 typehash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        bytes32 structure =
            keccak256(abi.encode(typehash, alice, address(market), amount, 0, type(uint256).max, nonce));
        bytes memory signature =
            _sign(ALICE_KEY, keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), structure)));
        _watch(alice, amount);
        market.requestRedemptionWithAuthorization(
            alice, amount, REFERENCE, 0, type(uint256).max, salt, signature
        );
        _watched();
        escrowTotal += amount;
    }

    function cancel(uint256 pick) external does("cancel") {
        (uint256 id, Redemption memory redemption) = _pick(pick, RedemptionStatus.Requested);
        vm.prank(redemption.holder);
        market.cancelRedemption(id);
        escrowTotal -= redemption.amount;
    }

    // ------------------------------------------------------------------------------------------------ the desk

    /// @dev Numbers come from a small range, so that many of them come twice.
    function mint(uint256 number, uint256 to, uint256 amount) external does("mint") {
        MintOrder memory order = _order(_holder(to), bound(amount, 1, 200_000));
        order.number = number % 400;
        MintBatch[] memory batches = _batch(_one(order));
        (uint256 reserve, uint256 asOf, uint256 freshUntil) = feed.reading();
        bool backed = block.timestamp <= freshUntil
            && (mintedTotal + order.amount - _dischargedBy(asOf)) * (10_000 + token.bufferBps())
                <= reserve * 10_000;
        bool frozen = !token.canReceive(order.to);
        bool paused = token.paused();
        _send(batches);
        if (!backed) broken = "Backing: minted beyond the reserve";
        if (frozen || paused) broken = "Frozen: minted to a frozen account or while paused";
        if (_minted[order.number]) broken = "OnceOnly: an order number was executed twice";
        _minted[order.number] = true;
        mintedTotal += order.amount;
    }

    /// @dev One beyond the ceiling, then half the way up to it.
    function mintAtTheCeiling(uint256 to) external does("mintAtTheCeiling") {
        uint256 room = token.headroom();
        MintOrder memory order = _order(_holder(to), room + 1);
        order.number = 1000 + nextNumber;
        MintBatch[] memory batches = _batch(_one(order));
        vm.prank(operator);
        (bool ok,) = address(market).call(abi.encodeCall(market.mint, (batches)));
        if (ok) broken = "Backing: minted beyond the headroom";
        room = (room + 1) / 2;
        order.amount = room;
        batches = _batch(_one(order));
        _send(batches);
        mintedTotal += room;
    }

    function accept(uint256 pick) external does("accept") {
        (uint256 id, Redemption memory redemption) = _pick(pick, RedemptionStatus.Requested);
        bool frozen = _frozenInEscrow(redemption.holder) != 0;
        _accept(_ids(id));
        if (frozen) broken = "Frozen: a frozen holder's escrow was burned";
        escrowTotal -= redemption.amount;
        burnedTotal += redemption.amount;
    }

    function reject(uint256 pick) external does("reject") {
        (uint256 id, Redemption memory redemption) = _pick(pick, RedemptionStatus.Requested);
        vm.prank(operator);
        market.rejectRedemptions(_ids(id), CASE);
        escrowTotal -= redemption.amount;
    }

    /// @dev Now and then any id, whatever its status.
    function pay(uint256 pick) external does("pay") {
        (uint256 id, Redemption memory redemption) =
            pick % 4 == 0 ? _any(pick) : _pick(pick, RedemptionStatus.Accepted);
        _pay(_ids(id));
        if (_paid[id] || redemption.status != RedemptionStatus.Accepted) {
            broken = "OnceOnly: a redemption was paid twice, or before its burn";
        }
        _paid[id] = true;
        _discharged(redemption.amount);
    }

    // -------------------------------------------------------------------------------- guardian, compliance

    function freeze(uint256 who, uint256 amount, bool whole) external does("freeze") {
        _freeze(_holder(who), whole && amount % 3 == 0 ? type(uint128).max : bound(amount, 0, 20_000));
    }

    function unfreeze(uint256 who, uint256 amount) external does("unfreeze") {
        vm.prank(compliance);
        token.unfreeze(_holder(who), bound(amount, 0, 1000), CASE);
    }

    function forcedTransfer(uint256 from, uint256 to, uint256 amount) external does("forcedTransfer") {
        address source = _holder(from);
        amount = bound(amount, 0, token.balanceOf(source));
        uint256 supply = token.totalSupply();
        vm.prank(compliance);
        token.forcedTransfer(source, _holder(to), amount, CASE);
        if (token.totalSupply() != supply) broken = "Conservation: a forced transfer changed the supply";
    }

    function burnByOrder(uint256 from, uint256 amount) external does("burnByOrder") {
        address source = _holder(from);
        amount = bound(amount, 0, token.balanceOf(source) / 4);
        vm.prank(compliance);
        token.burnByOrder(source, amount, CASE);
        burnedTotal += amount;
        _discharged(amount);
    }

    function seize(uint256 pick, uint256 to) external does("seize") {
        (uint256 id, Redemption memory redemption) = _pick(pick, RedemptionStatus.Requested);
        if (to % 4 == 0) _freezeAccount(redemption.holder);
        if (to % 4 == 1) _freeze(redemption.holder, token.balanceOf(redemption.holder) + redemption.amount);
        bool frozen = _frozenInEscrow(redemption.holder) >= redemption.amount;
        address receiver = to % 7 == 0 ? address(market) : _holder(to);
        vm.prank(compliance);
        market.seizeEscrow(id, receiver, CASE);
        if (!frozen) broken = "Escrow: seized what is not frozen";
        if (receiver == address(market)) broken = "Escrow: seized and yet not gone";
        escrowTotal -= redemption.amount;
    }

    function returnUnsolicited(uint256 to, uint256 amount) external does("returnUnsolicited") {
        amount = bound(amount, 0, strayTotal + 1);
        vm.prank(compliance);
        market.returnUnsolicited(_holder(to), amount, CASE);
        strayTotal -= amount;
    }

    function pauseOrResume(uint256 seed) external does("pauseOrResume") {
        if (token.paused()) {
            _govern(address(token), abi.encodeCall(IRegulatedERC20.resume, ()));
        } else if (seed % 4 == 0) {
            vm.prank(guardian);
            token.pause();
        }
    }

    // ------------------------------------------------------------------------------------------- the reserve

    function attest(uint256 value, uint256 age) external does("attest") {
        uint256 liabilities = mintedTotal - dischargedTotal;
        value = bound(value, liabilities * 9 / 10, liabilities + 500_000);
        vm.warp(block.timestamp + 2);
        _attestAsOf(value, block.timestamp - bound(age, 1, 2 minutes));
    }

    function setBuffer(uint256 bps) external does("setBuffer") {
        _govern(address(token), abi.encodeCall(IStablecoin.setBuffer, (uint16(bound(bps, 0, 2000)))));
    }

    function wait(uint256 duration) external does("wait") {
        vm.warp(block.timestamp + bound(duration, 1, 2 hours));
    }

    // -------------------------------------------------------------------------------------------------- books

    function coin() external view returns (IStablecoin) {
        return token;
    }

    function sumOfBalances() external view returns (uint256 sum) {
        sum = token.balanceOf(address(market)) + token.balanceOf(address(token));
        for (uint256 i = 0; i < _holders.length; ++i) {
            sum += token.balanceOf(_holders[i]);
        }
    }

    function sumOfOpenRequests() external view returns (uint256 sum) {
        for (uint256 id = 1; id <= market.redemptionCount(); ++id) {
            Redemption memory redemption = market.redemption(id);
            if (redemption.status == RedemptionStatus.Requested) sum += redemption.amount;
        }
    }

    function escrow() external view returns (uint256 held, uint256 escrowed, uint256 unsolicited) {
        return (token.balanceOf(address(market)), market.escrowed(), market.unsolicited());
    }

    /// @dev Notes whether the token has to refuse what follows. If it does, its revert takes the note back.
    function _watch(address sender, uint256 amount) private {
        uint256 held = token.balanceOf(sender);
        uint256 frozen = token.getFrozenTokens(sender);
        uint256 free = frozen >= held ? 0 : held - frozen;
        if (amount > free || !token.canSend(sender) || token.paused()) _expectRefusal = true;
    }

    function _watched() private {
        if (_expectRefusal) broken = "Frozen: a frozen unit moved";
        _expectRefusal = false;
    }

    /// @dev What is frozen of the holder and is not in its balance.
    function _frozenInEscrow(address holder) private view returns (uint256) {
        if (!token.canSend(holder)) return type(uint256).max;
        uint256 held = token.balanceOf(holder);
        uint256 frozen = token.getFrozenTokens(holder);
        return frozen > held ? frozen - held : 0;
    }

    function _discharged(uint256 amount) private {
        dischargedTotal += amount;
        _discharges.push(Payout({at: block.timestamp, total: dischargedTotal}));
    }

    function _dischargedBy(uint256 instant) private view returns (uint256) {
        for (uint256 i = _discharges.length; i > 0; --i) {
            if (_discharges[i - 1].at <= instant) return _discharges[i - 1].total;
        }
        return 0;
    }

    function _holder(uint256 seed) private view returns (address) {
        return _holders[seed % _holders.length];
    }

    function _any(uint256 seed) private view returns (uint256 id, Redemption memory redemption) {
        id = 1 + seed % (market.redemptionCount() + 1);
        redemption = market.redemption(id);
    }

    /// @dev The first request in `status` from a random one on, or the random one.
    function _pick(uint256 seed, RedemptionStatus status)
        private
        view
        returns (uint256 id, Redemption memory redemption)
    {
        uint256 count = market.redemptionCount();
        for (uint256 i = 0; i < count; ++i) {
            id = 1 + (seed % count + i) % count;
            redemption = market.redemption(id);
            if (redemption.status == status) return (id, redemption);
        }
        return _any(seed);
    }
}

/// @notice What is always true (design 4.6), after any sequence of calls.
contract InvariantsTest {
    Handler private _handler;

    function setUp() public {
        vm.warp(1_767_225_600);
        _handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// @dev Backing, OnceOnly and Frozen are judged at each call, against the handler's own books.
    function invariant_NoRuleWasBroken() external view {
        vm.assertEq(_handler.broken(), "", "broken");
    }

    function invariant_Conservation() external view {
        IStablecoin token = _handler.coin();
        uint256 supply = _handler.sumOfBalances();
        vm.assertEq(supply, token.minted() - token.burned(), "supply");
        vm.assertEq(token.minted(), _handler.mintedTotal(), "minted");
        vm.assertEq(token.burned(), _handler.burnedTotal(), "burned");
        vm.assertEq(token.discharged(), _handler.dischargedTotal(), "discharged");
        vm.assertLe(token.discharged(), token.burned(), "discharged beyond burned");
    }

    function invariant_Escrow() external view {
        (uint256 held, uint256 escrowed, uint256 unsolicited) = _handler.escrow();
        vm.assertEq(escrowed, _handler.sumOfOpenRequests(), "open requests");
        vm.assertEq(escrowed, _handler.escrowTotal(), "escrow");
        vm.assertEq(unsolicited, _handler.strayTotal(), "unsolicited");
        vm.assertEq(held, escrowed + unsolicited, "held");
    }

    /// @dev A long random walk over the handlers: each of them must succeed now and then, or the campaign proves
    /// nothing.
    function test_EveryHandlerSucceeds() external {
        bytes32[20] memory actions = [
            bytes32("transfer"),
            "transferFrom",
            "donate",
            "request",
            "requestSigned",
            "cancel",
            "mint",
            "mintAtTheCeiling",
            "accept",
            "reject",
            "pay",
            "freeze",
            "unfreeze",
            "forcedTransfer",
            "burnByOrder",
            "seize",
            "returnUnsolicited",
            "pauseOrResume",
            "attest",
            "setBuffer"
        ];
        uint256 refused = 0;
        for (uint256 i = 0; i < 3000; ++i) {
            bytes memory call = _call(actions[uint256(keccak256(abi.encode("action", i))) % 20], i);
            (bool ok,) = address(_handler).call(call);
            if (!ok) ++refused;
        }
        vm.assertGt(refused, 0, "the walk also tries what is refused");
        for (uint256 i = 0; i < actions.length; ++i) {
            vm.assertGt(_handler.successes(actions[i]), 0, string(abi.encodePacked(actions[i])));
        }
        vm.assertEq(_handler.broken(), "", "broken");
    }

    function _call(bytes32 action, uint256 seed) private pure returns (bytes memory) {
        uint256 a = uint256(keccak256(abi.encode(seed, 1)));
        uint256 b = uint256(keccak256(abi.encode(seed, 2)));
        uint256 c = uint256(keccak256(abi.encode(seed, 3)));
        if (action == "transfer") return abi.encodeCall(Handler.transfer, (a, b, c));
        if (action == "transferFrom") return abi.encodeCall(Handler.transferFrom, (a, b, c, a ^ b));
        if (action == "donate") return abi.encodeCall(Handler.donate, (a, b));
        if (action == "request") return abi.encodeCall(Handler.request, (a, b));
        if (action == "requestSigned") return abi.encodeCall(Handler.requestSigned, (a));
        if (action == "cancel") return abi.encodeCall(Handler.cancel, (a));
        if (action == "mint") return abi.encodeCall(Handler.mint, (a, b, c));
        if (action == "mintAtTheCeiling") return abi.encodeCall(Handler.mintAtTheCeiling, (a));
        if (action == "accept") return abi.encodeCall(Handler.accept, (a));
        if (action == "reject") return abi.encodeCall(Handler.reject, (a));
        if (action == "pay") return abi.encodeCall(Handler.pay, (a));
        if (action == "freeze") return abi.encodeCall(Handler.freeze, (a, b, c % 4 == 0));
        if (action == "unfreeze") return abi.encodeCall(Handler.unfreeze, (a, b));
        if (action == "forcedTransfer") return abi.encodeCall(Handler.forcedTransfer, (a, b, c));
        if (action == "burnByOrder") return abi.encodeCall(Handler.burnByOrder, (a, b));
        if (action == "seize") return abi.encodeCall(Handler.seize, (a, b));
        if (action == "returnUnsolicited") return abi.encodeCall(Handler.returnUnsolicited, (a, b));
        if (action == "pauseOrResume") return abi.encodeCall(Handler.pauseOrResume, (a));
        if (action == "attest") return abi.encodeCall(Handler.attest, (a, b));
        return abi.encodeCall(Handler.setBuffer, (a));
    }
}
