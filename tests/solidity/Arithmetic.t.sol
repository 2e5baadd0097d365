// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Attestation, IAttestedFeed} from "../../contracts/interfaces/IAttestedFeed.sol";
import {ApprovalTier, IPrimaryMarket} from "../../contracts/interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../../contracts/interfaces/IStablecoin.sol";
import {MintBatch, MintOrder, Signature} from "../../contracts/interfaces/IssuanceTypes.sol";
import {PrimaryMarket} from "../../contracts/market/PrimaryMarket.sol";
import {AttestedFeed} from "../../contracts/oracle/AttestedFeed.sol";
import {Stablecoin} from "../../contracts/token/Stablecoin.sol";
import {AllowingAuthority} from "./proofs/Harness.sol";
import {ToldFeed} from "./proofs/TokenHarness.sol";
import {Creator} from "./support/Mocks.sol";
import {bound, vm} from "./support/Vm.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice A feed that says what it was told, in the token's base units.
contract CountingFeed is ToldFeed {
    function decimals() external pure returns (uint8) {
        return 6;
    }
}

/// @notice A token and a registry that agree to everything.
contract Agreeable {
    function mint(address[] calldata, uint256[] calldata) external pure returns (uint256) {
        return 0;
    }

    function requireVerified(address[] calldata) external pure {}
}

/// @notice A contract account that has signed whatever it is asked about.
contract Consenting {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }
}

