from __future__ import annotations

import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.proxy import MisbehavingProxy
from support.tiny import LOGS_ITS_INPUT, RETURNS_ITS_INPUT, REVERTS_WITH_ITS_INPUT, place, transact

from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.chain.finality import Finality
from toolkit.chain.hexes import from_hex, keccak, to_hex
from toolkit.chain.node_messages import NodeMessage
from toolkit.chain.reverts import RevertRegistry
from toolkit.errors import (
    ConfigurationError,
    ContractReverted,
    InconsistentNode,
    InvalidInput,
    NodeRejected,
    NodeTimeout,
    NodeUnreachable,
    WrongChain,
)

TOPIC = keccak(b"Something(uint256)")


def emit(node: Anvil, to: str, count: int = 1) -> None:
    for number in range(count):
        transact(node, to=to, data=to_hex(TOPIC + number.to_bytes(32, "big")))


def test_wrong_chain_id_is_refused_before_anything_else(anvil: Anvil) -> None:
    with Client(anvil.rpc_url, chain_id=1) as client:
        with pytest.raises(WrongChain, match=r"serves chain 31337, not 1;"):
            client.block("latest")
        with pytest.raises(WrongChain):
            client.batch([("eth_blockNumber", [])])


def test_no_node() -> None:
    with pytest.raises(NodeUnreachable, match=r"no node answers at http://127\.0\.0\.1:1 .*refused"):
        Client("http://127.0.0.1:1").block("latest")
    with pytest.raises(NodeUnreachable, match=r"no node answers at /nowhere/anvil\.ipc"):
        Client("/nowhere/anvil.ipc").block("latest")
    with pytest.raises(ConfigurationError, match="'ws' cannot be used"):
        Client("ws://127.0.0.1:8545")


def test_messages_never_show_the_secrets_of_an_address() -> None:
    client = Client("http://user:password@127.0.0.1:1/v3/secret-key?token=secret-token")
    with pytest.raises(NodeUnreachable) as caught:
        client.block("latest")
    for secret in ("password", "secret-key", "secret-token"):
        assert secret not in f"{caught.value}{caught.value.to_json()}{client!r}"


@pytest.mark.parametrize("transport", ["http", "ipc"])
def test_many_threads_share_a_client(chain: Anvil, transport: str) -> None:
    chain.mine(50)
    endpoint = chain.rpc_url if transport == "http" else chain.ipc_path
    with Client(endpoint) as client, ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda number: client.block(number).number, [*range(50)] * 4))
    assert numbers == [*range(50)] * 4


@pytest.mark.parametrize("transport", ["http", "ipc"])
def test_long_answers_and_batches(chain: Anvil, transport: str) -> None:
    returns = place(chain, RETURNS_ITS_INPUT)
    long = bytes(range(256)) * 1_000
    with Client(chain.rpc_url if transport == "http" else chain.ipc_path) as client:
        assert client.call(returns, long, block="latest") == long
        calls = [(returns, number.to_bytes(2, "big")) for number in range(500)]
        assert client.calls(calls, block=client.block("latest")) == [data for _, data in calls]
        assert client.batch([]) == []


def test_a_node_that_says_nothing_times_out(anvil: Anvil) -> None:
    with MisbehavingProxy(anvil.rpc_url) as proxy, Client(proxy.url, timeout=0.3) as client:
        proxy.hang("eth_getBlockByNumber")
        with pytest.raises(NodeTimeout, match="did not answer eth_getBlockByNumber in time"):
            client.block("latest")
        proxy.behave()
        assert client.request("eth_getBlockByNumber", ["latest", False], timeout=20)["number"]


def test_a_request_is_never_sent_twice_behind_the_callers_back(anvil: Anvil) -> None:
    with MisbehavingProxy(anvil.rpc_url) as proxy, Client(proxy.url) as client:
        assert client.chain_id == 31337
        proxy.drop_answer("eth_gasPrice")
        with pytest.raises(NodeUnreachable, match="broke during eth_gasPrice"):
            client.request("eth_gasPrice")
        assert proxy.seen.count("eth_gasPrice") == 1


