// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Calendar} from "./Calendar.sol";
import {Pushes} from "./Pushes.sol";
import {Settlements} from "./Settlements.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title FundDesk
/// @notice The desk's half of a fund vault: calendar, settlement, hand-out, quarantine, settings.
/// @dev A contract of its own because a vault with it would pass the size limit. `FundVault` creates it and runs its
/// functions on its own storage, so caller, roles and events are the vault's. By itself it has no storage, no role and no
/// shares.
contract FundDesk is Calendar, Settlements, Pushes {
    constructor(address authority_, address share_, address asset_, uint8 navDecimals)
        VaultStorage(authority_, share_, asset_, navDecimals)
    {}
}
