"""A program that calls the door at a constant rate, in a process of its own so that nothing but the door slows it.

Its arguments are one JSON object (Order); its answer on stdout is one (Sent).
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from tests.crash.ledger import Ledger

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Order:
    """`rate`: requests a second with `many` events each, for so many seconds."""

    url: str
    ids: Sequence[str]
    many: int
    rate: float
    seconds: float
    threads: int = 16


@dataclass(frozen=True)
class Sent:
    """`acked`: events that were acknowledged; `acked_requests`: the requests; `answers` by status; `lags`: seconds from
    when a request was to go until its 200, at these shares of all requests."""

    acked: int
    acked_requests: list[int] = field(repr=False)
    answers: dict[str, int]
    lags: dict[str, float]


def send(order: Order) -> Sent:
    ledger, stop = Ledger(order.url, order.ids, many=order.many), threading.Event()
    senders = ledger.send(order.rate, order.threads, stop)
    stop.wait(order.seconds)
    stop.set()
    for sender in senders:
        sender.join()
    for _ in range(50):
        if not ledger.send_open():
            break
    lags = sorted(ledger.lags) or [float("nan")]
    shares = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    told = {name: lags[min(len(lags) - 1, int(len(lags) * share))] for name, share in shares.items()}
    return Sent(ledger.count, sorted(ledger.acked), dict(ledger.answers), told)


def begin(order: Order) -> "subprocess.Popen[str]":
    """Starts the program."""
    command = [sys.executable, "-m", "tests.soak.sender"]
    process = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps(asdict(order)))
    process.stdin.close()
    return process


def end(process: "subprocess.Popen[str]") -> Sent:
    """Waits until it has sent all. Raises RuntimeError when it broke."""
    assert process.stdout is not None
    told = process.stdout.read()
    if process.wait():
        raise RuntimeError("the sender broke; its traceback is above")
    return msgspec.json.decode(told, type=Sent)


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(send(msgspec.json.decode(sys.stdin.read(), type=Order))).decode())
