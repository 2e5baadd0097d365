// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice What a controller has asked for on one side of a vault and nobody has worked out yet.
/// @param amount Requested for `day`.
/// @param later Requested for the day `gap` after `day`, which had no price yet. No gap, nothing.
/// @param members How many of the positions of the day's book this is: 0 for none, more than one where a request that was
/// carried over met one that was there.
/// @param kept Something settled lies among the claims.
/// @param cancelled Something cancelled lies among the cancellations.
/// @param released Of what came out of quarantine, and goes back there if it is cancelled: `FIRST` where some of `amount`
/// did, `SECOND` where some of `later` did.
struct Position {
    uint256 amount;
    uint256 later;
    uint256 day;
    uint256 gap;
    uint256 members;
    bool kept;
    bool cancelled;
    uint256 released;
}

uint256 constant FIRST = 1;
uint256 constant SECOND = 2;

/// @notice The same in one word, from the lowest bit: `amount` and `later` in 96 each, `day` in 24, `gap` in 8, `members` in
/// 16, `kept` in 8, `cancelled` and `released` in 4 each.
type PackedPosition is uint256;

using {unpack} for PackedPosition global;
using {pack} for Position global;

// Each cast cuts its own field out of the word.
// forge-lint: disable-next-item(unsafe-typecast)
function unpack(PackedPosition packed) pure returns (Position memory position) {
    uint256 word = PackedPosition.unwrap(packed);
    position.amount = uint96(word);
    position.later = uint96(word >> 96);
    position.day = uint24(word >> 192);
    position.gap = uint8(word >> 216);
    position.members = uint16(word >> 224);
    position.kept = (word >> 240) & 0xff != 0;
    position.cancelled = (word >> 248) & 0xf != 0;
    position.released = word >> 252;
}

/// @dev Reverts where a field doesn't fit.
function pack(Position memory position) pure returns (PackedPosition) {
    uint256 word = SafeCast.toUint96(position.amount);
    word |= uint256(SafeCast.toUint96(position.later)) << 96;
    word |= uint256(SafeCast.toUint24(position.day)) << 192;
    word |= uint256(SafeCast.toUint8(position.gap)) << 216;
    word |= uint256(SafeCast.toUint16(position.members)) << 224;
    if (position.kept) word |= 1 << 240;
    if (position.cancelled) word |= 1 << 248;
    return PackedPosition.wrap(word | position.released << 252);
}
