"""Every way of importing: each is done three times, of a legacy module of its own, and all of it is recorded.

What a version of Python does not tell is recorded as something that could not be observed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

import pytest
from support.children import Run, line_of, run, run_both, write_files

from ssot_probe.model.records import BlindRecord, ClassRecord, ImportRecord, ModuleRecord
from ssot_probe.observe.paths.unheard import UNSEEN

LEGACY = """
class Legacy:
    pass


def make():
    return Legacy()
"""

COMPILER = shutil.which("gcc") or shutil.which("cc")
SINCE_311 = sys.version_info >= (3, 11)
SINCE_312 = sys.version_info >= (3, 12)
NEEDS_COMPILER = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler here")
BY_IMPORT_MODULE = "imports of loaded modules by importlib.import_module"


class Way(NamedTuple):
    """One way of importing `old_<way>`; the line that does it ends with `# here`."""

    code: str  # what is done three times, in a function
    before: str = ""  # at the top of that module
    module: str = ""  # that is imported, where it has another name
    files: Mapping[str, str] = {}  # beside the legacy module
    text: str | None = LEGACY  # of the legacy module; None where there is no such file
    times: tuple[int, int] = (1, 2)  # loaded, cached
    names: tuple[str, ...] = ()
    origin: str = "application"
    blind: bool = False  # does the recording say that it does not see all of them?
    has_class: bool = True  # is the class found as one of the legacy module?
    file: str = ""  # where `# here` stands


IMPORTLIB = "import importlib, importlib.machinery, importlib.metadata, importlib.util, sys, types"
CALLED = (1, 2) if SINCE_311 else (1, 0)
BY_C = (1, 2) if SINCE_312 else (1, 0)
FROM_FILE = """
spec = importlib.util.spec_from_file_location("{name}", "plugins/{name}.py")
module = importlib.util.module_from_spec(spec)
{register}
spec.loader.exec_module(module)  # here
module.make()
"""

WAYS = {
    "statement": Way("import old_statement  # here"),
    "renamed": Way("import old_renamed as other  # here"),
    "name": Way("from old_name import Legacy  # here", names=("Legacy",)),
    "expression": Way("__import__('old_expression')  # here"),
    "keywords": Way("__import__('old_keywords', fromlist=['Legacy']).Legacy  # here"),
    "function": Way("importlib.import_module('old_function')  # here", IMPORTLIB, times=CALLED),
    "bound": Way("load('old_bound')  # here", "from importlib import import_module as load", times=CALLED),
    "mapped": Way("list(map(__import__, ['old_mapped']))  # here", times=BY_C, blind=not SINCE_312),
    "other name": Way("load('old_other_name')  # here", "load = __import__", times=BY_C, blind=not SINCE_312),
    "relative": Way(
        "from package_relative.user import go; go()",
        module="package_relative.old",
        files={
            "package_relative/__init__.py": "",
            "package_relative/old.py": LEGACY,
            "package_relative/user.py": "def go():\n    from .old import Legacy  # here\n",
        },
        names=("Legacy",),
        file="package_relative/user.py",
    ),
    "star": Way(
        "exec(compile('from package_star import *', 'star.py', 'exec'), {})",
        module="package_star.old",
        files={
            "package_star/__init__.py": "__all__ = ['old']\n",
            "package_star/old.py": LEGACY,
            "star.py": "from package_star import *  # here\n",
        },
        names=("*",),
        file="star.py",
    ),
    "guarded": Way(
        "try:\n    from old_guarded import Missing  # here\nexcept ImportError:\n    pass", names=("Missing",)
    ),
    "lazy": Way(
        "facade_lazy.Legacy",
        "import facade_lazy",
        files={
            "facade_lazy.py": """
                def __getattr__(name):
                    from old_lazy import Legacy  # here
                    return Legacy
            """
        },
        names=("Legacy",),
        file="facade_lazy.py",
    ),
    "namespace": Way(
        "from space_namespace import old  # here",
        module="space_namespace.old",
        files={"space_namespace/old.py": LEGACY},
    ),
    "archive": Way("import old_archive  # here", "import sys\nsys.path.append('old.zip')", text=None),
    "extension": Way("import old_extension  # here", text=None),
    "name of extension": Way(
        "from old_name_of_extension import Legacy  # here", text=None, names=("Legacy",)
    ),
    "again": Way("importlib.reload(old_again)  # here", IMPORTLIB + "\nimport old_again", times=(3, 0)),
    "alias": Way(
        "import old_alias  # here",
        "import sys, new_alias\nsys.modules['old_alias'] = new_alias",
        files={"new_alias.py": LEGACY},
        text=None,
        times=(0, 3),
        has_class=False,
    ),
    "alias of what is not watched": Way(
        "from old_alias_of_what_is_not_watched import value  # here",
        "import sys, new_plain\nsys.modules['old_alias_of_what_is_not_watched'] = new_plain",
        files={"new_plain.py": "value = 1\n"},
        text=None,
        times=(0, 3),
        names=("value",),
        has_class=False,
    ),
    "alias by function": Way(
        "importlib.import_module('old_alias_by_function')  # here",
        IMPORTLIB + "\nimport new_alias_by_function as new\nsys.modules['old_alias_by_function'] = new",
        files={"new_alias_by_function.py": LEGACY},
        text=None,
        times=(0, 3) if SINCE_311 else (0, 0),
        has_class=False,
    ),
    "alias by expression": Way(
        "__import__('old_alias_by_expression')  # here",
        IMPORTLIB + "\nimport new_alias_by_expression as new\nsys.modules['old_alias_by_expression'] = new",
        files={"new_alias_by_expression.py": LEGACY},
        text=None,
        times=(0, 3),
        has_class=False,
    ),
    "own alias": Way(
        "import old_own_alias  # here",
        files={"new_own_alias.py": LEGACY},
        text="import sys, new_own_alias\nsys.modules[__name__] = new_own_alias\n",
        has_class=False,
    ),
    "made by hand": Way(
        "import old_made_by_hand  # here",
        IMPORTLIB + "\nmodule = sys.modules['old_made_by_hand'] = types.ModuleType('old_made_by_hand')\n"
        "exec('class Legacy: pass', vars(module))",
        text=None,
        times=(0, 0),
        blind=True,
    ),
    "made with a spec": Way(
        "import old_made_with_a_spec  # here",
        IMPORTLIB + "\nspec = importlib.machinery.ModuleSpec('old_made_with_a_spec', None)\n"
        "module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)\n"
        "exec('class Legacy: pass', vars(module))",
        text=None,
        times=(0, 3),
    ),
    "spec of its own kind": Way(
        "import old_spec_of_its_own_kind  # here",
        text=LEGACY + "\nfrom importlib.machinery import ModuleSpec\n"
        "__spec__ = type('Own', (ModuleSpec,), {})(__name__, __spec__.loader)\n",
        times=(1, 0),
        blind=True,
    ),
    "class": Way(
        "import old_class  # here",
        text="import sys\nclass Legacy: pass\nsys.modules[__name__] = Legacy\n",
        times=(1, 0),
        blind=True,
    ),
    "instance": Way(
        "from old_instance import x  # here",
        text="import sys\nclass Legacy:\n    x = 1\nsys.modules[__name__] = Legacy()\n",
        times=(1, 0),
        names=("x",),
        blind=True,
    ),
    "own kind of module": Way(
        "import old_own_kind_of_module  # here",
        text=LEGACY
        + "\nimport sys, types\nsys.modules[__name__].__class__ = type('M', (types.ModuleType,), {})\n",
    ),
    "twice": Way(
        "import directory_twice.old_twice  # here",
        "import sys\nsys.path.append('directory_twice')\nimport old_twice",
        module="directory_twice.old_twice",
        files={"directory_twice/__init__.py": "", "directory_twice/old_twice.py": LEGACY},
    ),
    "file": Way(
        FROM_FILE.format(name="old_file", register=""),
        IMPORTLIB,
        files={"plugins/old_file.py": LEGACY},
        text=None,
        times=(3, 0),
    ),
    "registered file": Way(
        FROM_FILE.format(name="old_registered_file", register="sys.modules[spec.name] = module"),
        IMPORTLIB,
        files={"plugins/old_registered_file.py": LEGACY},
        text=None,
        times=(3, 0),
    ),
    "loader": Way(
        "importlib.machinery.SourceFileLoader('old_loader', 'plugins/old_loader.py').load_module()  # here",
        IMPORTLIB + "\nimport warnings\nwarnings.simplefilter('ignore')",
        files={"plugins/old_loader.py": LEGACY},
        text=None,
        times=(3, 0),
    ),
    "spec": Way(
        "spec = importlib.util.find_spec('old_spec')\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec))  # here",
        IMPORTLIB,
        times=(3, 0),
    ),
    "entry point": Way(
        "for point in importlib.metadata.entry_points().select(group='ways'):\n    point.load()  # here",
        IMPORTLIB,
        files={
            "ways-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: ways\nVersion: 1\n",
            "ways-1.dist-info/entry_points.txt": "[ways]\nfirst = old_entry_point:Legacy\n",
        },
        times=CALLED,
    ),
    "pickle": Way("pickle.loads(b'cold_pickle\\nLegacy\\n.')  # here", "import pickle", origin="unpickling"),
    "pickle file": Way(
        "pickle.load(io.BytesIO(b'cold_pickle_file\\nLegacy\\n.'))  # here",
        "import io, pickle",
        origin="unpickling",
    ),
    "pickle in Python": Way(
        "pickle._loads(b'cold_pickle_in_Python\\nLegacy\\n.')  # here",
        "import pickle",
        origin="unpickling",
    ),
    "name in text": Way(
        "pkgutil.resolve_name('old_name_in_text:Legacy')  # here", "import pkgutil", times=CALLED
    ),
    "logging": Way(
        "logging.config.dictConfig(settings)  # here",
        "import logging.config\n"
        "settings = {'version': 1, 'handlers': {'h': {'class': 'old_logging.Legacy'}}}",
        text="import logging\n\nclass Legacy(logging.Handler):\n    pass\n",
    ),
    "code in C": Way("in_c.load('old_code_in_C')  # here", "import in_c", times=BY_C, blind=not SINCE_312),
    "thread": Way(
        "thread = threading.Thread(target=do)\nthread.start()\nthread.join()",
        "import threading\ndef do():\n    import old_thread  # here\n",
    ),
}
NEEDING_COMPILER = {"extension", "name of extension", "code in C"}

EXTENSION = """
#include <Python.h>
static struct PyModuleDef definition = {{PyModuleDef_HEAD_INIT, "{name}", 0, 0, 0}};
PyMODINIT_FUNC PyInit_{name}(void) {{
    PyObject *module = PyModule_Create(&definition);
    PyObject *names = PyModule_GetDict(module);
    PyRun_String("class Legacy: pass\\n", Py_file_input, names, names);
    return module;
}}
"""

IMPORTER = """
#include <Python.h>
static PyObject *load(PyObject *self, PyObject *name) { return PyImport_Import(name); }
static PyMethodDef methods[] = {{"load", load, METH_O, 0}, {0}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "in_c", 0, -1, methods};
PyMODINIT_FUNC PyInit_in_c(void) { return PyModule_Create(&definition); }
"""


def own_name(way: str) -> str:
    """Return the name of a way's legacy module."""
    return WAYS[way].module or f"old_{way.replace(' ', '_')}"


