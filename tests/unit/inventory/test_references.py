from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from textwrap import dedent

import pytest
from unit.inventory.trees import scan

from ssot_probe.inventory.pickles import read_pickle
from ssot_probe.model.records import ReferenceRecord

PKG: dict[str, str | bytes] = {
    "shop/__init__.py": "",
    "shop/app.py": "class App:\n    def run(self): ...\nmain = None\n",
}


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("shop", "shop"),
        ("shop.app", "shop.app"),
        ("shop.app.App", "shop.app:App"),
        ("shop.app:App", "shop.app:App"),
        ("shop.app.App.run", "shop.app:App"),
        ("shop.app:main", "shop.app:main"),
        ("shop.app.nothing", ""),
        ("shop.gone", ""),
        ("shop.app:nothing", ""),
        ("see shop.app for more", ""),
        ("shop.app.", ""),
        ("workshop.app", ""),
        ("main", ""),
    ],
)
def test_a_literal_that_names_something_in_the_tree_is_a_reference(
    tmp_path: Path, text: str, target: str
) -> None:
    references = scan(tmp_path, {**PKG, "main.py": f"x = 1\nload('{text}')\n"}).references
    assert references == ({(target, "string", "main.py", 2)} if target else set())


def test_a_single_word_names_a_package_only_outside_of_it(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "name = 'shop'\n",
        "shop/a.py": "x = 'shop'\n",
        "main.py": "x = ['shop', 'main']\n",
    }
    assert scan(tmp_path, files).references == {("shop", "string", "main.py", 1)}


def test_docstrings_comments_annotations_and_names_of_loggers_are_no_references(tmp_path: Path) -> None:
    program = '''
        "shop.app"
        import logging
        # "shop.app"
        log = logging.getLogger("shop.app")
        def f(x: "shop.app.App" = None) -> "shop.app.App":
            """shop.app"""
            y: "shop.app.App" = x
            return f"shop.app"
        class C:
            "shop.app"
            x = 1
            "shop.app"
        __all__ = ["shop.app"]
    '''
    assert scan(tmp_path, {**PKG, "main.py": program}).references == set()


def test_configuration_files_are_searched_word_by_word(tmp_path: Path) -> None:
    files = {
        **PKG,
        "a.yaml": "command: gunicorn shop.app:main -w 4  # shop.app:App\n# shop.app\nname: shop\n",
        "b.ini": "[x]\nclass = shop.app.App\n; shop.app\nfile = src/shop.app\nhost = shop.app.example.com\n",
        "c.json": '{"handlers": ["shop.app.App", "#shop"], "module": "shop.app"}\n',
        ".env": "APP=shop.app:main\n",
        "d.conf": b"\xef\xbb\xbfapp shop.app\n",
    }
    assert scan(tmp_path, files).references == {
        ("shop.app:main", "configuration", "a.yaml", 1),
        ("shop.app:App", "configuration", "b.ini", 2),
        ("shop.app:App", "configuration", "c.json", 1),
        ("shop.app", "configuration", "c.json", 1),
        ("shop.app:main", "configuration", ".env", 1),
        ("shop.app", "configuration", "d.conf", 1),
    }


def test_entry_points_of_a_project_are_told_apart(tmp_path: Path) -> None:
    files = {
        **PKG,
        "pyproject.toml": '[project.scripts]\nshop = "shop.app:main"\n[tool.x]\nmodule = "shop.app"\n',
        "setup.cfg": "[options.entry_points]\nconsole_scripts =\n    shop = shop.app:main\n",
        "setup.py": "setup(entry_points={'console_scripts': ['shop = shop.app:main']})\n",
    }
    assert scan(tmp_path, files).references == {
        ("shop.app:main", "entry-point", "pyproject.toml", 2),
        ("shop.app", "configuration", "pyproject.toml", 4),
        ("shop.app:main", "entry-point", "setup.cfg", 3),
        ("shop.app:main", "entry-point", "setup.py", 1),
    }


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_the_names_in_a_pickle_are_read_in_every_protocol(protocol: int) -> None:
    value = [OrderedDict(a=1), OrderedDict(b=2), Path("x"), "shop.app", {"text": OrderedDict}]
    facts = read_pickle(pickle.dumps(value, protocol) + pickle.dumps(Path, protocol))
    assert not facts.unreadable
    names = {text.text for text in facts.texts}
    assert "collections:OrderedDict" in names
    assert {name.partition(":")[2] for name in names} >= {"OrderedDict", "Path"}


def test_a_pickle_that_names_a_class_of_the_tree_is_a_reference_and_never_loaded(tmp_path: Path) -> None:
    evil = b"cshop.app\nApp\n(S'touch'\ntR."
    assert scan(tmp_path, {**PKG, "state.pkl": evil}).references == {
        ("shop.app:App", "pickle", "state.pkl", 0)
    }


def test_a_file_that_is_no_pickle_is_listed(tmp_path: Path) -> None:
    files = {**PKG, "a.pkl": b"\x80\x04nothing", "b.pickle": b""}
    unread = scan(tmp_path, files).unread
    assert list(unread) == ["a.pkl"]
    assert unread["a.pkl"].startswith("cannot be read as a pickle: ")


@pytest.mark.parametrize(
    "program",
    [
        "import warnings\nwarnings.warn('old', DeprecationWarning, stacklevel=2)",
        "from warnings import warn as w\nw('old', category=DeprecationWarning)",
        "import warnings as w\nw.warn(DeprecationWarning('old'))",
        "import warnings\nwarnings.warn('old', PendingDeprecationWarning)",
    ],
)
def test_a_module_that_warns_of_itself_is_deprecated(tmp_path: Path, program: str) -> None:
    (found,) = scan(tmp_path, {"old/__init__.py": program}).of(ReferenceRecord)
    assert (found.target, found.kind) == ("old", "deprecated")
    assert found.site == ("old/__init__.py", 2, "<module>", "old")


@pytest.mark.parametrize(
    "program",
    [
        "import warnings\ndef f():\n    warnings.warn('old', DeprecationWarning)",
        "import warnings\nif x:\n    warnings.warn('old', DeprecationWarning)",
        "import warnings\nwarnings.warn('odd')",
        "import warnings\nwarnings.warn('odd', RuntimeWarning)",
        "def warn(*a): ...\nwarn('old', DeprecationWarning)",
    ],
)
def test_a_module_that_warns_of_something_else_is_not(tmp_path: Path, program: str) -> None:
    assert scan(tmp_path, {"m.py": program}).references == set()


def test_what_a_policy_names_in_a_shared_file_is_no_reference(tmp_path: Path) -> None:
    shared = """
        [tool.ssot_probe]
        packages = ["shop.app"]
        [[tool.ssot_probe.concept]]
        legacy = [
          "shop.app:App",
        ]
        [tool.ssot_probe_else]
        name = "shop.app"
        """
    references = scan(tmp_path, {**PKG, "pyproject.toml": dedent(shared)}).references
    assert {(target, line) for target, _, _, line in references} == {("shop.app", 9)}
