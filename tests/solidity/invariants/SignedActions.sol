// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {vm} from "../support/Vm.sol";
import {HolderActions} from "./HolderActions.sol";

/// @notice What holders sign and others send: permits, authorisations, redemptions without gas, in both forms.
abstract contract SignedActions is HolderActions {
    struct Authorisation {
        bool receivable;
        bool genuine;
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    string internal constant PERMIT_KEY = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)";
    string internal constant PERMIT_BYTES = "permit(address,address,uint256,uint256,bytes)";
    string internal constant TRANSFER_KEY =
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
    string internal constant TRANSFER_BYTES =
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
    string internal constant RECEIVE_KEY =
        "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)";
    string internal constant RECEIVE_BYTES =
        "receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)";
    string internal constant CANCEL_KEY = "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)";
    string internal constant CANCEL_BYTES = "cancelAuthorization(address,bytes32,bytes)";

    /// @dev Every authorisation ever signed: whoever saw one may send it again.
    Authorisation[] private _seen;
    uint256 private _salt;

    /// @notice A permit, sent by anybody: once, twice, too late, or signed by somebody else.
    function permit(uint256 seed) external act(seed) {
        address owner = _holder();
        address spender = _odds(4) ? address(market) : _holder();
        uint256 value = _allowance();
        uint256 deadline = _odds(12) ? block.timestamp - 1 : block.timestamp + _roll(2 days);
        uint256 nonce = coin.permits[owner];
        address signer = _odds(12) ? attacker : owner;
        bool compact = owner == wallet ? !_odds(8) : _odds(2);
        if (_odds(16)) nonce = nonce == 0 ? 1 : nonce - 1;
        bytes32 digest = _digest(keccak256(abi.encode(PERMIT, owner, spender, value, nonce, deadline)));
        bytes memory data = _call(
            compact ? PERMIT_BYTES : PERMIT_KEY,
            abi.encode(owner, spender, value, deadline),
            compact,
            keyOf[signer],
            digest
        );
        string memory rule = "";
        if (nonce != coin.permits[owner]) rule = "OnceOnly: a permit was used out of turn";
        if (signer != owner || owner == wallet && !compact) rule = "NoBackdoor: a permit of somebody else";
        if (deadline < block.timestamp) rule = "NoBackdoor: a permit was used too late";
        for (uint256 sent = 0; sent < 2; ++sent) {
            if (_attempt(_holder(), address(token), data, rule)) {
                ++coin.permits[owner];
                coin.allowance[owner][spender] = value;
            }
            if (bytes(rule).length == 0) rule = "OnceOnly: a permit was used twice";
        }
    }

    /// @notice A fresh authorisation, presented at once by its payee, the attacker or anybody.
    function authorise(uint256 seed) external act(seed) {
        address from = _holder();
        Authorisation memory a = Authorisation({
            receivable: _odds(2),
            genuine: !_odds(12),
            from: from,
            to: _receiver(),
            value: _amount(_free(from)),
            validAfter: _odds(12) ? block.timestamp : block.timestamp - 1,
            validBefore: _odds(12) ? block.timestamp : block.timestamp + 1 + _roll(2 days),
            nonce: _freshNonce()
        });
        _seen.push(a);
        _present(a, a, _odds(12) ? _holder() : a.to);
    }

    /// @notice An authorisation seen before, presented again, by the attacker more often than not.
    function presentAgain(uint256 seed) external act(seed) {
        if (_seen.length == 0) return;
        uint256 i = _roll(_seen.length);
        Authorisation memory a = _seen[i];
        if (_odds(4)) {
            // Signed as the one kind and presented as the other, or with another figure.
            a.genuine = false;
            if (_odds(2)) a.receivable = !a.receivable;
            else ++a.value;
        }
        _present(a, _seen[i], _odds(3) ? a.to : attacker);
    }

    function cancelAuthorisation(uint256 seed) external act(seed) {
        bool known = _seen.length != 0 && _odds(2);
        address authoriser = _holder();
        bytes32 nonce = _freshNonce();
        if (known) {
            Authorisation memory a = _seen[_roll(_seen.length)];
            (authoriser, nonce) = (a.from, a.nonce);
        }
        bool compact = authoriser == wallet ? !_odds(8) : _odds(2);
        address signer = _odds(8) ? attacker : authoriser;
        bytes memory data = _call(
            compact ? CANCEL_BYTES : CANCEL_KEY,
            abi.encode(authoriser, nonce),
            compact,
            keyOf[signer],
            _digest(keccak256(abi.encode(CANCEL, authoriser, nonce)))
        );
        string memory rule = "";
        if (signer != authoriser || authoriser == wallet && !compact) {
            rule = "NoBackdoor: an authorisation was cancelled by somebody else";
        }
        if (coin.used[authoriser][nonce]) rule = "OnceOnly: a used authorisation was cancelled";
        if (_attempt(_holder(), address(token), data, rule)) coin.used[authoriser][nonce] = true;
    }

    /// @notice A holder's redemption that somebody else sends; now and then for another reference than the signed one.
    function redeemSigned(uint256 seed) external act(seed) {
        address holder = _holder();
        bytes32 reference_ = keccak256(abi.encode(seed));
        bytes32 salt = _freshNonce();
        Authorisation memory a = Authorisation({
            receivable: true,
            genuine: !_odds(12),
            from: holder,
            to: address(market),
            value: _amount(_free(holder) / 3),
            validAfter: 0,
            validBefore: block.timestamp + 1 + _roll(2 days),
            nonce: market.redemptionNonce(reference_, salt)
        });
        bytes memory signature = _sign(_signerOf(a), _authorisationDigest(a));
        _seen.push(a);
        // Without the market it is nobody's: presented to the token it has to be refused.
        if (_odds(3)) _present(a, a, attacker);
        bool tampered = _odds(8);
        string memory rule =
            tampered ? "NoBackdoor: a redemption under another reference" : _presentRule(a, a.to, true);
        if (a.value == 0) rule = "Escrow: an empty request was opened";
        bytes memory data = abi.encodeCall(
            IPrimaryMarket.requestRedemptionWithAuthorization,
            (holder, a.value, tampered ? CASE : reference_, 0, a.validBefore, salt, signature)
        );
        if (_attempt(_holder(), address(market), data, rule)) {
            coin.used[holder][a.nonce] = true;
            _moved(holder, address(market), a.value);
            _opened(holder, a.value);
        }
        if (!tampered && bytes(rule).length == 0) {
            _attempt(attacker, address(market), data, "OnceOnly: a signed redemption was sent twice");
        }
    }

    // ---------------------------------------------------------------------------------------------- inside

    function _presentRule(Authorisation memory a, address caller, bool compact)
        private
        view
        returns (string memory)
    {
        if (a.receivable && caller != a.to) {
            return "NoBackdoor: somebody else presented the payee's authorisation";
        }
        if (block.timestamp <= a.validAfter) return "NoBackdoor: an authorisation was used too early";
        if (block.timestamp >= a.validBefore) return "NoBackdoor: an authorisation was used too late";
        if (coin.used[a.from][a.nonce]) return "OnceOnly: an authorisation was used twice";
        if (!a.genuine || a.from == wallet && !compact) return "NoBackdoor: an authorisation nobody signed";
        return _transferRule(a.from, a.to, a.value);
    }

    /// @dev Presents `a` with the signature of `signed`, which is another one if it was tampered with.
    function _present(Authorisation memory a, Authorisation memory signed, address caller) private {
        // The market and the token present nothing of themselves.
        if (keyOf[caller] == 0) caller = attacker;
        bool compact = a.from == wallet ? !_odds(8) : _odds(2);
        string memory form =
            a.receivable ? compact ? RECEIVE_BYTES : RECEIVE_KEY : compact ? TRANSFER_BYTES : TRANSFER_KEY;
        bytes memory data = _call(
            form,
            abi.encode(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce),
            compact,
            _signerOf(signed),
            _authorisationDigest(signed)
        );
        if (_attempt(caller, address(token), data, _presentRule(a, caller, compact))) {
            coin.used[a.from][a.nonce] = true;
            _moved(a.from, a.to, a.value);
        }
    }

    /// @dev What is not genuine is signed by the attacker, or, when the attacker is the holder, over something else.
    function _signerOf(Authorisation memory a) private view returns (uint256) {
        return a.genuine || a.from == attacker ? keyOf[a.from] : ATTACKER_KEY;
    }

    function _authorisationDigest(Authorisation memory a) private view returns (bytes32) {
        bytes32 kind = a.receivable ? RECEIVE : TRANSFER;
        bytes32 nonce = a.genuine ? a.nonce : keccak256(abi.encode(a.nonce));
        return _digest(keccak256(abi.encode(kind, a.from, a.to, a.value, a.validAfter, a.validBefore, nonce)));
    }

    function _digest(bytes32 structure) private view returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", token.DOMAIN_SEPARATOR(), structure));
    }

    /// @dev A call of the function `form`: `head` holds its static arguments before the signature.
    function _call(string memory form, bytes memory head, bool compact, uint256 key, bytes32 digest)
        private
        pure
        returns (bytes memory)
    {
        bytes4 selector = bytes4(keccak256(bytes(form)));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        if (!compact) return bytes.concat(selector, head, abi.encode(v, r, s));
        bytes memory tail = bytes.concat(bytes32(uint256(65)), abi.encodePacked(r, s, v, new bytes(31)));
        return bytes.concat(selector, head, bytes32(head.length + 32), tail);
    }

    function _freshNonce() private returns (bytes32) {
        return keccak256(abi.encode("nonce", ++_salt));
    }
}
