"""Who may do what in the suite: the function of each role, and the roles that must be apart.

The table is design section 4's, kept by the access manager: a function that isn't in it stays with
`ADMIN`, which is what OpenZeppelin's manager gives to every restricted function until told otherwise.
Things that protect belong to `GUARDIAN` and are immediate; things that loosen belong to others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations

from toolkit.bindings.roles import Role
from toolkit.chain.abi import selector

__all__ = [
    "ATTESTOR",
    "CONTRACTS",
    "FORBIDDEN_PAIRS",
    "FUNCTION_ROLES",
    "IMMEDIATE_ROLES",
    "MANAGER_FUNCTIONS",
    "MARKET_FUNCTIONS",
    "OPPOSITE_ENDS",
    "REQUIRED_ROLES",
    "ROLE_GUARDIANS",
    "all_functions",
    "forbidden_pairs",
    "function_selector",
    "role_name",
]

CONTRACTS = (
    "AccessManager",
    "GuardianGate",
    "InvestorRegistry",
    "ReserveFeed",
    "Stablecoin",
    "PrimaryMarket",
)
"""The suite's contracts under their names in the deployment record."""

FUNCTION_ROLES: Mapping[str, Mapping[Role, tuple[str, ...]]] = {
    "GuardianGate": {
        Role.GUARDIAN: ("revokeRole(uint64,address)", "cancel(address,address,bytes)"),
    },
    "InvestorRegistry": {
        Role.REGISTRAR: (
            "setWallets((address,(bytes16,uint40,uint16,uint8,uint8))[])",
            "removeWallets(address[])",
        ),
        Role.UPGRADER: ("upgradeToAndCall(address,bytes)",),
    },
    "ReserveFeed": {
        Role.GUARDIAN: ("suspend()", "suspendAttestor(address)"),
        Role.GOVERNOR: ("resume()", "setAttestors(address[],uint8)", "setLimits(uint32,uint32,uint32)"),
    },
    "Stablecoin": {
        Role.GUARDIAN: ("pause()", "setFrozenTokens(address,uint256)"),
        Role.GOVERNOR: (
            "resume()",
            "setFeed(address)",
            "setBuffer(uint16)",
            "setMarket(address)",
            "setDocument(bytes32,string,bytes32)",
            "removeDocument(bytes32)",
        ),
        Role.COMPLIANCE: (
            "unfreeze(address,uint256,bytes32)",
            "forcedTransfer(address,address,uint256,bytes32)",
            "burnByOrder(address,uint256,bytes32)",
        ),
        Role.UPGRADER: ("upgradeToAndCall(address,bytes)",),
    },
    "PrimaryMarket": {
        Role.OPERATOR: (
            "mint(((uint256,address,uint256,uint64)[],(address,bytes)[],uint256)[])",
            "acceptRedemptions(uint256[],(address,bytes)[])",
            "rejectRedemptions(uint256[],bytes32)",
        ),
        Role.TREASURER: ("recordPayouts(uint256[],bytes32[])",),
        Role.COMPLIANCE: (
            "seizeEscrow(uint256,address,bytes32)",
            "returnUnsolicited(address,uint256,bytes32)",
        ),
        Role.GUARDIAN: ("stopMinting()",),
        Role.GOVERNOR: (
            "resumeMinting()",
            "windDown()",
            "setOrderCap(uint112)",
            "setApprovalTiers((uint112,uint8)[])",
            "setOperatorLimit(address,uint112)",
            "setRedemptionPeriod(uint32)",
        ),
        Role.UPGRADER: ("upgradeToAndCall(address,bytes)",),
    },
}
"""Contract → role → signatures of the restricted functions it may call."""

MANAGER_FUNCTIONS = (
    "grantRole(uint64,address,uint32)",
    "revokeRole(uint64,address)",
    "setTargetFunctionRole(address,bytes4[],uint64)",
    "setTargetClosed(address,bool)",
    "setTargetAdminDelay(address,uint32)",
    "setRoleAdmin(uint64,uint64)",
    "setRoleGuardian(uint64,uint64)",
    "setGrantDelay(uint64,uint32)",
    "labelRole(uint64,string)",
    "updateAuthority(address,address)",
)
"""What the access manager itself leaves to `ADMIN`."""

