"""Clients of the chat service: several users at once, each asking, reconnecting and checking every answer."""

import argparse
import asyncio
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

import websockets
from websockets.exceptions import WebSocketException

TOKENS = (
    "token-okafor",
    "token-brandt",
    "token-lindqvist",
    "token-mori",
    "token-silva",
    "token-haddad",
    "token-novak",
    "token-reyes",
)
EVENTS = ["agent_started", "agent_thinking", "tool_executing", "tool_completed", "agent_completed"]
EPILOG = """\
The first user has two sockets, the others one. Half way through its questions the first socket of every user
closes and connects again. Exit code 0: every run brought its five events in order to the right user, and only
those; 1: something else happened, see standard error; 130: interrupted.
"""


class CheckFailed(Exception):
    """The service did something else than it should."""


@dataclass
class Summary:
    """What one user saw."""

    name: str
    sockets: int
    runs: int = 0
    events: int = 0
    reconnects: int = 0
    problem: str = ""

    def __str__(self) -> str:
        verdict = self.problem or "ok"
        return (
            f"{self.name:<12} sockets {self.sockets}  runs {self.runs:>2}  events {self.events:>3}"
            f"  reconnects {self.reconnects}  {verdict}"
        )


@dataclass
class Device:
    """One socket of a user at a time, and everything that arrived on it."""

    url: str
    token: str
    timeout: float
    user_id: str = ""
    seen: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    errors: int = 0
    _socket: Any = None

    async def connect(self) -> None:
        """Open a socket and wait until the service knows it."""
        self._socket = await websockets.connect(f"{self.url}?token={self.token}", open_timeout=self.timeout)
        self.user_id = ""
        while not self.user_id:
            await self._take()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def ask(self, run_id: str, text: str) -> None:
        """Ask, and wait for the end of the run."""
        await self._send({"type": "ask", "run_id": run_id, "text": text})
        await self.wait_for_end(run_id)
        if text not in self.answers[run_id]:
            raise CheckFailed(f"run {run_id} answered another question: {self.answers[run_id]!r}")

    async def wait_for_end(self, run_id: str) -> None:
        while "agent_completed" not in self.seen.get(run_id, ()):
            await self._take()

    async def send_nonsense(self) -> None:
        """The service has to say so, and go on."""
        before = self.errors
        await self._send({"type": "ask"})
        while self.errors == before:
            await self._take()

    async def drain(self) -> None:
        """Read what is under way, so that an event too many does not go unnoticed."""
        try:
            while True:
                await self._take(0.1)
        except TimeoutError:
            pass

    def check(self, run_id: str) -> None:
        if self.seen.get(run_id) != EVENTS:
            raise CheckFailed(f"run {run_id} brought {self.seen.get(run_id)} and not {EVENTS}")

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(message))

    async def _take(self, timeout: float | None = None) -> None:
        """Take in one message."""
        try:
            raw = await asyncio.wait_for(self._socket.recv(), timeout or self.timeout)
        except asyncio.TimeoutError:  # a class of its own before Python 3.11
            raise TimeoutError(f"nothing arrived within {timeout or self.timeout:g} s") from None
        message = json.loads(raw)
        if message["type"] == "connected":
            self.user_id = message["user_id"]
        elif message["type"] == "error":
            self.errors += 1
        else:
            self._take_event(message)

    def _take_event(self, event: dict[str, Any]) -> None:
        if event["user_id"] != self.user_id:
            raise CheckFailed(f"{self.user_id} got an event of {event['user_id']}")
        if event["type"] not in EVENTS or not isinstance(event["data"], dict):
            raise CheckFailed(f"not an event of a run: {event}")
        self.seen.setdefault(event["run_id"], []).append(event["type"])
        if event["type"] == "agent_completed":
            self.answers[event["run_id"]] = event["data"]["answer"]


async def ask_repeatedly(device: Device, label: str, asks: int, summary: Summary, reconnect: bool) -> None:
    """Ask one question after the other, with a reconnect half way if asked to."""
    for number in range(1, asks + 1):
        if reconnect and number == asks // 2 + 1:
            await device.close()
            await device.connect()
            summary.reconnects += 1
        run_id = f"{label}-{number}"
        await device.ask(run_id, f"{label}: how long is question {number}?")
        device.check(run_id)
        summary.runs += 1
        summary.events += len(device.seen[run_id])


