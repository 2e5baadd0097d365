"""`issuance node`: a local chain in the foreground."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from toolkit.cli.options import Json

__all__ = ["node"]


def node(
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.")] = 0,
    block_time: Annotated[
        int | None, typer.Option(help="Seconds between blocks; without it each transaction is mined at once.")
    ] = None,
    json: Json = False,
) -> None:
    """Run an Anvil chain until interrupted, and print where it listens."""
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.output import Output

    output = Output(json=json)
    with Anvil(port=port, block_time=block_time, accounts=20) as anvil:
        facts = {
            "rpc_url": anvil.rpc_url,
            "ipc_path": anvil.ipc_path,
            "chain_id": anvil.chain_id,
            "instance_id": anvil.instance_id,
        }

        def show() -> None:
            for name, value in facts.items():
                output.line(f"{name:12} {value}")
            output.line("Ctrl-C ends it.")

        output.result(facts, show)
        sys.stdout.flush()
        anvil.wait()
