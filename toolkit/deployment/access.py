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
    "FEEDS",
    "FORBIDDEN_PAIRS",
    "FUNCTION_ROLES",
    "IMMEDIATE_ROLES",
    "LATER_CONTRACTS",
    "MANAGER_FUNCTIONS",
    "MARKET_FUNCTIONS",
    "OPPOSITE_ENDS",
    "REQUIRED_ROLES",
    "ROLE_GUARDIANS",
    "VAULT_FUNCTIONS",
    "all_functions",
    "forbidden_pairs",
    "function_selector",
    "functions_of",
    "kind_of",
    "role_name",
]

CONTRACTS = (
    "AccessManager",
    "GuardianGate",
    "InvestorRegistry",
    "ReserveFeed",
    "Stablecoin",
    "PrimaryMarket",
    "OmnibusRegistry",
)
"""A coin's contracts under their names in the deployment record.

A fund's stand beside them, each a kind and whose it is: `FundShare A`, `NavFeed A`, `FundVault A tUSD`,
`Distribution tUSD`; and `Coin X` where the fund also settles in a coin of another suite.
"""

LATER_CONTRACTS = ("OmnibusRegistry",)
"""Those of a coin's that a record made before there were any doesn't have, and is good without."""

FEEDS = ("ReserveFeed", "NavFeed")
"""The kinds that are attested feeds."""

_FEED: Mapping[Role, tuple[str, ...]] = {
    Role.GUARDIAN: ("suspend()", "suspendAttestor(address)"),
    Role.GOVERNOR: ("resume()", "setAttestors(address[],uint8)", "setLimits(uint32,uint32,uint32)"),
}
_UPGRADE = ("upgradeToAndCall(address,bytes)",)
_PROTECTION = ("pause()", "setFrozenTokens(address,uint256)")
_TOKEN_GOVERNANCE = ("resume()", "setDocument(bytes32,string,bytes32)", "removeDocument(bytes32)")
_TOKEN_CASES = ("unfreeze(address,uint256,bytes32)", "forcedTransfer(address,address,uint256,bytes32)")
_RELEASE = "(address,address,uint96,uint96,bool,bytes32)"

FUNCTION_ROLES: Mapping[str, Mapping[Role, tuple[str, ...]]] = {
    "GuardianGate": {
        Role.GUARDIAN: ("revokeRole(uint64,address)", "cancel(address,address,bytes)"),
    },
    "InvestorRegistry": {
        Role.REGISTRAR: (
            "setWallets((address,(bytes16,uint40,uint16,uint8,uint8))[])",
            "removeWallets(address[])",
        ),
        Role.UPGRADER: _UPGRADE,
    },
    "OmnibusRegistry": {
        Role.REGISTRAR: ("commit((address,address,uint32,bytes32,uint128,uint64,uint64,bytes32))",),
        Role.UPGRADER: _UPGRADE,
    },
    "ReserveFeed": _FEED,
    "Stablecoin": {
        Role.GUARDIAN: _PROTECTION,
        Role.GOVERNOR: (*_TOKEN_GOVERNANCE, "setFeed(address)", "setBuffer(uint16)", "setMarket(address)"),
        Role.COMPLIANCE: (*_TOKEN_CASES, "burnByOrder(address,uint256,bytes32)"),
        Role.UPGRADER: _UPGRADE,
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
        Role.UPGRADER: _UPGRADE,
    },
    "FundShare": {
        Role.GUARDIAN: _PROTECTION,
        Role.GOVERNOR: (
            *_TOKEN_GOVERNANCE,
            "setPolicy((uint96,uint96,uint24,uint16,uint8,bool,bool))",
            "setCountries(uint8,uint16[])",
            "setVault(address,address)",
        ),
        Role.COMPLIANCE: _TOKEN_CASES,
        Role.UPGRADER: _UPGRADE,
    },
    "NavFeed": _FEED,
    "FundVault": {
        Role.DEALING_MANAGER: (
            "announceDays(uint256,uint40[])",
            "closeDay(uint256)",
            "settleDay(uint256)",
            "pushShares(uint256,address[])",
            "pushAssets(address[])",
            "pushCancelled(address[])",
        ),
        Role.TREASURER: (
            "fundRedemptions(uint256)",
            "returnFunding(uint256)",
            f"confirmRelease({_RELEASE})",
        ),
        Role.COMPLIANCE: (f"proposeRelease({_RELEASE})", f"retractRelease({_RELEASE})"),
        Role.GUARDIAN: ("suspendDealing(bytes32)",),
        Role.GOVERNOR: (
            "resumeDealing()",
            "setTerms((uint16,uint16,uint16,uint16,uint16,uint32,uint96,uint96))",
            "setNavFeed(address)",
            "setCustody(address)",
        ),
        Role.UPGRADER: _UPGRADE,
    },
    "Distribution": {
        Role.TREASURER: ("create((address,uint40,uint40,uint112,bytes32,bytes32))", "sweep(uint256)"),
        Role.COMPLIANCE: ("releaseTo(uint256,address,address,bytes32)",),
        Role.GUARDIAN: ("stop(uint256)",),
        Role.GOVERNOR: ("resume(uint256)", "cancel(uint256)"),
        Role.UPGRADER: _UPGRADE,
    },
}
"""Kind of contract → role → signatures of the restricted functions it may call."""

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

