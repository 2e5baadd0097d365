from __future__ import annotations

import subprocess
import sys

import toolkit.chain

HEAVY = ("web3", "eth_account", "eth_abi", "coincurve", "sqlalchemy", "pydantic", "requests", "ctypes")


def loaded_after(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_importing_the_chain_loads_nothing_heavy() -> None:
    assert loaded_after("import toolkit.chain") == set()


def test_a_client_and_a_node_need_no_web3() -> None:
    modules = "anvil, client, sender, signers, journal, reverts, logs, abi, transport"
    assert loaded_after(f"from toolkit.chain import {modules}") == set()


def test_every_name_is_where_the_package_says() -> None:
    for name in toolkit.chain.__all__:
        assert getattr(toolkit.chain, name).__module__.startswith("toolkit.chain") or name == "BlockRef"
