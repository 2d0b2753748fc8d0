"""The list of processes: what was written is read back, whatever was torn, cut off or copied on the way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssot_probe.wire.process_list import (
    LINE_LENGTH,
    ListedProcess,
    ProcessList,
    merged,
    read_list,
    written_line,
)

SECOND = 1_000_000_000
NOW = 1_767_600_000 * SECOND

processes = st.lists(
    st.builds(
        ListedProcess,
        st.integers(0, 2**128 - 1).map("{:032x}".format),
        st.integers(0, 4_000_000_000).map(lambda seconds: seconds * SECOND),
        st.integers(0, 999_999_999),
    ),
    unique_by=lambda process: process.identity,
    max_size=8,
)


def written(listed: list[ListedProcess]) -> bytes:
    return b"".join(written_line(*process) for process in listed)


@settings(deadline=None)
@given(processes)
def test_what_was_written_is_read_back_in_order(listed: list[ListedProcess]) -> None:
    read = read_list(written(listed))
    assert list(read.processes) == listed
    assert read.torn == 0
    assert read.name == (listed[0].identity if listed else "")


@settings(deadline=None)
@given(processes, st.integers(0, 600))
def test_a_list_that_is_cut_off_says_so_unless_a_line_ends_there(
    listed: list[ListedProcess], length: int
) -> None:
    content = written(listed)[:length]
    read = read_list(content)
    assert list(read.processes) == listed[: (len(content) + 1) // LINE_LENGTH]
    assert read.torn == ((len(content) + 1) % LINE_LENGTH > 1)


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_anything_can_be_read(content: bytes) -> None:
    read = read_list(content)
    assert read.torn or read.processes or not content.strip(b"\0\r\n ")


@settings(deadline=None)
@given(processes, st.data())
def test_copies_of_a_list_are_one_with_all_that_any_of_them_has(
    listed: list[ListedProcess], data: st.DataObject
) -> None:
    whole = read_list(written(listed))
    parts = [read_list(written(listed[: data.draw(st.integers(1, len(listed)))])) for _ in listed]
    copies = data.draw(st.permutations([whole, *parts]))
    assert merged(copies) == (whole,)


def test_the_same_line_twice_is_one_process() -> None:
    line = written_line("a" * 32, NOW, 7)
    assert read_list(line + line).processes == (ListedProcess("a" * 32, NOW, 7),)


def test_lists_of_two_directories_stay_apart() -> None:
    one, other = (read_list(written_line(letter * 32, NOW, 7)) for letter in "ab")
    assert merged([other, one, other]) == (one, other)
    assert merged([]) == ()
    assert merged([ProcessList("", (), 0)]) == (ProcessList("", (), 0),)


@pytest.mark.parametrize(("identity", "pid"), [("", 1), ("a b", 1), ("a" * 33, 1), ("a", 10**9)])
def test_what_does_not_fit_into_a_line_is_refused(identity: str, pid: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        written_line(identity, NOW, pid)
