// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Compiled with the rest because every deployment has them, unchanged, from OpenZeppelin.
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
