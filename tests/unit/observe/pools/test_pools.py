"""What one user leaves on a connection is found when another gets it, and only then."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest
from support.application import observed

from ssot_probe.context.current import bind_user
from ssot_probe.model.finding import Finding, Severity
from ssot_probe.model.policy import Concept, Policy, Pool
from ssot_probe.model.records import BlindRecord, HandoverRecord, PoolRecord, SharingRecord
from ssot_probe.testing import Capture

APPLICATION = """
    import asyncio
    import contextlib
    import socket
    import threading

    class Connection:
        def __init__(self, reader, writer):
            self.reader, self.writer = reader, writer

        async def send(self, command):
            self.writer.write(command + b"\\n")
            await self.writer.drain()

        async def receive(self):
            return (await self.reader.readline()).strip()

        async def ask(self, command):
            await self.send(command)
            return await self.receive()

    class Slim:
        __slots__ = ("reader", "writer")
        __init__, send = Connection.__init__, Connection.send
        receive, ask = Connection.receive, Connection.ask

    class Pool:
        connection_class = Connection

        def __init__(self, open_connection, on_release=None):
            self.open_connection, self.on_release = open_connection, on_release
            self.free, self.all = [], []

        async def acquire(self):
            if self.free:
                return self.free.pop()
            connection = self.connection_class(*await self.open_connection())
            self.all.append(connection)
            return connection

        async def release(self, connection):
            if self.on_release is not None:
                await self.on_release(connection)
            self.free.append(connection)

        @contextlib.asynccontextmanager
        async def connection(self):
            connection = await self.acquire()
            try:
                yield connection
            finally:
                await self.release(connection)

        async def close(self):
            for connection in self.all:
                connection.writer.close()

    class Line:
        def __init__(self, address):
            self.socket = socket.create_connection(address)
            self.socket.settimeout(0.05)

        def ask(self, command):
            self.socket.sendall(command + b"\\n")
            return self.socket.recv(100)

    class Clients:
        def __init__(self, address):
            self.address, self.free = address, []

        def get(self):
            return self.free.pop() if self.free else Line(self.address)

        def put(self, client):
            self.free.append(client)

        @contextlib.contextmanager
        def client(self):
            client = self.get()
            try:
                yield client
            finally:
                self.put(client)

    received = []

    async def answer(reader, writer):
        with contextlib.suppress(ConnectionError):
            while command := (await reader.readline()).strip():
                received.append(command)
                if command == b"push":
                    asyncio.get_running_loop().call_later(0.02, writer.write, b"pushed\\n")
                if command.startswith(b"slow"):
                    await asyncio.sleep(0.3)
                if command != b"log":
                    writer.write(b"answer to " + command + b"\\n")
                if command == b"twice":
                    writer.write(b"and again\\n")
        writer.close()
