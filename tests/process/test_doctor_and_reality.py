"""What doctor says beforehand, and what happens then."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from process.installation import Installation, library_tree, make_bare
from process.project import GET_MANAGER, POLICY, SHOP, Outcome, Project, off_lines
from process.test_target_tree import by_environment, install_stub

from ssot_probe.model.process_records import BlindRecord

ACTIVE = "The probe would be active."


def doctor(project: Project, *command: str, environment: dict[str, str] | None = None) -> Outcome:
    return project.ssot_probe("doctor", "--", *command, probe=True, environment=environment)


def lines(outcome: Outcome, state: str) -> list[str]:
    found = [line.partition(" ") for line in outcome.out.splitlines()]
    return [rest.strip() for word, _, rest in found if word == state]


def agree(project: Project, *command: str, environment: dict[str, str] | None = None) -> Outcome:
    """Ask doctor, then run the command; return what doctor said if it came out so."""
    said = doctor(project, *command, environment=environment)
    outcome = project.execute(command, environment)
    assert (outcome.code, outcome.out.strip().splitlines()[-1:]) == (0, ["OrderManager"]), outcome
    assert (said.code, said.out.splitlines()[-1] == ACTIVE) in ((0, True), (3, False)), said
    is_recorded = project.has_recorded() and project.recorded().calls(GET_MANAGER) == 1
    assert (said.code == 0) == is_recorded, said.out
    return said


@pytest.mark.parametrize(
    "command",
    [
        "nohup nice -n 1 timeout 60 PYTHON prog.py",
        "env -i SSOT_PROBE=1 SSOT_PROBE_DIR=RECORDINGS PYTHON prog.py",
        "env -i PYTHON prog.py",
        "env -u SSOT_PROBE PYTHON prog.py",
        "setsid -w stdbuf -oL PYTHON -I -c CODE",
        "sh ./entry.sh PYTHON prog.py",
        "./entry.sh env SSOT_PROBE=0 PYTHON prog.py",
        "./serve.sh",
        "env PYTHON -S prog.py",
    ],
)
def test_what_stands_before_python_is_seen_through(shop: Project, command: str) -> None:
    shop.write(
        {
            "entry.sh": '#!/bin/sh\n# the usual: set up, then become the program\nset -e\nexec "$@"\n',
            "serve.sh": f"#!/bin/sh\nexport X=1\ncd . && {shop.python} prog.py 2>&1 | cat\n",
        }
    )
    for name in ("entry.sh", "serve.sh"):
        (shop.root / name).chmod(0o755)
    code = "import sys; sys.path.insert(0, ''); import prog"
    words = {"PYTHON": shop.python, "RECORDINGS": f"SSOT_PROBE_DIR={shop.recordings}", "CODE": code}
    words["SSOT_PROBE_DIR=RECORDINGS"] = words.pop("RECORDINGS")

    agree(shop, *(words.get(word, word) for word in command.split()))


def test_a_shell_with_a_text_is_seen_through(shop: Project) -> None:
    agree(shop, "sh", "-c", f"export SSOT_PROBE=0; exec {shop.python} prog.py")


@pytest.mark.parametrize("way", ["tree", "bootstrap", "both"])
def test_the_ways_of_a_tree(shop: Project, bare: Installation, target_tree: Path, way: str) -> None:
    bootstrap = target_tree / "ssot_probe" / "bootstrap"
    entries = {"tree": [target_tree], "bootstrap": [bootstrap], "both": [bootstrap, target_tree]}[way]
    environment = {"PYTHONPATH": os.pathsep.join(map(str, entries))}

    said = agree(shop, bare.python, "prog.py", environment=environment)

    assert (said.code == 0) == (way != "tree")
    assert any("hide the application's own" in line for line in lines(said, "note")) == (way == "both")
    if way == "tree":
        assert any(str(bootstrap) in line for line in lines(said, "fail"))


def test_a_library_that_does_not_fit_is_told_in_the_same_words(
    shop: Project, tmp_path: Path, target_tree: Path
) -> None:
    own = make_bare(tmp_path / "own")
    install_stub(own, "wrapt", "1.14.1")

    said = agree(shop, own.python, "prog.py", environment=by_environment(target_tree))

    (line,) = off_lines(shop.execute([own.python, "prog.py"], by_environment(target_tree)).err)
    assert line.removeprefix("ssot-probe is off: ") in lines(said, "fail")


def test_the_launcher_of_opentelemetry_does_not_hide_our_sitecustomize(
    shop: Project, bare: Installation
) -> None:
    tree = library_tree("opentelemetry-instrumentation")
    launcher = shop.root.parent / "bin" / "opentelemetry-instrument"
    launcher.parent.mkdir()
    launcher.write_text(
        f"#!{bare.python}\nfrom opentelemetry.instrumentation.auto_instrumentation import run\nrun()\n"
    )
    launcher.chmod(0o755)
    environment = {"PYTHONPATH": str(tree), "OTEL_SDK_DISABLED": "true"}
    command = [str(launcher), bare.python, "prog.py"]

    said = shop.ssot_probe("doctor", "--", "ssot-probe", "run", "--", *command, environment=environment)
    shop.ssot_probe("run", "--out", str(shop.recordings), "--", *command, environment=environment)

    assert said.code == 0
    assert shop.recorded().calls(GET_MANAGER) == 1


def test_a_program_that_imports_the_probe_itself_needs_no_start_up_file(
    shop: Project, bare: Installation, target_tree: Path
) -> None:
    shop.write({"prog.py": "import ssot_probe.auto\n" + SHOP["prog.py"]})

    said = agree(shop, bare.python, "-S", "prog.py", environment={"PYTHONPATH": str(target_tree)})

    assert "imports ssot_probe.auto itself" in said.out


def blind(project: Project) -> set[str]:
    return {f"{record.subject}: {record.reason}" for record in project.recorded().of(BlindRecord)}


@pytest.mark.parametrize(
    ("environment", "words"),
    [({"SSOT_PROBE_SHARING": "0"}, "shared references: switched off by SSOT_PROBE_SHARING")],
)
def test_what_is_blind_is_told_in_the_words_of_the_recording(
    shop: Project, environment: dict[str, str], words: str
) -> None:
    said = agree(shop, shop.python, "prog.py", environment=environment)

    assert words in lines(said, "blind")
    assert words in blind(shop)


@pytest.mark.skipif(sys.version_info >= (3, 11), reason="of Python 3.10")
def test_what_an_old_python_does_not_tell_is_told_in_the_words_of_the_recording(shop: Project) -> None:
    said = agree(shop, shop.python, "prog.py")

    assert blind(shop) <= set(lines(said, "blind"))


def test_compiled_modules_are_blind(shop: Project) -> None:
    directory = Path(os.__file__).parent / "lib-dynload"
    found = [path for name in ("_queue", "_bisect", "_heapq") for path in directory.glob(f"{name}.*")]
    if not found:
        pytest.skip("this Python has its modules in C inside of it")
    name = found[0].name.partition(".")[0]
    shutil.copy(found[0], shop.root / "shop")
    policy = POLICY + f'legacy = ["shop.{name}"]\n'
    shop.write({"ssot-probe.toml": policy, "prog.py": f"import shop.{name}\n" + SHOP["prog.py"]})

    said = agree(shop, shop.python, "prog.py")

    (line,) = [line for line in lines(said, "blind") if name in line]
    assert "it is not written in Python" in line
    judged = shop.ssot_probe("dead", str(shop.recordings))
    assert f"shop.{name}: it is not written in Python" in judged.out


UNHEARD = """\
import enum, typing
from enum import Enum

