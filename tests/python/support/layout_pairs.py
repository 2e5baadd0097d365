"""Pairs of contracts, old and new, whose storage layouts fit or do not: the corpus of the upgrade check.

In the sources `@` stands for what tells a pair's two versions apart from everything else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pair:
    """`kinds` are those of the incompatibilities that our check finds; none where the upgrade is sound."""

    name: str
    old: str
    new: str
    kinds: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def namespaced(fields: str, more: str = "", *, at: str = "corpus.main") -> str:
    """A contract with one namespace of `fields`, and what `more` declares."""
    return f"""contract C@ {{
    {more}
    /// @custom:storage-location erc7201:{at}
    struct Main {{
        {fields}
    }}
}}"""


def plain(fields: str) -> str:
    """A contract with plain state variables."""
    return f"contract C@ {{ {fields} }}"


def inheriting(bases: str, order: str, fields: str = "uint256 own;") -> str:
    return f"{bases}\ncontract C@ is {order} {{ {fields} }}"


A = "abstract contract A@ { uint256 a; }"
B = "abstract contract B@ { uint256 b; }"
GAP_OF_3 = "abstract contract A@ { uint256 a; uint256[3] __gap; }"
ROW = "struct Row { uint128 left; uint128 right; }"
GROWN = "struct Row { uint128 left; uint128 right; uint256 more; }"
STATUS = "enum Status { Open, Closed }"

SOUND = [
    Pair("nothing changes", namespaced("uint256 a; address b;"), namespaced("uint256 a; address b;")),
    Pair("a field at the end of a namespace", namespaced("uint256 a;"), namespaced("uint256 a; uint256 b;")),
    Pair("a field in the namespace's last slot", namespaced("uint112 a;"), namespaced("uint112 a; bool b;")),
    Pair("a field at the end of plain storage", plain("uint256 a;"), plain("uint256 a; uint256 b;")),
    Pair("another namespace", plain("uint256 a;"), namespaced("uint256 b;", "uint256 a;")),
    Pair(
        "a base with a namespace of its own",
        namespaced("uint256 a;"),
        namespaced("uint256 o;", at="corpus.other")
        .replace("contract C@", "abstract contract A@")
        .replace("Main", "Other")
        + "\n"
        + namespaced("uint256 a;").replace("C@", "C@ is A@"),
    ),
    Pair(
        "a member at the end of a mapping's struct",
        namespaced("mapping(uint256 => Row) rows;", ROW),
        namespaced("mapping(uint256 => Row) rows;", GROWN),
    ),
    Pair(
        "a mapping's longer array",
        namespaced("mapping(uint256 => uint256[2]) rows;"),
        namespaced("mapping(uint256 => uint256[3]) rows;"),
    ),
    Pair(
        "a struct by another name",
        namespaced("Row row;", ROW),
        namespaced("Line row;", ROW.replace("Row", "Line")),
    ),
    Pair("a contract as its address", namespaced("C@ a;"), namespaced("address a;")),
    Pair("an address as a contract", namespaced("address a;"), namespaced("C@ a;")),
    Pair(
        "a member at the end of an enum",
        namespaced("Status s; uint256 a;", STATUS),
        namespaced("Status s; uint256 a;", "enum Status { Open, Closed, Lost }"),
    ),
    Pair(
        "a field where nothing was",
        namespaced("uint128 a; uint256 b;"),
        namespaced("uint128 a; uint128 between; uint256 b;"),
    ),
    Pair(
        "a member where nothing was in an embedded struct",
        namespaced("Row row; uint256 b;", "struct Row { uint128 a; uint256 b; }"),
        namespaced("Row row; uint256 b;", "struct Row { uint128 a; uint64 between; uint256 b; }"),
    ),
    Pair(
        "a gap partly used",
        inheriting(GAP_OF_3, "A@"),
        inheriting("abstract contract A@ { uint256 a; uint256 b; uint256[2] __gap; }", "A@"),
    ),
    Pair(
        "a gap used up",
        inheriting(GAP_OF_3, "A@"),
        inheriting("abstract contract A@ { uint256 a; uint256[3] b; }", "A@"),
    ),
    Pair(
        "two bases with a private field of one name",
        inheriting(
            f"{A}\n{B}".replace("uint256 a", "uint256 private x").replace("uint256 b", "bool private x"),
            "A@, B@",
        ),
        inheriting(
            f"{A}\n{B}".replace("uint256 a", "uint256 private x").replace("uint256 b", "bool private x"),
            "A@, B@",
            "uint256 own; uint256 more;",
        ),
    ),
    Pair("a constant", namespaced("uint256 a;"), namespaced("uint256 a;", "uint256 constant K = 1;")),
    Pair(
        "a user-defined type by another name",
        namespaced("Old a;", "type Old is uint128;"),
        namespaced("New a;", "type New is uint128;"),
    ),
    Pair(
        "another contract of the same bases",
        inheriting(A, "A@"),
        inheriting(f"{A}\nabstract contract B@ {{}}", "A@, B@"),
    ),
]

UNSOUND = [
    Pair(
        "the last field is gone", namespaced("uint256 a; uint256 b;"), namespaced("uint256 a;"), ("deleted",)
    ),
    Pair(
        "the first field is gone",
        namespaced("uint256 a; uint128 b;"),
        namespaced("uint128 b;"),
        ("deleted", "moved"),
    ),
    Pair(
        "a field at the beginning",
        namespaced("uint256 a; uint256 b;"),
        namespaced("bool first; uint256 a; uint256 b;"),
        ("moved", "moved", "inserted"),
    ),
    Pair(
        "a field in the middle",
        namespaced("uint256 a; uint256 b;"),
        namespaced("uint256 a; address middle; uint256 b;"),
        ("moved", "inserted"),
    ),
    Pair(
        "two fields change places",
        namespaced("uint256 a; uint256 b;"),
        namespaced("uint256 b; uint256 a;"),
        ("moved", "moved"),
    ),
    Pair(
        "two packed fields change places",
        namespaced("uint64 a; uint128 b;"),
        namespaced("uint128 b; uint64 a;"),
        ("moved", "moved"),
    ),
    Pair(
        "a field by another name",
        namespaced("uint256 a; bool b;"),
        namespaced("uint256 z; bool b;"),
        ("renamed",),
    ),
    Pair(
        "a field of another type and name", namespaced("uint256 a;"), namespaced("bytes32 z;"), ("deleted",)
    ),
    Pair("a field of another type", namespaced("uint256 a;"), namespaced("bytes32 a;"), ("retyped",)),
    Pair("a sign", plain("uint256 a;"), plain("int256 a;"), ("retyped",)),
    Pair("a wider field", namespaced("uint128 a;"), namespaced("uint256 a;"), ("retyped",)),
    Pair("a narrower field", namespaced("uint256 a;"), namespaced("uint128 a;"), ("retyped",)),
    Pair(
        "an address that takes payments",
        namespaced("address a;"),
        namespaced("address payable a;"),
        ("retyped",),
    ),
    Pair("a string as bytes", namespaced("string a;"), namespaced("bytes a;"), ("retyped",)),
    Pair(
        "a namespace by another name",
        namespaced("uint256 a;"),
        namespaced("uint256 a;", at="corpus.renamed"),
        ("namespace",),
    ),
    Pair("a namespace is gone", namespaced("uint256 a;", "uint256 p;"), plain("uint256 p;"), ("namespace",)),
    Pair("plain storage goes into a namespace", plain("uint256 a;"), namespaced("uint256 a;"), ("deleted",)),
    Pair(
        "a variable becomes a constant",
        plain("uint256 a; uint256 b;"),
        plain("uint256 constant a = 1; uint256 b;"),
        ("deleted", "moved"),
    ),
    Pair(
        "a member at the beginning of a mapping's struct",
        namespaced("mapping(uint256 => Row) rows;", ROW),
        namespaced(
            "mapping(uint256 => Row) rows;", "struct Row { bool first; uint128 left; uint128 right; }"
        ),
        ("moved", "moved", "inserted"),
    ),
    Pair(
        "a longer embedded struct", namespaced("Row row;", ROW), namespaced("Row row;", GROWN), ("inserted",)
    ),
    Pair(
        "a longer struct before other fields",
        namespaced("Row row; uint256 b;", ROW),
        namespaced("Row row; uint256 b;", GROWN),
        ("inserted", "moved"),
    ),
    Pair(
        "a longer struct in an array",
        namespaced("Row[] rows;", ROW),
        namespaced("Row[] rows;", GROWN),
        ("inserted",),
    ),
    Pair(
        "a longer struct in a mapping's struct",
        namespaced("mapping(uint256 => Page) pages;", f"{ROW} struct Page {{ Row row; }}"),
        namespaced("mapping(uint256 => Page) pages;", f"{GROWN} struct Page {{ Row row; }}"),
        ("inserted",),
    ),
    Pair(
        "a member by another name",
        namespaced("mapping(uint256 => Row) rows;", ROW),
        namespaced("mapping(uint256 => Row) rows;", ROW.replace("right", "wrong")),
        ("renamed",),
    ),
    Pair(
        "a changed struct in two fields, one of them by another name",
        namespaced("Row a; Row b;", ROW),
        namespaced("Row z; Row b;", "struct Row { int128 left; uint128 right; }"),
        ("deleted", "retyped"),
    ),
    Pair(
        "a mapping's key",
        namespaced("mapping(address => uint256) m;"),
        namespaced("mapping(bytes32 => uint256) m;"),
        ("retyped",),
    ),
    Pair(
        "a mapping's value",
        namespaced("mapping(address => uint256) m;"),
        namespaced("mapping(address => int256) m;"),
        ("retyped",),
    ),
    Pair("a longer array", namespaced("uint256[2] a;"), namespaced("uint256[3] a;"), ("retyped",)),
    Pair("a shorter array", namespaced("uint256[3] a;"), namespaced("uint256[2] a;"), ("retyped",)),
    Pair("an array without a length", namespaced("uint256[1] a;"), namespaced("uint256[] a;"), ("retyped",)),
    Pair(
        "a member in the middle of an enum",
        namespaced("Status s;", STATUS),
        namespaced("Status s;", "enum Status { Open, Lost, Closed }"),
        ("retyped",),
    ),
    Pair(
        "a member of an enum is gone",
        namespaced("Status s;", STATUS),
        namespaced("Status s;", "enum Status { Open }"),
        ("retyped",),
    ),
    Pair(
        "an enum as a number", namespaced("Status s;", STATUS), namespaced("uint8 s;", STATUS), ("retyped",)
    ),
    Pair(
        "a larger user-defined type",
        namespaced("T a;", "type T is uint128;"),
        namespaced("T a;", "type T is uint256;"),
        ("retyped",),
    ),
    Pair(
        "a user-defined type as what it is made of",
        namespaced("T a;", "type T is uint256;"),
        namespaced("uint256 a;"),
        ("retyped",),
    ),
    Pair(
        "bases in another order",
        inheriting(f"{A}\n{B}", "A@, B@"),
        inheriting(f"{A}\n{B}", "B@, A@"),
        ("moved", "moved"),
    ),
    Pair(
        "a base before the others",
        inheriting(A, "A@"),
        inheriting(f"{A}\n{B}", "B@, A@"),
        ("moved", "moved", "inserted"),
    ),
    Pair(
        "a field in a base without room",
        inheriting(A, "A@"),
        inheriting("abstract contract A@ { uint256 a; uint256 more; }", "A@"),
        ("moved", "inserted"),
    ),
    Pair(
        "a field before a gap as long as before",
        inheriting(GAP_OF_3, "A@"),
        inheriting("abstract contract A@ { uint256 a; uint256 b; uint256[3] __gap; }", "A@"),
        ("moved", "gap"),
    ),
    Pair(
        "storage that begins elsewhere",
        "contract C@ layout at 0x100 { uint256 a; }",
        "contract C@ layout at 0x200 { uint256 a; }",
        ("moved",),
    ),
]

PAIRS = [*SOUND, *UNSOUND]