"""

NAMED = Pool("database", "{name}:Pool.acquire", "{name}:Pool.release")
POLICY = Policy(pools=(NAMED,))
ALICE, BOB = "alice-0001", "bob-0002"


class Service:
    """The application with its server and its pool, in a running loop."""

    def __init__(self, app: Any, is_local: bool) -> None:
        self.app = app
        self.is_local = is_local
        self.pool: Any = None
        self.server: Any = None

    async def start(self, place: Path, on_release: Any = None) -> None:
        if self.is_local:
            path = str(place / "socket")
            self.server = await asyncio.start_unix_server(self.app.answer, path)
            self.pool = self.app.Pool(lambda: asyncio.open_unix_connection(path), on_release)
        else:
            self.server = await asyncio.start_server(self.app.answer, "127.0.0.1", 0)
            address = self.server.sockets[0].getsockname()
            self.pool = self.app.Pool(lambda: asyncio.open_connection(*address), on_release)

    async def stop(self) -> None:
        await self.pool.close()
        self.server.close()
        answering = asyncio.all_tasks() - {asyncio.current_task()}
        if answering:
            await asyncio.wait(answering)
        await asyncio.sleep(0.01)

    async def work(self, user: str | None, *commands: bytes) -> list[bytes]:
        """Ask on a connection of the pool; "-" sends nothing and waits, "log" expects no answer."""
        with bind_user(user):
            connection = await self.pool.acquire()
            try:
                answers = []
                for command in commands:
                    if command == b"-":
                        await asyncio.sleep(30)
                    elif command == b"log":
                        await connection.send(command)
                        await asyncio.sleep(0.02)
                    else:
                        answers.append(await connection.ask(command))
                return answers
            finally:
                await self.pool.release(connection)

    async def until_received(self, *commands: bytes) -> None:
        """Wait until the server has got the last of the commands, and the client has had time to wait."""
        sent = [command for command in commands if command != b"-"]
        while sent and self.app.received[-1:] != sent[-1:]:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.04)

    async def cancelled(self, user: str | None, *commands: bytes) -> None:
        """Do the same, and lose patience."""
        task = asyncio.create_task(self.work(user, *commands))
        await self.until_received(*commands)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def played(
    directory: Path,
    play: Any,
    on_release: Any = None,
    is_local: bool = False,
    policy: Policy = POLICY,
    text: str = "",
) -> tuple[Capture, tuple[Finding, ...], list[Any]]:
    """Let a play run against the service; what was captured, found and told of it."""
    with observed(directory, APPLICATION + text, policy) as (app, capture):

        async def main() -> None:
            service = Service(app, is_local)
            await service.start(directory, on_release)
            try:
                await play(service)
            finally:
                await service.stop()

        asyncio.run(main())
    return capture, capture.findings("SSOT301"), list(capture.records)


def handovers(records: list[Any]) -> list[HandoverRecord]:
    return [record for record in records if isinstance(record, HandoverRecord)]


def counts(records: list[Any]) -> tuple[int, int, int, int]:
    told = [record for record in records if isinstance(record, PoolRecord) and record.cls]
    return (
        sum(record.count for record in told),
        sum(record.unattributed for record in told),
        sum(record.handovers for record in told),
        sum(record.unclean for record in told),
    )


async def interrupted_then_another(service: Service) -> None:
    await service.work(ALICE, b"one")
    await service.cancelled(ALICE, b"slow")
    await service.work(BOB, b"two")


def test_a_connection_with_a_reply_still_to_come_is_found_when_another_user_gets_it(tmp_path: Path) -> None:
    _, (finding,), records = played(tmp_path, interrupted_then_another)

    (handover,) = handovers(records)
    assert (handover.residue, handover.interruption, handover.unread) == ("unanswered", "CancelledError", 0)
    assert finding.severity == Severity.ERROR
    assert finding.subject.endswith(":Connection")
    assert (finding.count, finding.users) == (1, 2)
    assert finding.message == (
        "The pool database handed a Connection to another user while a reply to the first was still to come."
    )
    left, got = finding.evidence
    assert left.what == "given back during CancelledError"
    assert got.what.endswith("Pool.acquire, on the same connection")
    assert left.user != got.user
    assert {left.user, got.user} == set(handover.users)
    assert counts(records) == (3, 0, 1, 1)


def test_the_finding_is_told_while_the_service_runs(tmp_path: Path) -> None:
    _, _, records = played(tmp_path, interrupted_then_another)
    (sharing,) = (record for record in records if isinstance(record, SharingRecord))
    (handover,) = handovers(records)
    assert (sharing.instance, sharing.users) == (handover.instance, handover.users)
    assert (sharing.concept, sharing.severity) == ("database", "error")


def test_no_user_id_is_in_what_is_told(tmp_path: Path) -> None:
    _, _, records = played(tmp_path, interrupted_then_another)
    assert handovers(records)
    assert not any(name in repr(record) for record in records for name in (ALICE, BOB))


def test_a_connection_that_was_closed_when_its_user_was_cancelled_is_clean(tmp_path: Path) -> None:
    async def play(service: Service) -> None:
        await service.work(ALICE, b"one")
        with bind_user(ALICE):
            connection = await service.pool.acquire()
            task = asyncio.create_task(connection.ask(b"slow"))
            await service.until_received(b"slow")
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                connection.writer.close()
                connection.reader, connection.writer = await service.pool.open_connection()
                service.pool.all.append(connection)
                await service.pool.release(connection)
        assert await service.work(BOB, b"two") == [b"answer to two"]

    _, findings, records = played(tmp_path, play)
    assert not findings
    assert counts(records)[2:] == (1, 0)


def test_a_pool_that_reads_what_is_left_before_it_takes_back_is_clean(tmp_path: Path) -> None:
    async def read_the_rest(connection: Any) -> None:
        await asyncio.wait_for(connection.receive(), 5)

    async def play(service: Service) -> None:
        service.pool.on_release = None
        await service.work(ALICE, b"one")
        service.pool.on_release = read_the_rest
        await service.cancelled(ALICE, b"slow")
        service.pool.on_release = None
        assert await service.work(BOB, b"two") == [b"answer to two"]

    _, findings, records = played(tmp_path, play)
    assert not findings
    assert counts(records)[2:] == (1, 0)


def test_the_same_user_may_get_their_own_rest_and_the_next_user_may_not(tmp_path: Path) -> None:
    async def again(service: Service) -> None:
        await service.cancelled(ALICE, b"slow")
        await service.work(ALICE, b"two")

    async def again_and_another(service: Service) -> None:
        await again(service)
        await service.work(BOB, b"three")

    assert not played(tmp_path, again)[1]
    _, (finding,), records = played(tmp_path, again_and_another)
    assert finding.severity == Severity.ERROR
    (handover,) = handovers(records)
    assert handover.unread > 0


def test_an_answer_that_nobody_read_is_found_with_its_length(tmp_path: Path) -> None:
    async def play(service: Service) -> None:
        await service.work(ALICE, b"twice")
        await service.work(BOB, b"two")

    _, (finding,), records = played(tmp_path, play)
    (handover,) = handovers(records)
    assert (handover.residue, handover.interruption, handover.unread) == ("unread", "", len(b"and again\n"))
    assert finding.severity == Severity.ERROR
    assert finding.evidence[-1].what.endswith("on the same connection, 10 bytes unread")


@pytest.mark.parametrize("is_local", [False, True])
def test_a_user_who_is_cancelled_after_their_answer_leaves_nothing(tmp_path: Path, is_local: bool) -> None:
    async def play(service: Service) -> None:
        await service.cancelled(ALICE, b"one", b"-")
        await service.work(BOB, b"two")

    assert not played(tmp_path, play, is_local=is_local)[1]


@pytest.mark.parametrize("is_local", [False, True])
def test_a_user_who_is_cancelled_before_they_ask_leaves_nothing(tmp_path: Path, is_local: bool) -> None:
    async def play(service: Service) -> None:
        await service.cancelled(ALICE, b"-")
        await service.work(BOB, b"two")

    assert not played(tmp_path, play, is_local=is_local)[1]


def test_where_the_system_does_not_count_bytes_an_interruption_is_a_warning(tmp_path: Path) -> None:
    _, (finding,), records = played(tmp_path, interrupted_then_another, is_local=True)
    assert [record.residue for record in handovers(records)] == ["interrupted"]
    assert finding.severity == Severity.WARNING


def test_what_comes_while_nobody_has_the_connection_is_a_warning(tmp_path: Path) -> None:
    async def play(service: Service) -> None:
        await service.work(ALICE, b"push")
        await asyncio.sleep(0.06)
        await service.work(BOB, b"two")

    _, (finding,), records = played(tmp_path, play)
    assert [record.residue for record in handovers(records)] == ["late"]
    assert finding.severity == Severity.WARNING


def test_a_connection_that_the_server_closed_with_a_word_of_farewell_is_no_finding(tmp_path: Path) -> None:
    async def play(service: Service) -> None:
        async def farewell(reader: Any, writer: Any) -> None:
            await reader.readline()
            writer.write(b"answer\n")
            await asyncio.sleep(0.02)
            writer.write(b"closing, as it is late\n")
            writer.close()

        server = await asyncio.start_server(farewell, "127.0.0.1", 0)
        address = server.sockets[0].getsockname()
        service.pool.open_connection = lambda: asyncio.open_connection(*address)
        await service.work(ALICE, b"one")
        await asyncio.sleep(0.06)
        await service.work(BOB, b"two")
        server.close()

    assert not played(tmp_path, play)[1]


def test_a_protocol_that_never_answers_is_no_finding(tmp_path: Path) -> None:
    async def play(service: Service) -> None:
        for _ in range(4):
            await service.work(ALICE, b"log")
            await service.work(BOB, b"log")

    _, findings, records = played(tmp_path, play)
    assert not findings
    assert counts(records) == (8, 0, 7, 0)


def test_a_request_given_up_without_an_interruption_is_a_warning_where_all_others_were_answered(
    tmp_path: Path,
) -> None:
    async def play(service: Service) -> None:
        for command in (b"one", b"two", b"three"):
            await service.work(ALICE, command)
        await service.work(ALICE, b"log")
        await service.work(BOB, b"four")

    _, (finding,), records = played(tmp_path, play)
    assert [record.residue for record in handovers(records)] == ["abandoned"]
    assert finding.severity == Severity.WARNING


@pytest.mark.parametrize(("first", "second"), [(None, BOB), (ALICE, None)])
def test_nobody_is_accused_where_a_user_is_not_known(
    tmp_path: Path, first: str | None, second: str | None
) -> None:
    async def play(service: Service) -> None:
        await service.cancelled(first, b"slow")
        await service.work(second, b"two")

    _, findings, records = played(tmp_path, play)
    assert not findings
    assert counts(records) == (2, 1, 0, 0)


def test_each_connection_is_told_once(tmp_path: Path) -> None:
    async def play(service: Service) -> None:
        await service.cancelled(ALICE, b"slow")
        for user in (BOB, ALICE, BOB, "carol-0003"):
            await service.work(user, b"two")

    _, (finding,), records = played(tmp_path, play)
    assert finding.count == 1
    assert counts(records) == (5, 0, 4, 1)


def test_connections_that_allow_no_weak_references_are_followed_by_their_stream(tmp_path: Path) -> None:
    async def play(service: Service) -> None:
        service.pool.connection_class = service.app.Slim
        await interrupted_then_another(service)

    _, (finding,), records = played(tmp_path, play)
    assert finding.severity == Severity.ERROR
    assert finding.subject.endswith(":Slim")
    assert not [record for record in records if isinstance(record, BlindRecord) and "Slim" in record.subject]


@pytest.mark.parametrize("name", ["connection", "acquire_somehow"])
def test_leaving_a_context_manager_takes_back_where_the_policy_names_no_release(
    tmp_path: Path, name: str
) -> None:
    async def play(service: Service) -> None:
        async def work(user: str, command: bytes) -> None:
            with bind_user(user):
                async with getattr(service.pool, name)() as connection:
                    await connection.ask(command)

        task = asyncio.create_task(work(ALICE, b"slow"))
        await service.until_received(b"slow")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await work(BOB, b"two")

    text = "\n    Pool.acquire_somehow = lambda self: self.connection()\n"
    policy = Policy(pools=(Pool("database", f"{{name}}:Pool.{name}"),))
    _, (finding,), records = played(tmp_path, play, policy=policy, text=text)
    assert finding.severity == Severity.ERROR
    assert counts(records) == (2, 0, 1, 1)


def test_a_pool_of_sockets_is_followed_in_threads_too(tmp_path: Path) -> None:
    policy = Policy(pools=(Pool("clients", "{name}:Clients.get", "{name}:Clients.put"),))

    async def play(service: Service) -> None:
        clients = service.app.Clients(service.server.sockets[0].getsockname())

        def work(user: str, command: bytes) -> bytes:
            with bind_user(user), clients.client() as client:
                return bytes(client.ask(command))

        assert await asyncio.to_thread(work, ALICE, b"one") == b"answer to one\n"
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(work, ALICE, b"slow")
        await asyncio.sleep(0.5)
        assert (await asyncio.to_thread(work, BOB, b"two")).startswith(b"answer to slow\n")
        for client in clients.free:
            client.socket.close()

    _, (finding,), records = played(tmp_path, play, policy=policy)
    (handover,) = handovers(records)
    assert (handover.residue, handover.unread) == ("unread", len(b"answer to slow\n"))
    assert handover.interruption in ("TimeoutError", "timeout")
    assert finding.severity == Severity.ERROR


def test_a_subclass_that_takes_back_in_its_own_way_is_listened_to(tmp_path: Path) -> None:
    text = """
    class Polite(Pool):
        async def release(self, connection):
            await super().release(connection)
