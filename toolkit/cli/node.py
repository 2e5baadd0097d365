"""`issuance node`: a local chain in the foreground."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from toolkit.cli.options import Json

__all__ = ["node"]


def node(
    port: Annotated[int, typer.Option(min=0, max=65535, help="TCP port; 0 takes a free one.")] = 0,
    block_time: Annotated[
        int | None,
        typer.Option(min=1, help="Seconds between blocks; without it each transaction is mined at once."),
    ] = None,
    start: Annotated[
        datetime | None,
        typer.Option(help="Time of the first block (UTC), e.g. to replay an old report. [default: now]"),
    ] = None,
    json: Json = False,
) -> None:
    """Run a local chain until interrupted.

    It is an Anvil node with twenty development accounts, and all it holds goes when it ends.
    """
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.output import Output
    from toolkit.cli.signals import ending_on_sigterm
    from toolkit.errors import AnvilExited

    output = Output(json=json)
    timestamp = None if start is None else int(start.replace(tzinfo=UTC).timestamp())
    with (
        ending_on_sigterm(),
        Anvil(port=port, block_time=block_time, timestamp=timestamp, accounts=20) as anvil,
    ):
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
        status = anvil.wait()
        raise AnvilExited(
            f"the node ended by itself with exit status {status}; the end of its log:\n{anvil.log_tail()}",
            exit_code=status,
        )
