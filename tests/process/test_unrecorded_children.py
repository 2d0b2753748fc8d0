"""Python programs that the service starts and that do not record: what they use, nobody sees."""

from __future__ import annotations

import sys

import pytest
from process.project import POLICY, Project

from ssot_probe.model.path_records import ForkRecord
from ssot_probe.model.records import BlindRecord

BEGIN = """\
import asyncio, multiprocessing, os, subprocess, sys
from shop.manager import get_manager
get_manager("anna")
PYTHON, BARE = sys.executable, {"PATH": os.environ["PATH"]}
CODE = ["-c", "import shop.old"]

def forked(work):
    child = os.fork()
    if child:
        return child
    work()
    os._exit(1)

def nothing():
    pass

"""


@pytest.fixture
def works(shop: Project) -> Project:
    """The shop, with a module that is to be deleted."""
    shop.write({"shop/old.py": "", "ssot-probe.toml": POLICY + 'legacy = ["shop.old"]\n'})
    return shop


def told(works: Project, program: str, code: int = 0) -> list[str]:
    """Return what is said of child processes."""
    works.write({"prog.py": BEGIN + program})
    outcome = works.run("-W", "ignore::DeprecationWarning", "prog.py")
    assert (outcome.code, outcome.err) == (code, "")
    records = works.recorded().of(BlindRecord)
    return sorted({record.reason for record in records if record.subject == "child processes"})


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("subprocess.run([PYTHON, *CODE], env=BARE, check=True)", "does not switch the probe on"),
        ("subprocess.run([b'python3', *CODE], env=BARE, check=True)", "does not switch the probe on"),
        (
            "subprocess.run([PYTHON, '-c', '0'], env=BARE, cwd='/', close_fds=False)",
            "not switch the probe on",
        ),
        ("subprocess.run([PYTHON, *CODE], env=BARE, close_fds=False)", "does not switch the probe on"),
        ("subprocess.run([PYTHON, '-S', *CODE], check=True)", "-S keeps the probe out"),
        ("subprocess.run([PYTHON, '-BsSu', *CODE], check=True)", "-S keeps the probe out"),
        ("subprocess.run([os.path.realpath(PYTHON), *CODE], check=True)", "not installed there"),
        ("subprocess.run(f'env -i {PYTHON} -c 0', shell=True, check=True)", "not switch the probe on"),
        ("subprocess.run(['env', 'SSOT_PROBE=0', PYTHON, *CODE], check=True)", "not switch the probe on"),
        ("os.system(f'SSOT_PROBE= {PYTHON} -c 0')", "does not switch the probe on"),
        ("os.waitpid(os.posix_spawn(PYTHON, ['python', *CODE], BARE), 0)", "not switch the probe on"),
        ("os.spawnve(os.P_WAIT, PYTHON, ['python', *CODE], BARE)", "became a Python program"),
        ("os.waitpid(forked(lambda: os.execve(PYTHON, ['python', *CODE], BARE)), 0)", "became a Python"),
        ("os.waitpid(forked(lambda: os.execle(PYTHON, 'python', *CODE, BARE)), 0)", "became a Python"),
        ("asyncio.run(run_it())", "does not switch the probe on"),
        ("subprocess.run(['./script'], env=BARE, check=True)", "does not switch the probe on"),
    ],
)
def test_a_python_program_without_the_probe_is_told(works: Project, start: str, why: str) -> None:
    program = f"""
with open("script", "w") as file:
    file.write(f"#!{{PYTHON}}\\nimport sys\\n")
os.chmod("script", 0o700)

async def run_it():
    await (await asyncio.create_subprocess_exec(PYTHON, "-c", "0", env=BARE)).wait()
{start}
"""

    (reason,) = told(works, program)

    assert why in reason
    assert "PATH" not in reason
    if "forked" not in reason:
        line = (BEGIN + program).splitlines().index(start) + 1
        place = line - 1 if "run_it" in start else line
        assert f"prog.py:{place} starts Python without the probe" in reason