"""

    async def play(service: Service) -> None:
        service.pool = service.app.Polite(service.pool.open_connection)
        await interrupted_then_another(service)

    _, (finding,), records = played(tmp_path, play, text=text)
    assert finding.count == 1
    assert counts(records) == (3, 0, 1, 1)


def test_the_functions_of_a_pool_look_and_fail_as_before(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, _):
        assert inspect.iscoroutinefunction(app.Pool.acquire)
        assert list(inspect.signature(app.Pool.release).parameters) == ["self", "connection"]

        async def refuse() -> Any:
            raise ConnectionRefusedError("closed")

        pool = app.Pool(refuse)
        asking = pool.acquire()
        assert inspect.iscoroutine(asking)
        with pytest.raises(ConnectionRefusedError, match="closed"):
            asyncio.run(asking)
        with pytest.raises(TypeError, match="positional argument"):
            pool.release()
        app.Pool.free = ["not a connection"]


def test_what_is_no_connection_is_handed_out_and_taken_back_unharmed(tmp_path: Path) -> None:
    text = """
    class Numbers:
        def get(self):
            return 7

        def put(self, number):
            return number + 1
"""
    policy = Policy(pools=(Pool("numbers", "{name}:Numbers.get", "{name}:Numbers.put"),))
    with observed(tmp_path, text, policy) as (app, capture):
        numbers = app.Numbers()
        for user in (ALICE, BOB):
            with bind_user(user):
                assert numbers.put(numbers.get()) == 8
    assert counts(capture.records) == (2, 0, 0, 0)
    blind = {record.subject: record.reason for record in capture.records if isinstance(record, BlindRecord)}
    assert blind["builtins:int"] == "its class allows no weak references"


def test_a_pool_that_the_module_does_not_have_is_said(tmp_path: Path) -> None:
    missing = Pool("gone", "{name}:Pool.checkout", "{name}:Pool.checkin")
    with observed(tmp_path, APPLICATION, Policy(pools=(missing,))) as (app, capture):
        blind = {
            record.subject: record.reason for record in capture.records if isinstance(record, BlindRecord)
        }
        name = app.__name__
        assert blind["pool gone"] == f"the module has no {name}:Pool.checkout or no {name}:Pool.checkin"
        assert [finding.subject for finding in capture.findings("SSOT906")] == [
            f"{app.__name__}:Pool.checkout"
        ]


def test_stopping_takes_every_wrapper_off(tmp_path: Path) -> None:
    with observed(tmp_path, APPLICATION, POLICY) as (app, _):
        assert type(vars(app.Pool)["acquire"]).__name__ == "ObservedFunction"
    assert inspect.isfunction(vars(app.Pool)["acquire"])
    assert type(vars(app.Pool)["acquire"]).__name__ == "function"


INFERRED = """
    class ConnectionPool(Pool):
        async def acquire(self):
            return await super().acquire()

        async def release(self, connection):
            return await super().release(connection)

    class Profile:
        def __init__(self, user_id, pool):
            self.user_id, self.pool = user_id, pool

        async def load(self, command):
            connection = await self.pool.acquire()
            try:
                return await connection.ask(command)
            finally:
                await self.pool.release(connection)
