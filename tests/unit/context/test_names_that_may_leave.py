"""What of users, threads and tasks may leave the process: keyed hashes, and names that nobody chose."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssot_probe.context.current import task_name, thread_name
from ssot_probe.context.identity import UserHasher
from ssot_probe.context.labels import task_label, thread_label

KEY = bytes(range(32))


def test_a_user_s_hash_is_the_same_for_one_key() -> None:
    assert UserHasher(KEY)("anna") == UserHasher(KEY)("anna")


def test_two_keys_and_two_users_have_different_hashes() -> None:
    assert UserHasher(KEY)("anna") != UserHasher(KEY[::-1])("anna")
    assert UserHasher(KEY)("anna") != UserHasher(KEY)("bert")
    assert UserHasher()("anna") != UserHasher()("anna")


@given(st.text())
def test_every_text_has_a_hash_of_one_shape(user_id: str) -> None:
    assert re.fullmatch(r"u-[0-9a-f]{16}", UserHasher(KEY)(user_id))


def test_the_hash_is_not_found_by_trying_ids_with_the_usual_functions() -> None:
    hashes = {UserHasher()(str(number)).removeprefix("u-") for number in (7, 4711, 999_999)}
    for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
        begin = getattr(hashlib, name)
        assert all(begin(b"%d" % number).hexdigest()[:16] not in hashes for number in range(1_000_000))
    for key in (b"", bytes(32), b"ssot-probe", b"ssot_probe", b"0" * 32):
        tried = (hmac.digest(key, b"%d" % number, "sha256").hex()[:16] for number in range(100_000))
        assert hashes.isdisjoint(tried)


def test_a_million_ids_have_as_many_hashes() -> None:
    hasher = UserHasher(KEY)
    assert len({hasher(str(number)) for number in range(1_000_000)}) == 1_000_000


def test_many_users_do_not_grow_the_hasher_without_bound() -> None:
    hasher = UserHasher(KEY)
    first = hasher("0")
    for number in range(25_000):
        hasher(str(number))
    assert len(hasher._cache) <= 10_000
    assert hasher("0") == first


def test_the_key_is_not_shown() -> None:
    assert KEY.hex() not in repr(UserHasher(KEY))
    assert repr(KEY) not in repr(UserHasher(KEY))


@pytest.mark.parametrize(
    "name",
    ["MainThread", "Thread-1", "Thread-12 (work)", "Dummy-3", "ThreadPoolExecutor-0_4", "asyncio_0", ""],
)
def test_names_that_the_interpreter_gives_threads_are_kept(name: str) -> None:
    assert thread_label(name) == name


@pytest.mark.parametrize(
    "name", ["anna", "Thread-anna", "Thread-1 (anna@example.org)", "worker for MainThread", "Thread-1\nanna"]
)
def test_names_that_an_application_gives_threads_are_replaced(name: str) -> None:
    assert thread_label(name) == "named thread"


@pytest.mark.parametrize("name", ["Task-1", "Task-99", ""])
def test_names_that_asyncio_gives_tasks_are_kept(name: str) -> None:
    assert task_label(name) == name


@pytest.mark.parametrize("name", ["anna", "Task-anna", "serve Task-1", "Task-1 for anna"])
def test_names_that_an_application_gives_tasks_are_replaced(name: str) -> None:
    assert task_label(name) == "named task"


@given(st.text())
def test_a_name_is_either_kept_by_its_shape_or_replaced_as_a_whole(name: str) -> None:
    assert thread_label(name) in (name, "named thread")
    assert task_label(name) in (name, "named task")


def test_the_current_thread_is_named() -> None:
    assert thread_name() == "MainThread"
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(thread_name).result() == "ThreadPoolExecutor-0_0" or thread_label(
            pool.submit(thread_name).result()
        ).startswith("ThreadPoolExecutor-")


def test_a_foreign_thread_gets_no_thread_object_from_us() -> None:
    import _thread

    names: list[str] = []
    done = _thread.allocate_lock()
    done.acquire()

    def work() -> None:
        names.append(thread_name())
        done.release()

    before = set(threading._active)  # type: ignore[attr-defined]
    _thread.start_new_thread(work, ())
    assert done.acquire(timeout=10)
    assert names == [""]
    assert set(threading._active) == before  # type: ignore[attr-defined]


def test_the_current_task_is_named_inside_of_a_loop_only() -> None:
    async def named() -> str:
        return task_name()

    async def main() -> list[str]:
        return [task_name(), await asyncio.create_task(named(), name="mine")]

    assert task_name() == ""
    own, given_name = asyncio.run(main())
    assert own.startswith("Task-")
    assert given_name == "mine"
