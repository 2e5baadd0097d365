// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Roles} from "../../../contracts/access/Roles.sol";
import {IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {ApprovalTier, IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {Driver} from "./Driver.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice What governor, upgrader and administrator may ask for: the call, whether it is refused, what it changes.
abstract contract Proposals is Driver {
    enum Kind {
        ResumeToken,
        SetFeed,
        SetBuffer,
        SetMarket,
        SetDocument,
        RemoveDocument,
        ResumeFeed,
        SetAttestors,
        SetLimits,
        ResumeMinting,
        WindDown,
        SetOrderCap,
        SetApprovalTiers,
        SetOperatorLimit,
        SetRedemptionPeriod,
        Upgrade,
        Grant,
        Revoke
    }

    /// @dev `account` and the figures are the call's arguments, by kind.
    struct Proposal {
        Kind kind;
        address target;
        address account;
        uint256 a;
        uint256 b;
        uint256 c;
    }

    struct Expendable {
        uint64 role;
        address account;
    }

    uint256 private constant KINDS = uint256(type(Kind).max) + 1;

    /// @dev Memberships that come and go.
    Expendable[] internal expendables;
    /// @dev A feed that doesn't count in the token's base units.
    address internal coarseFeed;
    /// @dev The implementations that a proxy may be upgraded to.
    mapping(address proxy => address[2]) internal versions;

    function _callerOf(Kind kind) internal view returns (address) {
        if (kind == Kind.Grant || kind == Kind.Revoke) return admin;
        return kind == Kind.Upgrade ? upgrader : governor;
    }

    function _roleOf(Kind kind) internal pure returns (uint64) {
        if (kind == Kind.Grant || kind == Kind.Revoke) return 0;
        return kind == Kind.Upgrade ? Roles.UPGRADER : Roles.GOVERNOR;
    }

    // ------------------------------------------------------------------------------------------------ choosing

    function _proposal() internal returns (Proposal memory) {
        Kind kind = Kind(_roll(KINDS));
        // The market is wound down once, near the end of a long campaign.
        if (kind == Kind.WindDown) kind = Kind.SetDocument;
        if (steps > 440 && _odds(3)) kind = Kind.WindDown;
        return _proposalOf(kind);
    }

    function _proposalOf(Kind kind) internal returns (Proposal memory p) {
        p.kind = kind;
        if (p.kind < Kind.ResumeFeed) _aboutToken(p);
        else if (p.kind < Kind.ResumeMinting) _aboutFeed(p);
        else if (p.kind < Kind.Upgrade) _aboutMarket(p);
        else _aboutRoles(p);
    }

    /// @dev What undoes what stands in the way of minting; `Upgrade`, which undoes nothing, if nothing does.
    function _remedy() internal view returns (Kind) {
        if (coin.paused) return Kind.ResumeToken;
        if (desk.stopped) return Kind.ResumeMinting;
        Reserve storage reserve = reserves[coin.feed];
        if (reserve.suspended) return Kind.ResumeFeed;
        uint256 listed = 0;
        for (uint256 i = 0; i < attestors.length; ++i) {
            if (reserve.isAttestor[attestors[i]]) ++listed;
        }
        if (listed < reserve.attestors) return Kind.SetAttestors;
        if (desk.orderCap == 0) return Kind.SetOrderCap;
        if (desk.operators[operator].limit == 0) return Kind.SetOperatorLimit;
        for (uint256 i = 0; i < expendables.length; ++i) {
            if (!isMember[expendables[i].role][expendables[i].account]) return Kind.Grant;
        }
        return Kind.Upgrade;
    }

    function _aboutToken(Proposal memory p) private {
        p.target = address(token);
        if (p.kind == Kind.SetFeed) {
            p.account = address(coin.feed) == address(feed) ? address(spareFeed) : address(feed);
            if (_odds(2)) p.account = _odds(2) ? coarseFeed : attacker;
        }
        if (p.kind == Kind.SetMarket) p.account = _odds(2) ? attacker : address(market);
        if (p.kind == Kind.SetBuffer) p.a = _odds(4) ? 10_001 : _roll(2000);
        p.b = _odds(4) ? 0 : 1 + _roll(2);
    }

    function _aboutFeed(Proposal memory p) private {
        p.target = _odds(4) ? address(spareFeed) : coin.feed;
        if (p.kind == Kind.SetAttestors) {
            // All attestors but the attacker, less one, sometimes less two.
            for (uint256 i = 0; i < attestors.length; ++i) {
                if (attestors[i] != attacker) p.a |= 1 << i;
            }
            uint256 left = 1 << _roll(attestors.length);
            if (_odds(3)) left |= 1 << _roll(attestors.length);
            p.a &= ~left;
            p.b = _odds(4) ? _roll(6) : 1 + _roll(2);
            p.c = _odds(6) ? 1 : 0;
        }
        if (p.kind == Kind.SetLimits) {
            p.a = _odds(4) ? 0 : 6 hours + _roll(3 days);
            p.b = _roll(3000);
            p.c = _odds(12) ? 10_000 + _roll(3000) : _roll(4000);
        }
    }

    function _aboutMarket(Proposal memory p) private {
        p.target = address(market);
        if (p.kind == Kind.SetOrderCap) p.a = _odds(12) ? 0 : 200_000 * unit + _roll(1_000_000 * unit);
        if (p.kind == Kind.SetApprovalTiers) p.a = _roll(8);
        if (p.kind == Kind.SetOperatorLimit) {
            p.account = _odds(2) ? operator : operator2;
            p.a = _odds(12) ? 0 : 100_000 * unit + _roll(600_000 * unit);
        }
        if (p.kind == Kind.SetRedemptionPeriod) p.a = _odds(3) ? 0 : 1 + _roll(3 days);
    }

    function _aboutRoles(Proposal memory p) private {
        if (p.kind == Kind.Upgrade) {
            p.target = [address(token), address(market), address(registry)][_roll(3)];
            p.account = _odds(3) ? address(feed) : versions[p.target][_roll(2)];
            return;
        }
        p.target = address(manager);
        Expendable memory chosen = expendables[_roll(expendables.length)];
        for (uint256 i = 0; i < expendables.length && p.kind == Kind.Grant; ++i) {
            if (!isMember[expendables[i].role][expendables[i].account]) chosen = expendables[i];
        }
        (p.a, p.account) = (chosen.role, chosen.account);
    }

    // ------------------------------------------------------------------------------------------------ the call

    function _encode(Proposal memory p) internal view returns (bytes memory) {
        if (p.kind == Kind.ResumeToken) return abi.encodeCall(IRegulatedERC20.resume, ());
        if (p.kind == Kind.SetFeed) return abi.encodeCall(IStablecoin.setFeed, (p.account));
        if (p.kind == Kind.SetBuffer) return abi.encodeCall(IStablecoin.setBuffer, (uint16(p.a)));
        if (p.kind == Kind.SetMarket) return abi.encodeCall(IStablecoin.setMarket, (p.account));
        if (p.kind == Kind.SetDocument) {
            return abi.encodeCall(IERC1643.setDocument, (bytes32(p.b), "ipfs://document", REPORT));
        }
        if (p.kind == Kind.RemoveDocument) return abi.encodeCall(IERC1643.removeDocument, (bytes32(p.b)));
        if (p.kind == Kind.ResumeFeed) return abi.encodeCall(IAttestedFeed.resume, ());
        if (p.kind == Kind.SetAttestors) {
            return abi.encodeCall(IAttestedFeed.setAttestors, (_listed(p.a, p.c != 0), uint8(p.b)));
        }
        if (p.kind == Kind.SetLimits) {
            return abi.encodeCall(IAttestedFeed.setLimits, (uint32(p.a), uint32(p.b), uint32(p.c)));
        }
        if (p.kind == Kind.ResumeMinting) return abi.encodeCall(IPrimaryMarket.resumeMinting, ());
        if (p.kind == Kind.WindDown) return abi.encodeCall(IPrimaryMarket.windDown, ());
        if (p.kind == Kind.SetOrderCap) return abi.encodeCall(IPrimaryMarket.setOrderCap, (uint112(p.a)));
        if (p.kind == Kind.SetApprovalTiers) {
            return abi.encodeCall(IPrimaryMarket.setApprovalTiers, (_tierSet(p.a)));
        }
        if (p.kind == Kind.SetOperatorLimit) {
            return abi.encodeCall(IPrimaryMarket.setOperatorLimit, (p.account, uint112(p.a)));
        }
        if (p.kind == Kind.SetRedemptionPeriod) {
            return abi.encodeCall(IPrimaryMarket.setRedemptionPeriod, (uint32(p.a)));
        }
        if (p.kind == Kind.Upgrade) {
            return abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (p.account, ""));
        }
        if (p.kind == Kind.Grant) {
            return abi.encodeCall(IAccessManager.grantRole, (uint64(p.a), p.account, 0));
        }
        return abi.encodeCall(IAccessManager.revokeRole, (uint64(p.a), p.account));
    }

    /// @dev Usually usable tiers: few, many, one; now and then descending ones, ones without approvals, or none.
    function _tierSet(uint256 choice) internal view returns (ApprovalTier[] memory tiers) {
        tiers = _tiers();
        for (uint256 i = 0; i < tiers.length; ++i) {
            tiers[i].upTo /= 25;
        }
        if (choice < 3) return tiers;
        if (choice == 3) tiers[1].approvals = 0;
        if (choice == 4) tiers[2].upTo = tiers[0].upTo;
        if (choice == 5) tiers = new ApprovalTier[](0);
        if (choice > 5) {
            tiers = new ApprovalTier[](choice == 6 ? 1 : 4);
            for (uint256 i = 0; i < tiers.length; ++i) {
                tiers[i] = ApprovalTier({upTo: uint112((50_000 * unit) << i), approvals: uint8(1 + i / 2)});
            }
            tiers[tiers.length - 1].upTo = uint112(500_000 * unit);
        }
    }

    /// @param twice Whether the last one is named in the place of the first, too.
    function _listed(uint256 mask, bool twice) private view returns (address[] memory list) {
        list = new address[](_ones(mask));
        uint256 n = 0;
        for (uint256 i = 0; i < attestors.length; ++i) {
            if (mask >> i & 1 != 0) list[n++] = attestors[i];
        }
        if (twice) list[0] = list[n - 1];
    }

    // ------------------------------------------------------------------------------------------------- the rule

    function _proposalRule(Proposal memory p) internal view returns (string memory) {
        if (p.kind == Kind.ResumeToken && !coin.paused) return "Frozen: a token that was not paused resumed";
        if (p.kind == Kind.SetFeed && (p.account == coarseFeed || p.account == attacker)) {
            return "Backing: an unusable feed was set";
        }
        if (p.kind == Kind.SetBuffer && p.a > 10_000) return "Backing: a buffer beyond all was set";
        if (p.kind == Kind.SetMarket) return "NoBackdoor: another market was set";
        if (p.kind == Kind.SetDocument && p.b == 0) return "NoBackdoor: a document without a name was set";
        if (p.kind == Kind.RemoveDocument && !coin.documents[bytes32(p.b)]) {
            return "OnceOnly: a document was removed twice";
        }
        if (p.kind == Kind.ResumeFeed && !reserves[p.target].suspended) {
            return "Backing: a feed that was not suspended resumed";
        }
        if (p.kind == Kind.SetAttestors && (p.b == 0 || p.b > _ones(p.a))) {
            return "Backing: an impossible threshold was set";
        }
        if (p.kind == Kind.SetAttestors && p.c != 0 && _ones(p.a) > 1) {
            return "Backing: an attestor was counted twice";
        }
        if (p.kind == Kind.SetLimits && p.a == 0) return "Backing: no age was set";
        if (p.kind == Kind.ResumeMinting && !desk.stopped) return "OnceOnly: minting resumed twice";
        if (p.kind == Kind.WindDown && desk.woundDown) return "OnceOnly: wound down twice";
        if (p.kind == Kind.SetApprovalTiers && p.a > 2 && p.a < 6) {
            return "NoBackdoor: unusable tiers were set";
        }
        if (p.kind == Kind.SetRedemptionPeriod && p.a == 0) return "Limits: no redemption period was set";
        if (p.kind == Kind.Upgrade && p.account == address(feed)) {
            return "NoBackdoor: upgraded to what is no upgrade";
        }
        return "";
    }

    // ----------------------------------------------------------------------------------------------- the effect

    function _enact(Proposal memory p) internal {
        if (p.kind == Kind.ResumeToken) coin.paused = false;
        if (p.kind == Kind.SetFeed) coin.feed = p.account;
        if (p.kind == Kind.SetBuffer) coin.bufferBps = p.a;
        if (p.kind == Kind.SetDocument) coin.documents[bytes32(p.b)] = true;
        if (p.kind == Kind.RemoveDocument) coin.documents[bytes32(p.b)] = false;
        if (p.kind == Kind.ResumeFeed) reserves[p.target].suspended = false;
        if (p.kind == Kind.SetAttestors) _enactAttestors(reserves[p.target], p.a, p.b);
        if (p.kind == Kind.SetLimits) _enactLimits(reserves[p.target], p.a, p.b, p.c);
        if (p.kind == Kind.ResumeMinting) desk.stopped = false;
        if (p.kind == Kind.WindDown) desk.woundDown = true;
        if (p.kind == Kind.SetOrderCap) desk.orderCap = p.a;
        if (p.kind == Kind.SetApprovalTiers) _enactTiers(_tierSet(p.a));
        if (p.kind == Kind.SetOperatorLimit) _limited(p.account, p.a);
        if (p.kind == Kind.SetRedemptionPeriod) desk.period = p.a;
        if (p.kind == Kind.Upgrade) implementation[p.target] = p.account;
        if (p.kind == Kind.Grant) isMember[uint64(p.a)][p.account] = true;
        if (p.kind == Kind.Revoke) isMember[uint64(p.a)][p.account] = false;
    }

    function _enactAttestors(Reserve storage reserve, uint256 mask, uint256 threshold) internal {
        for (uint256 i = 0; i < attestors.length; ++i) {
            reserve.isAttestor[attestors[i]] = mask >> i & 1 != 0;
        }
        (reserve.attestors, reserve.threshold) = (_ones(mask), threshold);
    }

    function _enactLimits(Reserve storage reserve, uint256 maxAge, uint256 riseBps, uint256 fallBps)
        internal
    {
        (reserve.maxAge, reserve.riseBps, reserve.fallBps) = (maxAge, riseBps, fallBps);
    }

    function _enactTiers(ApprovalTier[] memory tiers) internal {
        delete desk.tiers;
        for (uint256 i = 0; i < tiers.length; ++i) {
            desk.tiers.push(tiers[i]);
        }
    }
}