class Colour(Enum):
    RED = 1

class Shade(enum.IntFlag):
    DARK = 1

class Wrong(ValueError):
    pass

class Worse(Wrong):
    pass

class Speaks(typing.Protocol[typing.TypeVar("T")]):
    def speak(self): ...

class Row(typing.TypedDict):
    name: str

class Pair(typing.NamedTuple):
    one: int

class Heard:
    def __init__(self):
        self.value = 1
"""


def test_what_of_a_legacy_path_cannot_be_heard_is_told_in_the_words_of_the_verdict(shop: Project) -> None:
    shop.write(
        {
            "shop/old.py": UNHEARD,
            "ssot-probe.toml": POLICY + 'legacy = ["shop.old"]\n',
            "prog.py": "import shop.old\n" + SHOP["prog.py"],
        }
    )

    said = agree(shop, shop.python, "prog.py")

    (line,) = [line for line in lines(said, "blind") if "cannot be heard" in line]
    judged = shop.ssot_probe("dead", str(shop.recordings)).out
    (verdict,) = {each for each in judged.splitlines() if "missing" in each and "cannot be heard" in each}
    told = line.partition("cannot be heard: ")[2].split("; ")
    assert len(told) == 7
    for entry in told:
        assert entry in verdict.replace("shop.old:", "")


@pytest.mark.parametrize("given", ["", "ssot.role=cron", "ssot.role=web,deployment.environment.name=staging"])
def test_what_a_policy_asks_for_and_the_process_does_not_say(shop: Project, given: str) -> None:
    dead = '[dead]\nenvironments = ["staging"]\nroles = ["web"]\nmin_days = 1\n'
    shop.write({"ssot-probe.toml": POLICY + 'legacy = ["shop.old"]\n' + dead, "shop/old.py": ""})
    environment = {"OTEL_RESOURCE_ATTRIBUTES": given}

    said = agree(shop, shop.python, "prog.py", environment=environment)

    judged = shop.ssot_probe("dead", str(shop.recordings))
    missing = [line for line in lines(said, "blind") if "[dead] asks for" in line]
    assert len(missing) == 2 - given.count("web") - given.count("staging")
    assert judged.out.startswith("NEVER-LOADED") == (not missing), judged.out


def test_names_of_the_policy_that_are_not_there(shop: Project) -> None:
    policy = 'packages = ["shop", "shed"]\nuser = [{ call = "shop.nobody:current" }]\n'
    policy += POLICY.partition("\n")[2]
    shop.write({"ssot-probe.toml": policy + 'legacy = ["shop.gone"]\n'})

    said = agree(shop, shop.python, "prog.py")

    told = [line for line in lines(said, "blind") if "not found" in line or "no module" in line]
    assert [line.partition(":")[0] for line in told] == [
        "package shed is not found there",
        "user source shop.nobody",
    ]
    assert any("shop.gone" in line for line in lines(said, "note"))
    assert "SSOT906" in shop.ssot_probe("report", str(shop.recordings)).out


def test_an_endpoint_without_a_scheme_gets_nothing(shop: Project) -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "127.0.0.1:4318"}

    said = agree(shop, shop.python, "prog.py", environment=environment)

    assert any("no scheme" in line for line in lines(said, "blind"))
    losses = shop.recorded().losses()
    assert losses.get("export_failed", 0) + losses.get("export_refused", 0), losses


def test_an_endpoint_where_nobody_listens_is_a_note(shop: Project) -> None:
    said = doctor(
        shop, shop.python, "prog.py", environment={"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    )

    assert said.code == 0
    assert any("nobody takes a connection" in line for line in lines(said, "note"))


def test_a_small_limit_of_file_sizes_is_a_note(shop: Project) -> None:
    command = ["sh", "-c", f"ulimit -f 4; exec {shop.command} doctor -- {shop.python} prog.py"]

    said = shop.execute(command)

    assert any("ulimit -f" in line for line in lines(said, "note"))