GONE = "BlockOutOfRangeError: block height is 28 but requested was 27"  # Anvil with --prune-history


def test_a_head_that_is_gone_while_the_node_looks_at_it_is_asked_for_again(anvil: Anvil) -> None:
    contract = place(anvil, RETURNS_ITS_INPUT)
    with MisbehavingProxy(anvil.rpc_url) as proxy, Client(proxy.url) as client:
        proxy.refuse("eth_call", GONE, times=2, code=-32602)
        assert client.call(contract, b"x", block="latest") == b"x"
        proxy.refuse("eth_call", GONE, times=1, code=-32602)
        assert client.calls([(contract, b"x"), (contract, b"y")], block="latest") == [b"x", b"y"]
        proxy.refuse("eth_call", GONE, code=-32602)
        with pytest.raises(NodeRejected, match="block height is 28"):
            client.call(contract, b"x", block="latest")
        proxy.behave()
        proxy.refuse("eth_call", GONE, times=1, code=-32602)
        with pytest.raises(NodeRejected, match="block height is 28"):
            client.call(contract, b"x", block=1)  # its past is gone for good


def test_a_connection_that_the_node_closed_is_replaced() -> None:
    with Anvil() as first:
        port = int(first.rpc_url.rpartition(":")[2])
        client = Client(first.rpc_url)
        assert client.block("latest").number == 0
    with Anvil(port=port):
        assert client.block("latest").number == 0
    client.close()


def test_answers_that_are_not_answers(anvil: Anvil) -> None:
    with MisbehavingProxy(anvil.rpc_url) as proxy, Client(proxy.url) as client:
        assert client.chain_id == 31337
        cases: list[tuple[bytes, int, type[Exception], str]] = [
            (b"<html>gateway</html>", 200, InconsistentNode, "not JSON"),
            (
                b'{"jsonrpc":"2.0","id":999999,"result":"0x1"}',
                200,
                InconsistentNode,
                "did not answer request",
            ),
            (b"[1]", 200, InconsistentNode, "without a response object"),
            (b"slow down", 429, NodeUnreachable, "HTTP status 429"),
            (b"who are you", 401, NodeRejected, "HTTP status 401"),
            (
                b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse"}}',
                400,
                NodeRejected,
                "parse",
            ),
        ]
        for body, status, error, message in cases:
            proxy.answer_raw("eth_gasPrice", body, status=status)
            with pytest.raises(error, match=message):
                client.request("eth_gasPrice")
        proxy.lie("eth_getBlockByNumber", lambda result, params: {**result, "number": "0x99"})
        with pytest.raises(InconsistentNode, match="asked for block 0"):
            client.block(0)


def test_an_unknown_method_is_refused_with_its_message(client: Client) -> None:
    with pytest.raises(NodeRejected, match=r"refused eth_nonsense: .*code -32602") as caught:
        client.request("eth_nonsense")
    assert caught.value.details["kind"] is NodeMessage.UNKNOWN
    assert not caught.value.retryable


def test_reads_are_at_the_block_they_name(chain: Anvil, client: Client) -> None:
    account = chain.accounts[5]
    before = client.block("latest")
    transact(chain, **{"from": account, "to": chain.accounts[6], "value": "0x1"})
    returns = place(chain, RETURNS_ITS_INPUT)
    after = client.block("latest")
    for earlier in (before, before.hash, before.number):
        assert client.nonce(account, earlier) == 0
        assert client.balance(account, earlier) == 10_000 * 10**18
    assert client.nonce(account, after) == 1
    assert client.code(returns, "latest") == RETURNS_ITS_INPUT
    assert client.code(account, after) == b""
    assert client.storage(returns, 0, after) == bytes(32)
    with pytest.raises(NodeRejected) as caught:
        client.balance(account, b"\x11" * 32)
    assert caught.value.details["kind"] is NodeMessage.NO_HISTORY
    with pytest.raises(NodeRejected, match="has no block 9999"):
        client.block(9999)
    with pytest.raises(InvalidInput, match="'0x12' is not one of"):
        client.block("0x12")


