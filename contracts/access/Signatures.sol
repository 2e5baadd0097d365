// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures
/// @notice Decides whether an account signed a digest.
library Signatures {
    /// @notice Whether `signer` signed `digest`: by its key (65 bytes, low s), else by its code (ERC-1271).
    /// @dev The key is tried before the code, so that an account with delegated code (EIP-7702) signs with its key
    /// whatever the delegate says, and so that the common case asks the chain for nothing.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        // The third value explains `problem`, which is refused whatever it is.
        // slither-disable-next-line unused-return
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length != 0
            && SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature);
    }

    /// @notice Whether the key of `signer` signed `digest`.
    function isValid(address signer, bytes32 digest, uint8 v, bytes32 r, bytes32 s)
        internal
        pure
        returns (bool)
    {
        // The third value explains `problem`, which is refused whatever it is.
        // slither-disable-next-line unused-return
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecover(digest, v, r, s);
        return problem == ECDSA.RecoverError.NoError && recovered == signer;
    }
}