def build(directory: Path, name: str, source: str) -> None:
    """Compile an extension module."""
    assert COMPILER is not None
    (directory / f"{name}.c").write_text(source)
    target = directory / (name + sysconfig.get_config_var("EXT_SUFFIX"))
    include = sysconfig.get_paths()["include"]
    command = [COMPILER, "-shared", "-fPIC", "-I", include, str(directory / f"{name}.c"), "-o", str(target)]
    subprocess.run(command, check=True)


def user_of(way: str) -> str:
    """Return the module that imports in a certain way."""
    return f"way_{way.replace(' ', '_')}"


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All ways in one process, with and without the probe."""
    directory = tmp_path_factory.mktemp("ways")
    for name, way in WAYS.items():
        if name in NEEDING_COMPILER and COMPILER is None:
            continue
        text = f"{dedent(way.before)}\n\ndef go():\n{indent(dedent(way.code), '    ')}\n"
        write_files(directory, {f"{user_of(name)}.py": text, **way.files})
        if way.text is not None and not way.module:
            write_files(directory, {f"{own_name(name)}.py": way.text})
    with zipfile.ZipFile(directory / "old.zip", "w") as archive:
        archive.writestr("old_archive.py", LEGACY)
    if COMPILER is not None:
        build(directory, "in_c", IMPORTER)
        for name in ("old_extension", "old_name_of_extension"):
            build(directory, name, EXTENSION.format(name=name))
    users = sorted(path.stem for path in directory.glob("way_*.py"))
    program = (
        f"for name in {users}:\n    user = __import__(name)\n    for _ in range(3):\n        user.go()\n"
    )
    legacy = [own_name(name) for name in WAYS]
    policy = f"[[concept]]\nname = 'legacy'\nclasses = ['Legacy']\nlegacy = {legacy}\n"
    observed, _ = run_both(directory, program=program, policy=policy)
    return observed.checked()


@pytest.fixture(
    params=[pytest.param(way, marks=NEEDS_COMPILER if way in NEEDING_COMPILER else ()) for way in WAYS]
)
def way(request: pytest.FixtureRequest) -> str:
    """The name of each way."""
    return str(request.param)


def test_each_import_is_recorded_at_its_line(done: Run, way: str) -> None:
    directory = done.directory.parent
    file = WAYS[way].file or f"{user_of(way)}.py"
    here = (file, line_of(directory / file, "here"))
    counts: Counter[str] = Counter()
    fetched: set[tuple[str, ...]] = set()
    for record in done.of(ImportRecord):
        if (record.site.file, record.site.line) == here and record.module == own_name(way):
            counts[record.outcome] += record.count
            fetched.add(record.names)
            assert record.origin == WAYS[way].origin
        if (record.site.file, record.site.line) == here and own_name(way).startswith(record.module + "."):
            fetched.add(record.names)
    assert (counts["loaded"], counts["cached"]) == WAYS[way].times
    assert not fetched or WAYS[way].names in fetched


def test_what_was_not_seen_of_them_is_said(done: Run, way: str) -> None:
    blind = [
        record.subject
        for record in done.of(BlindRecord)
        if own_name(way) in record.subject.split() and record.reason != UNSEEN  # which is about calls
    ]
    assert bool(blind) == WAYS[way].blind


def test_nobody_else_is_said_to_import_it(done: Run, way: str) -> None:
    file = WAYS[way].file or f"{user_of(way)}.py"
    importers = {record.site.file for record in done.of(ImportRecord) if record.module == own_name(way)}
    assert importers <= {file}


def test_the_class_is_found(done: Run, way: str) -> None:
    found = [record for record in done.of(ClassRecord) if record.name == f"{own_name(way)}:Legacy"]
    assert bool(found) == WAYS[way].has_class


def test_old_pythons_say_what_they_do_not_see(done: Run) -> None:
    subjects = {record.subject for record in done.of(BlindRecord)}
    assert (BY_IMPORT_MODULE in subjects) == (not SINCE_311)


def test_no_way_is_called_late(done: Run) -> None:
    assert [record.module for record in done.of(ModuleRecord) if record.preloaded] == []


@pytest.mark.parametrize("is_wrapped", [False, True])
def test_imports_are_seen_behind_a_replacement_of_the_import_function(
    tmp_path: Path, is_wrapped: bool
) -> None:
    program = """
        import builtins

        original = builtins.__import__

        def replacement(name, *arguments, **options):
            return original(name, *arguments, **options)

        builtins.__import__ = replacement
        WRAPPED
        def go():
            from old import Legacy  # here

        for _ in range(3):
            go()
    """
    again = "inner = replacement\n        builtins.__import__ = lambda *a, **k: inner(*a, **k)\n"
    program = program.replace("WRAPPED", again if is_wrapped else "")
    policy = "[[concept]]\nname='m'\nclasses=['Legacy']\nlegacy=['old']\n"
    done, _ = run_both(tmp_path, program=program, files={"old.py": LEGACY}, policy=policy)
    line = line_of(tmp_path / "main.py", "here")
    counts: Counter[tuple[str, tuple[str, ...], int]] = Counter()
    for record in done.of(ImportRecord):
        counts[record.outcome, record.names, record.site.line] += record.count
    assert counts == {("loaded", ("Legacy",), line): 1, ("cached", ("Legacy",), line): 2}


def test_a_module_that_runs_as_the_program_is_observed(tmp_path: Path) -> None:
    files = {"old.py": LEGACY + "\nprint(make().__class__.__module__)\n"}
    policy = "[[concept]]\nname='m'\nclasses=['Legacy']\nlegacy=['old']\n"
    done, _ = run_both(tmp_path, "-m", "old", files=files, policy=policy)
    assert [record.name for record in done.of(ClassRecord)] == ["__main__:Legacy"]
    assert "__main__" in {record.module for record in done.of(ModuleRecord)}


def test_stopping_leaves_importlib_as_it_was(tmp_path: Path) -> None:
    program = """
        import importlib.util, sys
        before = importlib.util.spec_from_file_location
        from ssot_probe.probe import start
        from ssot_probe.model.policy import Policy
        probe = start(Policy())
        during = importlib.util.spec_from_file_location
        probe.stop()
        external = sys.modules["_frozen_importlib_external"]
        print(during is before, importlib.util.spec_from_file_location is before)
        print(external.spec_from_file_location is before)
    """
    done = run(tmp_path, program=program, probe=False, environment={"SSOT_PROBE_DIR": str(tmp_path / "r")})
    assert done.checked().stdout == "False True\nTrue\n"
