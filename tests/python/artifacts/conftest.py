from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.checkout import IMPORTS, LIMITS, REPOSITORY, VAULT, Checkout

from toolkit.artifacts import compile_contracts


def make_checkout(root: Path) -> Checkout:
    made = Checkout(root)
    made.write("contracts/Vault.sol", VAULT)
    made.write("contracts/Limits.sol", LIMITS)
    made.write("contracts/deployment/Imports.sol", IMPORTS)
    for name in ("foundry.toml", "package.json"):
        shutil.copy(REPOSITORY / name, root / name)
    (root / "node_modules").symlink_to(REPOSITORY / "node_modules")
    solc = REPOSITORY / "scripts" / "solc"
    made.write("scripts/solc", f'#!/bin/sh\necho "$@" >> "$(dirname "$0")/../calls"\nexec "{solc}" "$@"\n')
    (root / "scripts" / "solc").chmod(0o755)
    return made


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A small checkout with one contract, and a compiler that notes each of its calls."""
    return make_checkout(tmp_path)


@pytest.fixture(scope="session")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("compiled")
    compile_contracts(make_checkout(root).root)
    (root / "calls").unlink()
    return root


@pytest.fixture
def compiled(compiled_once: Path, tmp_path: Path) -> Checkout:
    """The same checkout with its artifacts made and its compiler's answer in the cache."""
    root = tmp_path / "checkout"
    shutil.copytree(compiled_once, root, symlinks=True)
    return Checkout(root)