/// @notice The formulas of the backing rule, the limits and the feed against exact fractions, which are compared by
/// cross-multiplication and never divided. Everybody may do everything here; who may is tested elsewhere.
contract ArithmeticTest {
    uint256 private constant BPS = 10_000;
    uint256 private constant DAY = 1 days;
    uint256 private constant MAX = type(uint112).max;
    uint256 private constant START = 1_767_225_600;
    address private constant ALICE = address(0xA11CE);

    Creator private creator = new Creator();
    AllowingAuthority private authority = new AllowingAuthority();
    CountingFeed private told = new CountingFeed();
    Signature[] private signatures;
    Stablecoin private token;
    PrimaryMarket private market;
    AttestedFeed private feed;

    /// @dev This contract is the token's market; the market has a token of its own, to which every mint is welcome.
    function setUp() public {
        vm.warp(START);
        token = Stablecoin(
            _proxy(
                _create(
                    "Stablecoin.sol:Stablecoin", abi.encode(authority, "Demo Coin", "DEMO", uint8(6), "HKD")
                )
            )
        );
        token.setFeed(address(told));
        token.setMarket(address(this));
        Agreeable agreeable = new Agreeable();
        market = PrimaryMarket(
            _proxy(_create("PrimaryMarket.sol:PrimaryMarket", abi.encode(authority, agreeable, agreeable)))
        );
        ApprovalTier[] memory tiers = new ApprovalTier[](1);
        tiers[0] = ApprovalTier({upTo: uint112(MAX), approvals: 1});
        market.setApprovalTiers(tiers);
        market.setOrderCap(uint112(MAX));
        signatures.push(Signature({signer: address(new Consenting()), data: ""}));
        feed = AttestedFeed(
            _create("AttestedFeed.sol:AttestedFeed", abi.encode(authority, uint8(6), "Reserve of DEMO"))
        );
    }

    // ------------------------------------------------------------------------------------------- backing rule

    /// @dev The ceiling is the reserve less the buffer, rounded down by less than a unit, and what was paid out by then;
    /// mints pass up to its last unit and not one unit further. Coverage is rounded down too.
    /// forge-config: default.fuzz.runs = 10000
    function testFuzz_CeilingAndCoverage(uint256 reserve, uint256 buffer, uint256 minted, uint256 discharged)
        public
    {
        (reserve, buffer) = (bound(reserve, 0, MAX), bound(buffer, 0, BPS));
        minted = bound(minted, 0, MAX);
        discharged = bound(discharged, 0, minted);
        told.tell(MAX, START - 1, START);
        if (minted != 0) _mint(address(this), minted);
        token.burnEscrow(discharged);
        token.discharge(discharged);
        vm.warp(START + 1);
        told.tell(reserve, START, START + 1);
        token.setBuffer(uint16(buffer));

        uint256 ceiling = token.ceiling();
        uint256 covered = ceiling - discharged;
        vm.assertLe(covered * (BPS + buffer), reserve * BPS, "in favour of the reserve");
        vm.assertGt((covered + 1) * (BPS + buffer), reserve * BPS, "by less than a unit");

        uint256 liabilities = minted - discharged;
        uint256 coverage = token.coverageBps();
        if (liabilities == 0) {
            vm.assertEq(coverage, type(uint256).max, "nothing to cover");
        } else {
            vm.assertLe(coverage * liabilities, reserve * BPS, "no better than it is");
            vm.assertGt((coverage + 1) * liabilities, reserve * BPS, "to the basis point");
        }

        uint256 room = ceiling > minted ? ceiling - minted : 0;
        vm.assertEq(token.headroom(), room, "headroom");
        _refused(
            room + 1, abi.encodeWithSelector(IStablecoin.BackingExceeded.selector, minted + room + 1, ceiling)
        );
        if (room != 0 && minted + room <= MAX) {
            _mint(ALICE, room);
            vm.assertEq(token.minted(), ceiling, "to the last unit");
            vm.assertEq(token.headroom(), 0, "nothing left");
        }
    }

    /// @dev What was ever minted fits in 112 bits: one unit more is refused, whatever the reserve, and leaves no trace.
    /// forge-config: default.fuzz.runs = 10000
    function testFuzz_TotalsUpToTheirWidth(uint256 first, uint256 second, uint256 near) public {
        told.tell(type(uint128).max, START - 1, START);
        // The sum lies as close to the width as `near` says, on either side of it.
        first = bound(first, 1, MAX);
        uint256 rest = MAX - first;
        near = bound(near, 0, 64);
        second = bound(second, rest > near ? rest - near : 0, rest + near);
        _mint(ALICE, first);
        if (first + second <= MAX) {
            _mint(ALICE, second);
            vm.assertEq(token.balanceOf(ALICE), first + second, "balance");
        } else {
            bytes memory tooMuch =
                abi.encodeWithSelector(SafeCast.SafeCastOverflowedUintDowncast.selector, 112, first + second);
            _refused(second, tooMuch);
            second = 0;
        }
        vm.assertEq(token.minted(), first + second, "minted");
        vm.assertEq(token.totalSupply(), first + second, "supply");
        vm.assertEq(token.balanceOf(ALICE), first + second, "balance");
        vm.assertEq(token.getFrozenTokens(ALICE), 0, "frozen");
    }

    /// @dev A balance and a frozen amount share a word, and neither reaches into the other at any size.
    /// forge-config: default.fuzz.runs = 10000
    function testFuzz_BalanceAndFreezeAreApart(uint256 held, uint256 frozen, uint256 moved) public {
        held = bound(held, 1, MAX);
        frozen = bound(frozen, 0, type(uint128).max);
        told.tell(MAX, START - 1, START);
        _mint(ALICE, held);
        token.setFrozenTokens(ALICE, frozen);
        vm.assertEq(token.balanceOf(ALICE), held, "balance");
        vm.assertEq(token.getFrozenTokens(ALICE), frozen, "frozen");
        bool whole = frozen == type(uint128).max;
        uint256 free = frozen >= held ? 0 : held - frozen;
        moved = bound(moved, 0, held);
        vm.prank(ALICE);
        (bool ok,) = address(token).call(abi.encodeCall(token.transfer, (address(this), moved)));
        vm.assertEq(ok, !whole && moved <= free, "what is not frozen moves, to the last unit");
        if (!ok) moved = 0;
        vm.assertEq(token.balanceOf(ALICE), held - moved, "balance");
        vm.assertEq(token.balanceOf(address(this)), moved, "the other's balance");
        vm.assertEq(token.getFrozenTokens(ALICE), frozen, "frozen");
    }

    // ---------------------------------------------------------------------------------------- leaking bucket

    /// @dev Against a bucket of exact fractions (in units times seconds of a day): never fuller than ours, and by less
    /// than a unit for each mint. Never more than the limit at once, less than twice the limit in any 24 hours.
    /// forge-config: default.fuzz.runs = 10000
    function testFuzz_LeakingBucket(uint256 limit, uint256[5] memory amounts, uint256[5] memory waits)
        public
    {
        limit = bound(limit, 1, MAX);
        market.setOperatorLimit(address(this), uint112(limit));
        uint256[5] memory times;
        uint256 level = 0;
        uint256 uses = 0;
        for (uint256 i = 0; i < 5; ++i) {
            uint256 wait = bound(waits[i], 0, i % 2 == 0 ? DAY + 1 : DAY / 8);
            vm.warp(block.timestamp + wait);
            level = level > wait * limit ? level - wait * limit : 0;

            (, uint256 available) = market.operatorLimit(address(this));
            vm.assertLe(available, limit, "never more than the limit at once");
            uint256 ours = (limit - available) * DAY;
            vm.assertGe(ours, level, "in favour of the reserve");
            vm.assertGt(level + uses * DAY + 1, ours, "by less than a unit for each use");

            amounts[i] = bound(amounts[i], 1, available + available / 8 + 1);
            bool ok = _fill(i, amounts[i]);
            vm.assertEq(ok, amounts[i] <= available, "what is available passes, to the last unit");
            if (!ok) amounts[i] = 0;
            else ++uses;
            level += amounts[i] * DAY;
            times[i] = block.timestamp;
        }
        for (uint256 i = 0; i < 5; ++i) {
            uint256 sum = 0;
            for (uint256 j = i; j < 5 && times[j] - times[i] < DAY; ++j) {
                sum += amounts[j];
            }
            vm.assertGt(2 * limit, sum, "less than twice the limit in 24 hours");
        }
    }

    /// @dev One leak alone is rounded down to the unit, for whatever a bucket held; the whole of it takes a day.
    /// forge-config: default.fuzz.runs = 10000
    function testFuzz_Leak(uint256 limit, uint256 amount, uint256 wait) public {
        limit = bound(limit, 1, MAX);
        amount = bound(amount, 1, limit);
        wait = bound(wait, 0, 2 * DAY);
        market.setOperatorLimit(address(this), uint112(limit));
        _fill(0, amount);
        vm.warp(START + wait);
        (, uint256 available) = market.operatorLimit(address(this));
        uint256 leaked = amount - (limit - available);
        vm.assertLe(leaked * DAY, wait * limit, "no more than has leaked");
        if (leaked < amount) vm.assertGt((leaked + 1) * DAY, wait * limit, "to the unit");
        if (wait >= DAY) vm.assertEq(available, limit, "all of it in a day");
    }

    // ------------------------------------------------------------------------------------------------- bounds

    /// @dev A value within the bounds, by fractions of the last, takes the threshold; one unit beyond takes everybody.
    /// Values fit in 112 bits.
    /// forge-config: default.fuzz.runs = 10000
    function testFuzz_Bounds(uint256 last, uint256 rise, uint256 fall, uint256 next, bool near) public {
        last = bound(last, 0, MAX);
        rise = bound(rise, 0, near ? 2 * BPS : type(uint32).max);
        fall = bound(fall, 0, near ? 2 * BPS : type(uint32).max);
        _listAttestors(uint32(rise), uint32(fall));
        feed.publish(_attestation(last, START - 2), signatures);
        uint256 most = last * (BPS + rise) / BPS;
        uint256 least = fall >= BPS ? 0 : last - last * fall / BPS;
        if (near) next = next % 2 == 0 ? bound(next, most, most + 2) : bound(next, least / 2, least);
        else next = bound(next, 0, 2 * MAX);
        bool within = next * BPS <= last * (BPS + rise) && (fall >= BPS || next * BPS >= last * (BPS - fall));
        vm.assertEq(feed.requiredSignatures(next), within ? 1 : 2, "required");
        if (next > MAX) {
            vm.expectRevert(abi.encodeWithSelector(IAttestedFeed.ValueTooLarge.selector, next));
        }
        feed.publish(_attestation(next, START - 1), signatures);
        (uint256 value,,) = feed.reading();
        vm.assertEq(value, next > MAX ? last : next, "value");
    }

    // ------------------------------------------------------------------------------------------------- inside

    function _create(string memory artifact, bytes memory arguments) private returns (address) {
        return creator.create(bytes.concat(vm.getCode(artifact), arguments));
    }

    function _proxy(address implementation) private returns (address) {
        return address(new ERC1967Proxy(implementation, abi.encodeCall(Stablecoin.initialize, ())));
    }

    function _mint(address to, uint256 amount) private {
        (address[] memory accounts, uint256[] memory amounts) = _one(to, amount);
        token.mint(accounts, amounts);
    }

    function _refused(uint256 amount, bytes memory refusal) private {
        (address[] memory accounts, uint256[] memory amounts) = _one(ALICE, amount);
        vm.expectRevert(refusal);
        token.mint(accounts, amounts);
    }

    function _one(address to, uint256 amount)
        private
        pure
        returns (address[] memory accounts, uint256[] memory amounts)
    {
        (accounts, amounts) = (new address[](1), new uint256[](1));
        (accounts[0], amounts[0]) = (to, amount);
    }

    /// @dev One order through the market; whether it passed.
    function _fill(uint256 number, uint256 amount) private returns (bool ok) {
        MintBatch[] memory batches = new MintBatch[](1);
        batches[0].orders = new MintOrder[](1);
        batches[0].orders[0] =
            MintOrder({number: number, to: ALICE, amount: amount, expiry: type(uint64).max});
        batches[0].approvals = signatures;
        (ok,) = address(market).call(abi.encodeCall(IPrimaryMarket.mint, (batches)));
    }

    /// @dev Two attestors of whom one is enough, and the signatures of both, ascending.
    function _listAttestors(uint32 rise, uint32 fall) private {
        signatures.push(Signature({signer: address(new Consenting()), data: ""}));
        if (signatures[0].signer > signatures[1].signer) {
            (signatures[0].signer, signatures[1].signer) = (signatures[1].signer, signatures[0].signer);
        }
        address[] memory attestors = new address[](2);
        (attestors[0], attestors[1]) = (signatures[0].signer, signatures[1].signer);
        feed.setAttestors(attestors, 1);
        feed.setLimits(1 days, rise, fall);
    }

    function _attestation(uint256 value, uint256 asOf) private pure returns (Attestation memory) {
        return Attestation({value: uint128(value), asOf: uint64(asOf), report: keccak256("report")});
    }
}