def test_a_block_that_a_reorganisation_removed_is_not_read(chain: Anvil, client: Client) -> None:
    chain.mine(2)
    transact(chain, to=chain.accounts[1], value="0x1")  # an empty block could come back as it was
    block = client.block("latest")
    chain.reorg(2)
    with pytest.raises(NodeRejected):
        client.balance(chain.accounts[0], block)


def test_reverts_are_typed_on_call_estimate_and_batch(chain: Anvil) -> None:
    abi = [
        {
            "type": "error",
            "name": "Nope",
            "inputs": [{"name": "who", "type": "address"}, {"name": "amount", "type": "uint256"}],
        }
    ]
    contract = place(chain, REVERTS_WITH_ITS_INPUT)
    returns = place(chain, RETURNS_ITS_INPUT, number=2)
    who = chain.accounts[1]
    data = keccak(b"Nope(address,uint256)")[:4] + from_hex(who).rjust(32, b"\0") + (7).to_bytes(32, "big")
    with chain.client(reverts=RevertRegistry(abis=[abi])) as client:
        for attempt in (
            lambda: client.call(contract, data, block="latest"),
            lambda: client.estimate_gas(contract, data, sender=who),
            lambda: client.calls([(returns, b""), (contract, data)], block="latest"),
        ):
            with pytest.raises(ContractReverted, match=rf"Nope\(who={who}, amount=7\)") as caught:
                attempt()
            assert (caught.value.who, caught.value.amount) == (who, 7)  # type: ignore[attr-defined]
        with pytest.raises(ContractReverted, match="without data"):
            client.call(contract, b"", block="latest")


def test_finality(chain: Anvil) -> None:
    chain.mine(10)
    for finality, expected in ((Finality(depth=0), 0), (Finality(depth=3), 3), (Finality(depth=10**6), None)):
        with chain.client(finality=finality) as client:
            head = client.block("latest").number
            final = client.finalized_block().number
            assert final == (0 if expected is None else head - expected)
            assert client.is_final(final)
            assert not client.is_final(final + 1)
    with chain.client(finality=Finality(tag="finalized")) as client:
        assert client.finalized_block().number <= client.block("latest").number
    assert chain.client().finality == Finality(depth=0)
    assert Finality.for_chain(1) == Finality(tag="finalized")
    assert Finality.for_chain(137) == Finality(depth=64)
    for wrong in ({}, {"depth": 1, "tag": "safe"}, {"depth": -1}, {"tag": "latest"}):
        with pytest.raises(ConfigurationError):
            Finality(**wrong)  # type: ignore[arg-type]


def test_logs_in_steps(chain: Anvil) -> None:
    first, second = place(chain, LOGS_ITS_INPUT), place(chain, LOGS_ITS_INPUT, number=2)
    emit(chain, first, 5)
    emit(chain, second, 2)
    with chain.client(log_step=3) as client:
        assert [int.from_bytes(log.data, "big") for log in client.logs(first)] == [0, 1, 2, 3, 4]
        assert len(client.logs([first, second], [TOPIC])) == 7
        assert len(client.logs([first, second], [[TOPIC, bytes(32)]])) == 7
        assert client.logs(first, [bytes(32)]) == []
        head = client.block("latest").number
        assert [log.address for log in client.logs([first, second], (), head - 2, head - 1)] == [
            first,
            second,
        ]
        assert client.logs(first, (), head + 1) == []
        with pytest.raises(InvalidInput, match="at least one"):
            client.logs([])


