"""The start-up file that the wheel brings, and SSOT_PROBE=1."""

from __future__ import annotations

import json
import sys
import zipapp

import pytest
from process.project import GET_MANAGER, POLICY, SHOP, Project

from ssot_probe.model.records import MakeRecord, ProcessRecord

FROM_HERE = "import sys; sys.path.insert(0, '.')\n"

NEEDS_SAFE_PATH = pytest.mark.skipif(sys.version_info < (3, 11), reason="-P came with Python 3.11")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["prog.py"], id="script"),
        pytest.param(["./prog.py"], id="script by relative path"),
        pytest.param(["-m", "shop"], id="module"),
        pytest.param(["-mshop"], id="module without a space"),
        pytest.param(["-c", SHOP["prog.py"]], id="command"),
        pytest.param(["-B", "prog.py"], id="-B"),
        pytest.param(["-E", "prog.py"], id="-E"),
        pytest.param(["-s", "prog.py"], id="-s"),
        pytest.param(["-I", "from_here.py"], id="-I"),
        pytest.param(["-P", "from_here.py"], id="-P", marks=NEEDS_SAFE_PATH),
        pytest.param(["-O", "prog.py"], id="-O"),
        pytest.param(["-OO", "prog.py"], id="-OO"),
        pytest.param(["-u", "prog.py"], id="-u"),
        pytest.param(["-X", "dev", "prog.py"], id="-X dev"),
        pytest.param(["-X", "importtime", "prog.py"], id="-X importtime"),
        pytest.param(["-Werror", "prog.py"], id="-W error"),
        pytest.param(["-W", "error", "-bb", "prog.py"], id="-W error -bb"),
    ],
)
def test_the_variable_alone_records_a_program_however_it_is_started(
    shop: Project, arguments: list[str]
) -> None:
    shop.write({"from_here.py": FROM_HERE + SHOP["prog.py"]})

    outcome = shop.run(*arguments)

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    recorded = shop.recorded()
    assert recorded.pids == [outcome.pid]
    assert recorded.states() == ["started", "stopped"]
    assert {"shop", "shop.manager"} <= recorded.modules()
    assert recorded.calls(GET_MANAGER) == 1


def test_nothing_is_said_on_either_stream(shop: Project) -> None:
    outcome = shop.run("-X", "dev", "prog.py")

    assert (outcome.out, outcome.err) == ("OrderManager\n", "")


@pytest.mark.parametrize("arguments", [[], ["-"]], ids=["nothing", "dash"])
def test_a_program_on_standard_input_is_recorded(shop: Project, arguments: list[str]) -> None:
    outcome = shop.run(*arguments, stdin=SHOP["prog.py"])

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    assert shop.recorded().calls(GET_MANAGER) == 1


def test_a_zip_file_is_recorded(shop: Project) -> None:
    source = shop.root.parent / "source"
    shop.root.rename(source)
    shop.root.mkdir()
    (source / "__main__.py").write_text(SHOP["prog.py"])
    zipapp.create_archive(source, shop.root / "app.pyz")

    outcome = shop.run("app.pyz", environment={"SSOT_PROBE_CONFIG": str(source / "ssot-probe.toml")})

    assert (outcome.code, outcome.out) == (0, "OrderManager\n")
    assert shop.recorded().calls(GET_MANAGER) == 1


def test_a_program_without_a_policy_is_recorded_from_another_directory(shop: Project) -> None:
    (shop.root / "ssot-probe.toml").unlink()

    outcome = shop.run(str(shop.root / "prog.py"), cwd=shop.home)

    assert outcome.code == 0
    assert "shop.manager" in shop.recorded().modules()


def test_the_recording_goes_to_a_directory_below_the_current_one_by_default(shop: Project) -> None:
    shop.run("prog.py", probe=False, environment={"SSOT_PROBE": "1"})

    names = sorted(path.name.partition(".")[2] for path in (shop.root / "ssot-probe-data").iterdir())
    assert names == ["list", "metrics.jsonl", "traces.jsonl"]


def test_a_recording_is_readable_by_its_owner_only(shop: Project) -> None:
    shop.run("prog.py")

    modes = {path.stat().st_mode & 0o777 for path in shop.recordings.iterdir()}
    assert modes == {0o600}
    assert shop.recordings.stat().st_mode & 0o777 == 0o700


def test_a_later_change_of_directory_does_not_move_the_recording(shop: Project) -> None:
    shop.write({"moves.py": "import os\nos.chdir('/')\n" + SHOP["prog.py"]})

    shop.run("moves.py", environment={"SSOT_PROBE_DIR": "here"})

    assert list((shop.root / "here").iterdir())


