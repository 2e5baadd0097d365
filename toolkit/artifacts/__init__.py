"""The contracts, compiled: loaded from the package, or made again from a checkout.

`load`, `names`, `all_artifacts`, `all_errors`, `all_events` and `manifest` read what is packaged;
`compile_contracts` and `check` need a checkout and the `compile` extra.
"""

from __future__ import annotations

from toolkit.artifacts.build import Compilation, check, compile_contracts
from toolkit.artifacts.compiler import Diagnostic
from toolkit.artifacts.model import Artifact, ByteRange
from toolkit.artifacts.packaged import all_artifacts, all_errors, all_events, load, manifest, names

__all__ = [
    "Artifact",
    "ByteRange",
    "Compilation",
    "Diagnostic",
    "all_artifacts",
    "all_errors",
    "all_events",
    "check",
    "compile_contracts",
    "load",
    "manifest",
    "names",
]