@pytest.mark.parametrize(
    "message",
    [
        "query returned more than 10000 results",
        "eth_getLogs is limited to a 10,000 range",
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
        "exceed maximum block range: 5000",
        "Requested range exceeds maximum RPC range limit",
        "block range is too wide",
    ],
)
def test_logs_halve_the_range_until_the_node_accepts_it(chain: Anvil, message: str) -> None:
    contract = place(chain, LOGS_ITS_INPUT)
    emit(chain, contract, 20)
    with MisbehavingProxy(chain.rpc_url) as proxy, Client(proxy.url) as client:
        proxy.refuse("eth_getLogs", message, times=3)
        assert len(client.logs(contract)) == 20
        assert proxy.seen.count("eth_getLogs") > 4
        proxy.refuse("eth_getLogs", message)
        with pytest.raises(NodeRejected):
            client.logs(contract)
        proxy.seen.clear()
        proxy.refuse("eth_getLogs", "something else")
        with pytest.raises(NodeRejected, match="something else"):
            client.logs(contract)
        assert proxy.seen.count("eth_getLogs") == 1


def test_logs_that_were_not_asked_for_are_not_believed(chain: Anvil) -> None:
    contract, other = place(chain, LOGS_ITS_INPUT), place(chain, LOGS_ITS_INPUT, number=2)
    emit(chain, contract, 3)
    with MisbehavingProxy(chain.rpc_url) as proxy, Client(proxy.url) as client:
        for change in (
            lambda logs: [{**log, "blockNumber": "0xffff"} for log in logs],
            lambda logs: [{**log, "address": other} for log in logs],
            lambda logs: logs + logs[:1],
            lambda logs: logs[::-1],
            lambda logs: [{**log, "topics": [to_hex(bytes(32))]} for log in logs],
            lambda logs: [{**log, "topics": []} for log in logs],
        ):
            proxy.lie("eth_getLogs", lambda logs, params, change=change: change(logs))  # type: ignore[misc]
            with pytest.raises(InconsistentNode):
                client.logs(contract, [[TOPIC]])
        proxy.behave()
        assert len(client.logs(contract, [[TOPIC]])) == 3


def test_answers_about_something_else_or_without_their_fields_are_not_believed(chain: Anvil) -> None:
    contract = place(chain, LOGS_ITS_INPUT)
    emit(chain, contract)
    with MisbehavingProxy(chain.rpc_url) as proxy, Client(proxy.url) as client:
        (log,) = client.logs(contract)
        other = to_hex(bytes(32))

        def of_another_transaction(receipt: dict[str, Any]) -> dict[str, Any]:
            return {**receipt, "logs": [{**item, "transactionHash": other} for item in receipt["logs"]]}

        def of_another_block(receipt: dict[str, Any]) -> dict[str, Any]:
            return {**receipt, "logs": [{**item, "blockHash": other} for item in receipt["logs"]]}

        lies: list[tuple[str, Any, Any]] = [
            ("eth_getTransactionReceipt", of_another_transaction, lambda: client.receipt(log.tx_hash)),
            ("eth_getTransactionReceipt", of_another_block, lambda: client.receipt(log.tx_hash)),
            ("eth_getTransactionReceipt", lambda _: {"blockHash": "0x"}, lambda: client.receipt(log.tx_hash)),
            (
                "eth_getTransactionByHash",
                lambda found: {**found, "hash": other},
                lambda: client.transaction(log.tx_hash),
            ),
            ("eth_getTransactionByHash", lambda _: "soon", lambda: client.transaction(log.tx_hash)),
            ("eth_getBlockByNumber", lambda _: {"number": None}, lambda: client.block(0)),
            ("eth_feeHistory", lambda _: {}, client.fees),
            ("eth_getTransactionCount", lambda _: None, lambda: client.nonce(contract, "latest")),
            ("eth_call", lambda _: None, lambda: client.call(contract, bytes(32), block="latest")),
        ]
        for method, change, ask in lies:
            proxy.lie(method, lambda result, params, change=change: change(result))  # type: ignore[misc]
            with pytest.raises(InconsistentNode):
                ask()
            proxy.behave()