def test_a_virtual_environment_runs_the_start_up_file_twice_and_the_probe_starts_once(shop: Project) -> None:
    shop.write(
        {
            "count.py": """\
import json, sys
from shop.manager import get_manager
probes = [finder for finder in sys.meta_path if type(finder).__module__.startswith("ssot_probe")]
print(json.dumps([len(probes), sys.meta_path.index(probes[0])]))
"""
        }
    )

    outcome = shop.run("count.py")

    assert json.loads(outcome.out) == [1, 0]
    assert shop.recorded().states() == ["started", "stopped"]


def test_an_interpreter_without_site_records_nothing_and_says_nothing(shop: Project) -> None:
    outcome = shop.run("-S", "prog.py")

    assert (outcome.code, outcome.out, outcome.err) == (0, "OrderManager\n", "")
    assert not shop.has_recorded()


def test_the_path_of_the_program_is_as_without_the_probe(shop: Project) -> None:
    shop.write({"path.py": "import sys\nprint(sys.path, sys.argv, sys.orig_argv)\n"})

    assert shop.run("path.py", "x").out == shop.run("path.py", "x", probe=False).out


@pytest.mark.parametrize("file", ["ssot-probe.toml", "pyproject.toml"])
def test_the_nearest_policy_above_the_current_directory_is_taken(shop: Project, file: str) -> None:
    policy = (shop.root / "ssot-probe.toml").read_text().replace("[[concept]]", "[[tool.ssot_probe.concept]]")
    (shop.root / "ssot-probe.toml").rename(shop.root / "other.toml")
    text = "[tool.ssot_probe]\n" + policy if file == "pyproject.toml" else SHOP["ssot-probe.toml"]
    shop.write({file: text, "deep/down/readme": ""})

    shop.run(str(shop.root / "prog.py"), cwd=shop.root / "deep" / "down")

    policies = [record.policy for record in shop.recorded().of(ProcessRecord) if record.policy]
    assert len(policies) == 1
    assert '"order-manager"' in policies[0]
    assert f'"source":"{file}"' in policies[0]


@pytest.mark.parametrize("extension", ["used", "disabled"])
def test_a_call_is_placed_where_it_was_made_with_and_without_the_extension_of_wrapt(
    shop: Project, extension: str
) -> None:
    shop.run("prog.py", environment={"WRAPT_DISABLE_EXTENSIONS": "1"} if extension == "disabled" else {})

    sites = {record.site.file for record in shop.recorded().of(MakeRecord) if record.maker == GET_MANAGER}
    assert sites == {"prog.py"}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sub-interpreters share everything until 3.11")
def test_a_sub_interpreter_is_left_alone_and_leaves_a_trace(shop: Project) -> None:
    program = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
from shop.manager import get_manager
get_manager("anna")
inner = interpreters.create()
execute = interpreters.exec if hasattr(interpreters, "exec") else interpreters.run_string
execute(inner, "print('inside', flush=True)")
interpreters.destroy(inner)
print("outside")
"""
    outcome = shop.run("-c", program)
    assert (outcome.code, outcome.out, outcome.err) == (0, "inside\noutside\n", "")
    sizes = sorted(path.stat().st_size > 0 for path in shop.recordings.glob("*.traces.jsonl"))
    assert sizes == [False, True]


@pytest.mark.parametrize("legacy", ["", 'legacy = ["shop.attic"]\n'], ids=["", "watching paths"])
def test_no_thread_runs_and_no_trace_is_left_before_there_is_anything_to_record(
    shop: Project, legacy: str
) -> None:
    program = """\
import _thread, os
print(_thread._count(), os.path.exists(os.environ["SSOT_PROBE_DIR"]))
import shop.manager
print(os.path.exists(os.environ["SSOT_PROBE_DIR"]))
"""
    shop.write({"prog.py": program, "ssot-probe.toml": POLICY + legacy})

    outcome = shop.run("prog.py")

    assert outcome[:3] == (0, "0 False\nTrue\n", "")


def test_nothing_is_loaded_in_a_thread_that_is_about_to_be_replaced(shop: Project) -> None:
    program = """\
import _thread, os, sys, time, types
from glob import glob
from ssot_probe.observe import threads
threads.REPLACING_SECONDS = 60
sys.modules["gevent"] = types.ModuleType("gevent")
from shop.manager import get_manager
get_manager("anna"), get_manager("bert")
ASSEMBLY, LOOK = "ssot_probe.probe.recorder_assembly", "ssot_probe.observe.sharing.look"
time.sleep(1)
print(ASSEMBLY in sys.modules, LOOK in sys.modules)
original = _thread.get_ident
_thread.get_ident = lambda: original()
for _ in range(500):
    if ASSEMBLY in sys.modules and LOOK in sys.modules:
        break
    time.sleep(0.02)
print(ASSEMBLY in sys.modules, LOOK in sys.modules)
"""
    shop.write({"prog.py": program})

    outcome = shop.run("prog.py")

    assert outcome[:3] == (0, "False False\nTrue True\n", "")
    assert shop.recorded().calls(GET_MANAGER) == 2