VAULT_FUNCTIONS = (
    "issue(uint256)",
    "retire(uint256)",
    "collect(address,address,uint256)",
    "deliver(address,uint256,uint40)",
    "deliver(address[],uint256[],uint40)",
    "giveBack(address,uint256)",
)
"""A share class's functions that only its vaults may call."""

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
        "ADMIN": ("OPERATOR", "APPROVER", "TREASURER", "REGISTRAR", "COMPLIANCE", "DEALING_MANAGER"),
        "UPGRADER": ("OPERATOR", "APPROVER", "TREASURER", "DEALING_MANAGER"),
        "DEALING_MANAGER": ("TREASURER", "REGISTRAR", "GOVERNOR"),
        ATTESTOR: ("OPERATOR", "APPROVER", "TREASURER", "DEALING_MANAGER"),
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
    ("mint and say whose the tokens are", "PrimaryMarket", "mint", "OmnibusRegistry", "commit"),
    ("mint and change the feed", "PrimaryMarket", "mint", "Stablecoin", "setFeed"),
    ("mint and upgrade", "PrimaryMarket", "mint", "PrimaryMarket", "upgradeToAndCall"),
    ("accept and pay out", "PrimaryMarket", "acceptRedemptions", "PrimaryMarket", "recordPayouts"),
    ("freeze and unfreeze", "FundShare", "setFrozenTokens", "FundShare", "unfreeze"),
    ("pause and resume", "FundShare", "pause", "FundShare", "resume"),
    ("suspend the feed and resume it", "NavFeed", "suspend", "NavFeed", "resume"),
    ("suspend dealing and resume it", "FundVault", "suspendDealing", "FundVault", "resumeDealing"),
    ("settle a day and change its price's feed", "FundVault", "settleDay", "FundVault", "setNavFeed"),
    ("settle a day and choose who attests its price", "FundVault", "settleDay", "NavFeed", "setAttestors"),
    ("settle a day and change its terms", "FundVault", "settleDay", "FundVault", "setTerms"),
    ("settle a day and choose where its money goes", "FundVault", "settleDay", "FundVault", "setCustody"),
    ("settle a day and pay for it", "FundVault", "settleDay", "FundVault", "fundRedemptions"),
    ("settle a day and name vaults", "FundVault", "settleDay", "FundShare", "setVault"),
    ("settle a day and verify the investors", "FundVault", "settleDay", "InvestorRegistry", "setWallets"),
    ("settle a day and upgrade", "FundVault", "settleDay", "FundVault", "upgradeToAndCall"),
    ("propose a release and confirm it", "FundVault", "proposeRelease", "FundVault", "confirmRelease"),
    ("stop a distribution and resume it", "Distribution", "stop", "Distribution", "resume"),
    ("create a distribution and cancel it", "Distribution", "create", "Distribution", "cancel"),
    ("create a distribution and redirect it", "Distribution", "create", "Distribution", "releaseTo"),
)
"""`NoBackdoor`: what it would mean, and the two functions (kind, name) that no one role may both call."""


def role_name(role: int) -> str:
    """`OPERATOR` for 1; `role 42` for a role that isn't the suite's."""
    return Role(role).name if role in Role._value2member_map_ else f"role {role}"


@cache
def function_selector(text: str) -> bytes:
    """The selector of a signature, computed once."""
    return selector(text)


def kind_of(contract: str) -> str:
    """`FundVault` for `FundVault A tUSD`: what the contract is, without whose."""
    return contract.partition(" ")[0]


def functions_of(contracts: Iterable[str]) -> Iterator[tuple[str, Role, str]]:
    """(contract, role, signature) of every function in the table of those `contracts`."""
    for contract in contracts:
        for role, row in FUNCTION_ROLES.get(kind_of(contract), {}).items():
            for text in row:
                yield contract, role, text


def all_functions() -> Iterator[tuple[str, str]]:
    """(kind of contract, signature) of every function in the table."""
    return ((contract, text) for contract, _, text in functions_of(FUNCTION_ROLES))


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
