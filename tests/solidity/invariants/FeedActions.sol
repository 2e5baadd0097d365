// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {Attestation, IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {Signature} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {AttestedFeed} from "../../../contracts/oracle/AttestedFeed.sol";
import {vm} from "../support/Vm.sol";
import {Driver} from "./Driver.sol";

/// @notice What attestors sign and anybody publishes, and what guardians take away.
abstract contract FeedActions is Driver {
    /// @dev `signers` and `forgers` pick from `attestors`: who signed, and whose signature is over something else.
    struct Statement {
        AttestedFeed feed;
        Attestation attestation;
        uint256 signers;
        uint256 forgers;
        bool unsorted;
    }

    /// @dev Signed and not published, or published already: whoever saw one may send it.
    Statement[] private _signed;

    function publish(uint256 seed) external act(seed) {
        Statement memory s = _statement();
        if (_odds(4)) _signed.push(s);
        else _publish(s, _odds(2) ? attacker : operator);
    }

    /// @notice The attacker publishes what others signed: held back, or published before.
    function publishOld(uint256 seed) external act(seed) {
        if (_signed.length == 0) return;
        Statement memory s = _signed[_roll(_signed.length)];
        // Signed for the one feed and sent to the other.
        bool moved = _odds(8);
        if (moved) s.feed = _otherFeed(s.feed);
        _publish(s, attacker, moved);
    }

    function suspendFeed(uint256 seed) external act(seed) {
        AttestedFeed target = _someFeed();
        Reserve storage reserve = reserves[address(target)];
        if (!reserve.suspended && !_odds(6)) return;
        string memory rule = reserve.suspended ? "NoBackdoor: a suspended feed was suspended" : "";
        bytes memory data = abi.encodeCall(IAttestedFeed.suspend, ());
        if (_privileged(Roles.GUARDIAN, _guardian(), address(target), data, rule)) reserve.suspended = true;
    }

    function suspendAttestor(uint256 seed) external act(seed) {
        AttestedFeed target = _someFeed();
        Reserve storage reserve = reserves[address(target)];
        address attestor_ = _pick(attestors);
        if (reserve.isAttestor[attestor_] && !_odds(6)) return;
        string memory rule =
            reserve.isAttestor[attestor_] ? "" : "NoBackdoor: one who is no attestor was suspended";
        bytes memory data = abi.encodeCall(IAttestedFeed.suspendAttestor, (attestor_));
        if (_privileged(Roles.GUARDIAN, _guardian(), address(target), data, rule)) {
            reserve.isAttestor[attestor_] = false;
        }
    }

    // ---------------------------------------------------------------------------------------------- inside

    /// @dev An attestation of the feed in use, signed by every attestor, with room for some mints.
    function _publishInFull() internal {
        Statement memory s;
        s.feed = AttestedFeed(coin.feed);
        vm.warp(block.timestamp + 2);
        s.attestation = _attestation(_liabilities() + _roll(500_000 * unit), block.timestamp - 1);
        s.signers = _members(s.feed);
        _publish(s, attacker);
    }

    /// @dev The reserve that covers everything minted and not discharged, with the buffer on top.
    function _liabilities() internal view returns (uint256) {
        return (coin.minted - coin.discharged) * (10_000 + coin.bufferBps) / 10_000;
    }

    function _guardian() internal returns (address) {
        return isMember[Roles.GUARDIAN][guardian2] && _odds(2) ? guardian2 : guardian;
    }

    function _someFeed() internal returns (AttestedFeed) {
        return _odds(4) ? spareFeed : AttestedFeed(coin.feed);
    }

    function _otherFeed(AttestedFeed one) private view returns (AttestedFeed) {
        return address(one) == address(feed) ? spareFeed : feed;
    }

    function _statement() private returns (Statement memory s) {
        s.feed = _someFeed();
        Reserve storage reserve = reserves[address(s.feed)];
        vm.warp(block.timestamp + 2);
        s.attestation = _attestation(_value(reserve), _instant(reserve));
        if (_odds(10)) s.attestation.report = bytes32(0);
        s.signers = _odds(2) ? _members(s.feed) : _roll(1 << attestors.length);
        s.forgers = _odds(8) ? _roll(1 << attestors.length) : 0;
        s.unsorted = _odds(24);
    }

    /// @dev Mostly what covers the coin; else a step from the last value, up to the bounds or one beyond; or too much.
    function _value(Reserve storage reserve) private returns (uint256) {
        uint256 mode = _roll(16);
        if (mode == 0) return uint256(type(uint112).max) + _roll(2);
        if (mode == 1) return reserve.value + reserve.value * reserve.riseBps / 10_000 + _roll(2);
        if (mode == 2 && reserve.fallBps <= 10_000) {
            uint256 least = (reserve.value * (10_000 - reserve.fallBps) + 9999) / 10_000;
            return least == 0 ? 0 : least - _roll(2);
        }
        if (mode == 3) return _liabilities() * 9 / 10;
        if (mode < 7) return reserve.value + _roll(reserve.value / 20 + 1);
        return _liabilities() + _roll(500_000 * unit);
    }

    function _instant(Reserve storage reserve) private returns (uint256) {
        uint256 mode = _roll(16);
        if (mode == 0) return block.timestamp + _roll(2);
        if (mode == 1) return reserve.asOf;
        if (mode < 5) return reserve.asOf + 1 + _roll(block.timestamp - reserve.asOf);
        return block.timestamp - 1;
    }

    function _members(AttestedFeed target) private view returns (uint256 mask) {
        for (uint256 i = 0; i < attestors.length; ++i) {
            if (reserves[address(target)].isAttestor[attestors[i]]) mask |= 1 << i;
        }
    }

    function _publish(Statement memory s, address sender) private {
        _publish(s, sender, false);
    }

    /// @param moved Whether the signatures are of another feed.
    function _publish(Statement memory s, address sender, bool moved) private {
        bytes memory data = abi.encodeCall(IAttestedFeed.publish, (s.attestation, _signaturesOf(s, moved)));
        uint256 valid = moved ? 0 : _ones(s.signers & ~s.forgers & _members(s.feed));
        Reserve storage reserve = reserves[address(s.feed)];
        string memory rule = _publishRule(reserve, s, valid);
        if (_attempt(sender, address(s.feed), data, rule)) {
            _published(reserve, s.attestation.value, s.attestation.asOf, valid);
            if (_odds(4)) _signed.push(s);
        }
    }

    function _signaturesOf(Statement memory s, bool moved) private view returns (Signature[] memory list) {
        bytes32 digest = (moved ? _otherFeed(s.feed) : s.feed).attestationDigest(s.attestation);
        list = new Signature[](_ones(s.signers));
        uint256 n = 0;
        for (uint256 i = 0; i < attestors.length; ++i) {
            if (s.signers >> i & 1 == 0) continue;
            bytes32 signed = s.forgers >> i & 1 == 0 ? digest : keccak256(abi.encode(digest));
            list[n++] = Signature({signer: attestors[i], data: _sign(keyOf[attestors[i]], signed)});
        }
        if (s.unsorted && n > 1) (list[0], list[1]) = (list[1], list[0]);
    }

    function _publishRule(Reserve storage reserve, Statement memory s, uint256 valid)
        private
        view
        returns (string memory)
    {
        Attestation memory a = s.attestation;
        if (a.asOf >= block.timestamp) return "Backing: an attestation from the future was published";
        if (a.asOf <= reserve.asOf) return "OnceOnly: an attestation that is not newer was published";
        if (a.value > type(uint112).max) return "Backing: too large a value was published";
        if (a.report == bytes32(0)) return "Backing: an attestation without a report was published";
        if (s.unsorted && _ones(s.signers) > 1) return "Backing: unsorted signatures were counted";
        if (valid < _requiredSignatures(reserve, a.value)) return "Backing: too few attestors signed";
        return "";
    }
}
