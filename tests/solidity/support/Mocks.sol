// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {Stablecoin} from "../../../contracts/token/Stablecoin.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice Creates contracts and gives their constructor's refusal on.
contract Creator {
    function create(bytes memory code) external returns (address created) {
        assembly {
            created := create(0, add(code, 32), mload(code))
            if iszero(created) {
                let data := mload(0x40)
                returndatacopy(data, 0, returndatasize())
                revert(data, returndatasize())
            }
        }
    }
}

/// @notice A contract account that accepts its owner's signatures.
contract Wallet1271 {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address recovered,,) = ECDSA.tryRecover(digest, signature);
        return recovered == OWNER ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function call(address target, bytes calldata data) external returns (bytes memory) {
        (bool ok, bytes memory result) = target.call(data);
        if (!ok) {
            assembly {
                revert(add(result, 32), mload(result))
            }
        }
        return result;
    }
}

/// @notice A contract account whose signature check reverts.
contract RevertingWallet {
    error Unwilling();

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        revert Unwilling();
    }
}

/// @notice A contract account whose signature check tries to move its tokens first. It accepts only if it could.
contract ReenteringWallet {
    IERC20 private immutable TOKEN;
    address private immutable ACCOMPLICE;

    constructor(address token, address accomplice) {
        TOKEN = IERC20(token);
        ACCOMPLICE = accomplice;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        return TOKEN.transfer(ACCOMPLICE, 1) ? this.isValidSignature.selector : bytes4(0);
    }
}

/// @notice A market without rules: what the token refuses even to its market.
contract BareMarket {
    IStablecoin private immutable TOKEN;

    constructor(address token) {
        TOKEN = IStablecoin(token);
    }

    function mint(address[] calldata accounts, uint256[] calldata amounts) external {
        TOKEN.mint(accounts, amounts);
    }

    function burnEscrow(uint256 amount) external {
        TOKEN.burnEscrow(amount);
    }

    function discharge(uint256 amount) external {
        TOKEN.discharge(amount);
    }
}

/// @notice The next version of the coin.
contract StablecoinV2 is Stablecoin {
    constructor(address authority) Stablecoin(authority, "Demo Coin II", "DEMO2", 6, "HKD") {}

    function version() external pure returns (uint256) {
        return 2;
    }
}