MARKET_FUNCTIONS = (
    "mint((uint256,address,uint256,uint64)[])",
    "burnEscrow(uint256)",
    "discharge(uint256)",
    "lowerFrozen(address,uint256)",
)
"""The coin's functions that only its stored market address may call."""

ROLE_GUARDIANS: Mapping[int, Role] = {Role.GOVERNOR: Role.GUARDIAN, Role.UPGRADER: Role.GUARDIAN}
"""Role → the role that may cancel what its members have scheduled."""

REQUIRED_ROLES = (
    Role.ADMIN,
    Role.OPERATOR,
    Role.APPROVER,
    Role.TREASURER,
    Role.REGISTRAR,
    Role.COMPLIANCE,
    Role.GUARDIAN,
    Role.GOVERNOR,
)
"""Without a holder of each, the coin can't be issued, redeemed, protected or governed."""

IMMEDIATE_ROLES = (Role.APPROVER, Role.GUARDIAN)
"""A signature can't be delayed, and protection must not be."""

ATTESTOR = "ATTESTOR"
"""Not a role of the access manager: an account on the feed's list."""

FORBIDDEN_PAIRS: frozenset[frozenset[str]] = frozenset(
    frozenset((left, right))
    for left, rights in {
        "OPERATOR": ("APPROVER", "TREASURER", "REGISTRAR"),
        "APPROVER": ("TREASURER",),
        "GUARDIAN": ("GOVERNOR", "COMPLIANCE", "ADMIN", "UPGRADER"),
        "ADMIN": ("OPERATOR", "APPROVER", "TREASURER", "REGISTRAR", "COMPLIANCE"),
        "UPGRADER": ("OPERATOR", "APPROVER", "TREASURER"),
        ATTESTOR: ("OPERATOR", "APPROVER", "TREASURER"),
    }.items()
    for right in rights
)
"""Names of roles (and `ATTESTOR`) that no single account may hold together."""

OPPOSITE_ENDS: tuple[tuple[str, str, str, str, str], ...] = (
    ("freeze and unfreeze", "Stablecoin", "setFrozenTokens", "Stablecoin", "unfreeze"),
    ("pause and resume", "Stablecoin", "pause", "Stablecoin", "resume"),
    ("suspend the feed and resume it", "ReserveFeed", "suspend", "ReserveFeed", "resume"),
    ("stop minting and resume it", "PrimaryMarket", "stopMinting", "PrimaryMarket", "resumeMinting"),
    ("mint and raise its own limit", "PrimaryMarket", "mint", "PrimaryMarket", "setOperatorLimit"),
    ("mint and change the approvals", "PrimaryMarket", "mint", "PrimaryMarket", "setApprovalTiers"),
    ("mint and verify the recipients", "PrimaryMarket", "mint", "InvestorRegistry", "setWallets"),
    ("mint and change the feed", "PrimaryMarket", "mint", "Stablecoin", "setFeed"),
    ("mint and upgrade", "PrimaryMarket", "mint", "PrimaryMarket", "upgradeToAndCall"),
    ("accept and pay out", "PrimaryMarket", "acceptRedemptions", "PrimaryMarket", "recordPayouts"),
)
"""`NoBackdoor`: what it would mean, and the two functions that no one role may both call."""


def role_name(role: int) -> str:
    """`OPERATOR` for 1; `role 42` for a role that isn't the suite's."""
    return Role(role).name if role in Role._value2member_map_ else f"role {role}"


@cache
def function_selector(text: str) -> bytes:
    """The selector of a signature, computed once."""
    return selector(text)


def all_functions() -> Iterator[tuple[str, str]]:
    """(contract, signature) of every function in the table."""
    for contract, roles in FUNCTION_ROLES.items():
        for row in roles.values():
            for text in row:
                yield contract, text


def forbidden_pairs(holders: Mapping[str, Iterable[str]]) -> list[tuple[str, str, str]]:
    """The (account, role, role) that must not be, given role name (or `ATTESTOR`) → accounts."""
    roles: dict[str, set[str]] = {}
    for role, accounts in holders.items():
        for account in accounts:
            roles.setdefault(account, set()).add(role)
    return [
        (account, left, right)
        for account, held in sorted(roles.items())
        for left, right in combinations(sorted(held), 2)
        if frozenset((left, right)) in FORBIDDEN_PAIRS
    ]