"""


@pytest.mark.parametrize("command", [b"slow", b"one"])
def test_a_pool_that_is_one_by_its_name_is_followed_for_the_users_whose_instances_ask(
    tmp_path: Path, command: bytes
) -> None:
    """Nothing says who is running, and no policy names the pool: whose instance asks is known."""

    async def play(service: Service) -> None:
        pool = service.app.ConnectionPool(service.pool.open_connection)
        service.pool = pool
        alice, bob = service.app.Profile(ALICE, pool), service.app.Profile(BOB, pool)
        task = asyncio.create_task(alice.load(command))
        await service.until_received(command)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bob.load(b"two")

    policy = Policy(concepts=(Concept("profile", ("Profile",)),))
    _, findings, records = played(tmp_path, play, policy=policy, text=INFERRED)
    assert counts(records) == (2, 0, 1, int(command == b"slow"))
    assert [finding.severity for finding in findings] == [Severity.ERROR] * (command == b"slow")


def test_a_class_that_only_sounds_like_a_pool_is_left_alone(tmp_path: Path) -> None:
    text = """
    class CarPool:
        def get(self, seat):
            return seat

        def drive(self):
            return "home"

    class WorkerPool:
        def submit(self, job):
            return job()
"""
    with observed(tmp_path, text, Policy()) as (app, capture):
        assert app.CarPool().get("front") == "front"
        assert app.WorkerPool().submit(list) == []
    assert not [record for record in capture.records if isinstance(record, PoolRecord)]