def test_a_reorganisation_while_logs_are_read_is_noticed(chain: Anvil) -> None:
    contract = place(chain, LOGS_ITS_INPUT)
    emit(chain, contract, 3)

    def reorganise(logs: list[object], params: object) -> list[object]:
        chain.reorg(1)
        return logs

    with MisbehavingProxy(chain.rpc_url) as proxy, Client(proxy.url) as client:
        proxy.lie("eth_getLogs", reorganise)
        with pytest.raises(InconsistentNode, match="was replaced while logs were read"):
            client.logs(contract)


def test_instance_id_is_anvils_alone(chain: Anvil) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy, Client(proxy.url) as client:
        assert client.instance_id() == chain.instance_id
        proxy.refuse("anvil_metadata", "the method anvil_metadata does not exist", code=-32601)
        assert client.instance_id() is None
        proxy.answer_raw("anvil_metadata", b"who are you", status=401)
        with pytest.raises(NodeRejected, match="401"):
            client.instance_id()
        proxy.drop_request("anvil_metadata")
        with pytest.raises(NodeUnreachable):
            client.instance_id()


def test_agrees_with_web3(chain: Anvil) -> None:
    """The same node read through web3, as the reference for what we parse by hand."""
    from web3 import HTTPProvider, Web3

    contract = place(chain, LOGS_ITS_INPUT)
    emit(chain, contract, 2)
    web3 = Web3(HTTPProvider(chain.rpc_url))
    with chain.client() as client:
        ours, theirs = client.block("latest"), web3.eth.get_block("latest")
        assert (ours.number, ours.hash, ours.parent_hash, ours.timestamp, ours.base_fee, ours.gas_limit) == (
            theirs["number"],
            bytes(theirs["hash"]),
            bytes(theirs["parentHash"]),
            theirs["timestamp"],
            theirs["baseFeePerGas"],
            theirs["gasLimit"],
        )
        log = client.logs(contract)[-1]
        found = web3.eth.get_logs({"address": contract, "fromBlock": 0})[-1]  # type: ignore[typeddict-item]
        assert (log.address, log.topics, log.data, log.block_hash, log.tx_hash, log.log_index) == (
            found["address"],
            tuple(bytes(topic) for topic in found["topics"]),
            bytes(found["data"]),
            bytes(found["blockHash"]),
            bytes(found["transactionHash"]),
            found["logIndex"],
        )
        receipt, reference = (
            client.receipt(log.tx_hash),
            web3.eth.get_transaction_receipt(found["transactionHash"]),
        )
        assert receipt is not None
        assert (
            receipt.sender,
            receipt.to,
            receipt.gas_used,
            receipt.succeeded,
            receipt.effective_gas_price,
        ) == (
            reference["from"],
            reference["to"],
            reference["gasUsed"],
            reference["status"] == 1,
            reference["effectiveGasPrice"],
        )
        transaction, expected = (
            client.transaction(log.tx_hash),
            web3.eth.get_transaction(found["transactionHash"]),
        )
        assert transaction is not None
        assert (transaction.nonce, transaction.data, transaction.value, transaction.gas) == (
            expected["nonce"],
            bytes(expected["input"]),
            expected["value"],
            expected["gas"],
        )
        assert client.receipt(bytes(32)) is None
        assert client.transaction(bytes(32)) is None


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # from Python 3.12, with threads about
def test_a_fork_does_not_share_its_parents_connections(chain: Anvil) -> None:
    with chain.client() as client:
        assert client.block("latest")
        child = os.fork()
        if child == 0:
            ok = all(client.block(0).number == 0 for _ in range(50))
            os._exit(0 if ok else 1)
        assert all(client.block("latest") for _ in range(50))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_dripping_answer_does_not_outlast_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                try:
                    for _ in range(100):
                        connection.sendall(b" ")
                        time.sleep(0.05)
                except OSError:
                    return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with (
            pytest.raises(NodeTimeout),
            Client(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.3) as client,
        ):
            client.block("latest")
        thread.join(10)
        assert not thread.is_alive()
