"""Processes, pools and executors of the standard library, however they start and end."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fleet.support.cases import Case, parameters
from fleet.support.examine import examine
from fleet.support.programs import program

METHODS = ("fork", "spawn", "forkserver")

PROCESS = """
import multiprocessing, sys
from shop.work import answer

def work(users):
    for number, user in enumerate(users):
        answer(user, number % 4 == 0)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    work(["anna", "bert"])
    shares = ["anna"] * 6, ["bert", "carla"] * 3
    children = [context.Process(target=work, args=(users,)) for users in shares]
    for child in children:
        child.start()
    for child in children:
        child.join()
    sys.exit(max(child.exitcode for child in children))
"""

POOL = """
import multiprocessing, sys, time
from shop.work import answer

def work(number):
    answer(("anna", "bert", "carla")[number % 3], number % 4 == 0)
    time.sleep(0.02)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    pool = context.Pool(2, maxtasksperchild=int(sys.argv[3]) or None)
    pool.map(work, range(24), chunksize=1)
    if sys.argv[2] == "close":
        pool.close()
    else:
        pool.terminate()
    pool.join()
"""

EXECUTOR = """
import concurrent.futures, multiprocessing, sys, time
from shop.work import answer

def work(number):
    answer(("anna", "bert", "carla")[number % 3], number % 4 == 0)
    time.sleep(0.02)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    options = {"max_tasks_per_child": int(sys.argv[2])} if int(sys.argv[2]) else {}
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context, **options) as executor:
        if options:  # one after the other: CPython's executor may wait for ever otherwise (gh-115634)
            for number in range(12):
                executor.submit(work, number).result()
        else:
            list(executor.map(work, range(24)))
"""


def words(tasks: str) -> str:
    """Say how many tasks a child does."""
    return f"{tasks} tasks" if tasks != "0" else "all tasks"


CASES = [
    *(
        Case(f"multiprocessing {method}: processes", program(PROCESS, method), 3, is_thin=method == "fork")
        for method in METHODS
    ),
    *(
        Case(
            f"multiprocessing {method}: pool, {end}, {words(tasks)} a child",
            program(POOL, method, end, tasks),
            is_thin=(end, tasks) == ("close", "5") or (method, end) == ("fork", "terminate"),
        )
        for method in METHODS
        for end, tasks in (("close", "0"), ("terminate", "0"), ("close", "5"), ("close", "1"))
    ),
    *(
        Case(
            f"concurrent.futures {method}: {words(tasks)} a child",
            program(EXECUTOR, method, tasks),
        )
        for method in METHODS
        for tasks in ("0", "5")
        if tasks == "0" or (method != "fork" and sys.version_info >= (3, 11))  # CPython refuses the others
    ),
]


@pytest.mark.parametrize("case", parameters(CASES))
def test_the_sum_over_processes_is_the_truth(case: Case, tmp_path: Path) -> None:
    assert examine(case, tmp_path).faults == ()