@pytest.mark.parametrize(
    "start",
    [
        "subprocess.run([PYTHON, *CODE], check=True)",
        "subprocess.run([PYTHON, '-I', '-c', '0'], check=True)",
        "subprocess.run([PYTHON, '-W', 'ignore', '-c', '0', '-S'], check=True)",
        "subprocess.run(['true', 'python'], env=BARE, check=True)",
        "subprocess.run('true', shell=True, env=BARE, check=True)",
        "os.waitpid(forked(lambda: os.execv('/bin/true', ['true'])), 0)",
        "os.system('true')",
        'switched_on = \'import os; os.environ["SSOT_PROBE"] = "1"; import ssot_probe.auto, shop.old\'\n'
        "subprocess.run([PYTHON, '-c', switched_on], check=True, "
        "env={**BARE, 'SSOT_PROBE_DIR': os.environ['SSOT_PROBE_DIR']})",
    ],
)
def test_what_records_or_is_no_python_is_not_told(works: Project, start: str) -> None:
    assert told(works, start + "\n") == []


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_of_multiprocessing_are_told_where_their_environment_was_cleared(
    works: Project, method: str
) -> None:
    program = f"""
if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    if "SSOT_PROBE" in os.environ and CLEARED:
        del os.environ["SSOT_PROBE"]
    child = context.Process(target=nothing)
    child.start()
    child.join()
"""

    assert told(works, "CLEARED = False\n" + program) == []
    assert any("does not switch the probe on" in why for why in told(works, "CLEARED = True\n" + program))


def test_starting_programs_is_as_it_was(works: Project) -> None:
    program = """\
import inspect, os, subprocess, sys, traceback
import shop.manager
print(os.execve in os.supports_fd, inspect.isbuiltin(os.execv), os.execv.__name__, repr(os.posix_spawn))
for start in (
    lambda: subprocess.run(["/there/is/none"]),
    lambda: subprocess.run(["/there/is/none"], close_fds=False),
    lambda: os.posix_spawn("/there/is/none", ["none"], {}),
    lambda: os.execve("/there/is/none", ["none"], {}),
    lambda: os.execv("", []),
    lambda: os.execve(path=1.5, argv=None, env=None),
):
    try:
        start()
    except Exception:
        print(traceback.format_exc() if sys.version_info >= (3, 11) else sys.exc_info()[1])
print(subprocess.check_output(["sh", "-c", "echo out; exit 0"]), os.system("exit 3"))
"""
    works.write({"prog.py": program})

    plain, observed = works.run("prog.py", probe=False), works.run("prog.py")

    assert observed[:3] == plain[:3]
    assert not observed.err


def test_what_starts_programs_is_put_back_when_the_probe_stops(works: Project) -> None:
    program = """\
import os, sys
before = [os.execv, os.execve, os.system, os.posix_spawn]
from ssot_probe import startup
import shop.manager, subprocess, _posixsubprocess
startup.activate().stop()
print([type(one).__name__ for one in (os.execv, os.execve, os.system, os.posix_spawn)])
print(type(_posixsubprocess.fork_exec).__name__, type(vars(subprocess).get("_fork_exec", print)).__name__)
"""
    works.write({"prog.py": program})

    outcome = works.run("prog.py")

    name = "builtin_function_or_method"
    assert outcome[:3] == (0, f"{[name] * 4}\n{name} {name}\n", "")
    assert sys.version_info >= (3, 10)


def test_a_forked_child_that_starts_one_is_known_though_it_is_killed_at_once(works: Project) -> None:
    program = """\
def start():
    subprocess.run([PYTHON, *CODE], env=BARE, check=True)
    os.kill(os.getpid(), 9)
print(os.waitpid(forked(start), 0)[1])
"""
    works.write({"prog.py": BEGIN + program})
    outcome = works.run("-W", "ignore::DeprecationWarning", "prog.py")
    assert outcome[:3] == (0, "9\n", "")
    forks = works.recorded().of(ForkRecord)
    assert len(forks) == 1
    assert len((works.recordings / "processes.list").read_text().splitlines()) == 2