def get(base: str, path: str, token: str = "") -> tuple[int, Any]:
    """GET a path of the service: status and decoded body."""
    request = urllib.request.Request(base + path)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


async def check_stats(base: str, token: str, devices: Sequence[Device]) -> None:
    status, stats = await asyncio.to_thread(get, base, "/stats", token)
    if status != 200 or stats["user_id"] != devices[0].user_id:
        raise CheckFailed(f"/stats answered {status} {stats}")
    if stats["connections"] < len(devices) or stats["delivered"] < len(EVENTS):
        raise CheckFailed(f"/stats does not know what went on: {stats}")


async def play_user(options: argparse.Namespace, base: str, token: str, sockets: int) -> Summary:
    """Everything one user does; problems end up in the summary."""
    name = token.partition("-")[2]
    summary = Summary(name, sockets)
    devices = [Device(options.url, token, options.timeout) for _ in range(sockets)]
    labels = [f"{name}-{'abcdef'[number]}" for number in range(sockets)]
    try:
        await asyncio.gather(*(device.connect() for device in devices))  # as a browser restores its tabs
        await devices[0].send_nonsense()
        await asyncio.gather(
            *(
                ask_repeatedly(device, label, options.asks, summary, reconnect=device is devices[0])
                for device, label in zip(devices, labels, strict=True)
            )
        )
        await check_stats(base, token, devices)
        for device in devices[1:]:  # never away, so the runs of the other sockets arrived here too
            for run_id in (f"{label}-{number}" for label in labels for number in range(1, options.asks + 1)):
                await device.wait_for_end(run_id)
                device.check(run_id)
        for device, label in zip(devices, labels, strict=True):
            await device.drain()
            for number in range(1, options.asks + 1):
                device.check(f"{label}-{number}")
    except (CheckFailed, OSError, asyncio.TimeoutError, LookupError, ValueError, WebSocketException) as error:
        summary.problem = f"FAILED: {error or type(error).__name__}"
    finally:
        await asyncio.gather(*(device.close() for device in devices), return_exceptions=True)
    return summary


async def check_http(base: str) -> str:
    """Routes that need no user; returns what is wrong."""
    try:
        status, health = await asyncio.to_thread(get, base, "/health")
        if status != 200 or health != {"status": "ok"}:
            return f"/health answered {status} {health}"
        status, _ = await asyncio.to_thread(get, base, "/stats", "token-nobody")
        if status != 401:
            return f"/stats answered {status} to an unknown token"
    except (OSError, ValueError) as error:
        return f"no answer from {base}: {error}"
    return ""


async def play(options: argparse.Namespace, parts: SplitResult) -> int:
    """Play all users at the same time; returns the exit code."""
    base = f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"
    problem = await check_http(base)
    if problem:
        print(f"FAILED: {problem}", file=sys.stderr)
        return 1
    summaries = await asyncio.gather(
        *(
            play_user(options, base, token, sockets=1 if number else 2)
            for number, token in enumerate(TOKENS[: options.users])
        )
    )
    for summary in summaries:
        print(summary)
    failed = [summary for summary in summaries if summary.problem]
    print(
        f"total: {len(summaries)} users, {sum(s.runs for s in summaries)} runs,"
        f" {sum(s.events for s in summaries)} events, {sum(s.reconnects for s in summaries)} reconnects,"
        f" {len(failed)} failed"
    )
    for summary in failed:
        print(f"{summary.name}: {summary.problem}", file=sys.stderr)
    return 1 if failed else 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--url", default="ws://127.0.0.1:8000/ws", help="of the service (default %(default)s)"
    )
    parser.add_argument(
        "--users", type=int, choices=range(1, len(TOKENS) + 1), default=5, help="at the same time (default 5)"
    )
    parser.add_argument("--asks", type=int, default=3, help="questions per socket, at least 1 (default 3)")
    parser.add_argument("--timeout", type=float, default=10, help="seconds without a message (default 10)")
    options = parser.parse_args(argv)
    parts = urlsplit(options.url)
    if options.asks < 1 or parts.scheme not in ("ws", "wss") or not parts.hostname:
        parser.error("--asks must be at least 1 and --url a ws:// or wss:// address")
    os.environ["no_proxy"] = parts.hostname  # talk to the service itself, whatever the environment says
    try:
        return asyncio.run(play(options, parts))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
