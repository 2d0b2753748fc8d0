"""Small programs with one defect of resolution each, and look-alikes in which nothing may be found."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.children import SOURCE, run

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.policy_file import read_policy

Files = Mapping[str, str]

POLICY = """
    packages = ["shop"]
    [[concept]]
    name = "cart-manager"
    classes = ["*CartManager*"]
    canonical = "shop.carts:CartManager"
    legacy = ["shop.old"]
"""

CARTS = "class CartManager:\n    pass\n"

PROJECT = {"shop/__init__.py": "", "shop/carts.py": CARTS, "shop/old.py": "LIMIT = 3\n"}


def program(**modules: str) -> Files:
    """Return the project with further modules of the package, `main` among them: the script that runs."""
    own = {"main.py" if name == "main" else f"shop/{name}.py": text for name, text in modules.items()}
    return {**PROJECT, **own}


DEFECTS = {
    "SSOT101": {
        "two modules define the class": program(
            other="class CartManager:\n    pass\n",
            main="import shop.carts, shop.other\n",
        ),
        "a copy under another name that fits the pattern": program(
            fast="class FastCartManager:\n    pass\n",
            main="from shop.carts import CartManager\nfrom shop.fast import FastCartManager\n",
        ),
        "a class that is made at run time": program(
            made="def make():\n    return type('CartManager', (), {})\n",
            main="import shop.carts, shop.made\nManager = shop.made.make()\nManager()\n",
            views="",
        ),
        "a class inside a function that is bound to a module": program(
            made="def make():\n    class CartManager:\n        pass\n    return CartManager\n"
            "CartManager = make()\n",
            main="import shop.carts, shop.made\nshop.made.CartManager()\n",
        ),
        "a dataclass that a function makes": program(
            data="from dataclasses import make_dataclass\n"
            "BigCartManager = make_dataclass('BigCartManager', ['a'])\n",
            main="import shop.carts, shop.data\nshop.data.BigCartManager(1)\n",
        ),
    },
    "SSOT103": {
        "two modules give the name to classes of their own": program(
            other="class CartManager:\n    pass\n",
            main="from shop.carts import CartManager\nfrom shop.other import CartManager as Other\n",
        ),
        "a re-export under the name of another class": program(
            new="class NewCartManager:\n    pass\n",
            compat="from shop.new import NewCartManager as CartManager\n",
            main="from shop.carts import CartManager\nfrom shop.compat import CartManager as Other\n",
        ),
        "a module that answers for the name": program(
            new="class NewCartManager:\n    pass\n",
            lazy="def __getattr__(name):\n    if name != 'CartManager':\n        raise AttributeError(name)\n"
            "    from shop.new import NewCartManager\n    return NewCartManager\n",
            views="from shop.lazy import CartManager\n",
            main="from shop.carts import CartManager\nimport shop.views\n",
        ),
        "a module that is patched while it is used": program(
            other="class FastCartManager:\n    pass\n",
            main="import time, shop.carts, shop.other\n"
            "def get():\n    from shop.carts import CartManager\n    return CartManager\n"
            "get()\ntime.sleep(0.5)\n"
            "shop.carts.CartManager = shop.other.FastCartManager\n"
            "time.sleep(0.5)\n"
            "def again():\n    from shop.carts import CartManager\n    return CartManager\n"
            "again()\n",
        ),
    },
    "SSOT104": {
        "a re-export beside the definition": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.carts import CartManager\nfrom shop.compat import CartManager\n",
        ),
        "a re-export that everybody uses instead of the canonical path": program(
            compat="from shop.carts import CartManager\n",
            views="from shop.compat import CartManager\n",
            main="import shop.views\nfrom shop.compat import CartManager\n",
        ),
        "a star import": program(
            compat="from shop.carts import *\n",
            views="from shop.compat import *\n",
            main="import shop.views\nfrom shop.carts import CartManager\n",
        ),
        "a lazy re-export inside a function": program(
            compat="def __getattr__(name):\n    import shop.carts\n    return getattr(shop.carts, name)\n",
            views="def get():\n    from shop.compat import CartManager\n    return CartManager\n"
            "from shop.compat import CartManager\n",
            main="from shop.carts import CartManager\nimport shop.views\n",
        ),
    },
    "SSOT105": {
        "a module that only re-exports": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.compat import CartManager\n",
        ),
        "a module that passes the class on under another name": program(
            compat="from shop.carts import CartManager as Manager\n",
            main="from shop.compat import Manager\n",
        ),
        "a module that passes everything on": program(
            compat="from shop.carts import *\n",
            main="def get():\n    from shop.compat import CartManager\n    return CartManager()\nget()\n",
        ),
    },
    "SSOT106": {
        "the definition and a re-export": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.carts import CartManager\nfrom shop.compat import CartManager as Other\n",
        ),
        "one at the top and one inside a function": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.carts import CartManager\n"
            "def get():\n    from shop.compat import CartManager as Other\n    return Other\nget()\n",
        ),
        "a star and a name": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.compat import *\nfrom shop.carts import CartManager\n",
        ),
    },
    "SSOT108": {
        "an import at the top": program(main="import shop.carts\nimport shop.old\n"),
        "an import inside a function that runs": program(
            views="def index():\n    from shop.old import LIMIT\n    return LIMIT\n",
            main="import shop.carts, shop.views\nshop.views.index()\n",
        ),
        "an import by its name": program(
            main="import importlib, shop.carts\nimportlib.import_module('shop.old')\n"
        ),
        "a submodule of its package": program(main="import shop.carts\nfrom shop import old\n"),
        "an attempt that succeeds": program(
            main="import shop.carts\ntry:\n    from shop.old import LIMIT\nexcept ImportError:\n    pass\n"
        ),
    },
}

LOOK_ALIKES = {
    "SSOT101": {
        "one class that several modules bind": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.carts import CartManager\nfrom shop.compat import CartManager as Other\n",
        ),
        "an abstract base, a Protocol, an exception and an enum": program(
            bases="import abc, enum, typing\n"
            "class AbstractCartManager(abc.ABC):\n    @abc.abstractmethod\n    def add(self): ...\n"
            "class LikeCartManager(typing.Protocol):\n    def add(self): ...\n"
            "class NoCartManager(Exception): ...\n"
            "class KindOfCartManager(enum.Enum):\n    BIG = 1\n",
            main="import shop.carts, shop.bases\n",
        ),
        "a subclass of the canonical class": program(
            rich="from shop.carts import CartManager\nclass RichCartManager(CartManager):\n    pass\n",
            main="import shop.rich\nshop.rich.RichCartManager()\n",
        ),
        "a class of another name that makes its instances": program(
            factory="class CartManagerFactory:\n    def make(self):\n        pass\n",
            main="import shop.carts, shop.factory\nshop.factory.CartManagerFactory().make()\n",
        ),
        "a test double": program(
            fakes="class FakeCartManager:\n    pass\n",
            main="import shop.carts, shop.fakes\nshop.fakes.FakeCartManager()\n",
        ),
    },
    "SSOT103": {
        "re-exports of one class": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.carts import CartManager\nfrom shop.compat import CartManager as Other\n",
        ),
        "a name for type checkers only": program(
            other="class Old:\n    pass\n",
            main="from typing import TYPE_CHECKING\nfrom shop.carts import CartManager\n"
            "if TYPE_CHECKING:\n    from shop.nowhere import CartManager as Other\n",
        ),
        "a class of no concept": program(
            other="class CartReader:\n    pass\n",
            third="class CartReader:\n    pass\n",
            main="import shop.carts\nfrom shop.other import CartReader\n"
            "from shop.third import CartReader as Other\n",
        ),
        "a module that is loaded again": program(
            main="import importlib, shop.carts\nimportlib.reload(shop.carts)\n"
            "from shop.carts import CartManager\n"
        ),
    },
    "SSOT104": {
        "one path for everybody": program(
            views="from shop.carts import CartManager\n",
            main="import shop.views\nfrom shop.carts import CartManager\n",
        ),
        "a re-export that nobody uses": program(
            compat="from shop.carts import CartManager\n",
            main="import shop.compat\nfrom shop.carts import CartManager\n",
        ),
        "a second path that never runs": program(
            compat="from shop.carts import CartManager\n",
            views="def never():\n    from shop.compat import CartManager\n    return CartManager\n",
            main="import shop.views\nfrom shop.carts import CartManager\n",
        ),
        "a second path for type checkers": program(
            compat="from shop.carts import CartManager\n",
            main="from typing import TYPE_CHECKING\nfrom shop.carts import CartManager\n"
            "if TYPE_CHECKING:\n    from shop.compat import CartManager as Other\n",
        ),
    },
    "SSOT105": {
        "a module that defines a factory of its own": program(
            compat="from shop.carts import CartManager\ndef get_manager():\n    return CartManager()\n",
            main="from shop.compat import CartManager, get_manager\nget_manager()\n",
        ),
        "a module that uses the class and that nobody imports it from": program(
            views="from shop.carts import CartManager\ndef show():\n    CartManager()\n",
            main="import shop.views\nshop.views.show()\n",
        ),
        "the canonical module itself": program(main="from shop.carts import CartManager\n"),
    },
    "SSOT106": {
        "two names from one module": program(
            carts=CARTS + "class CartItem:\n    pass\n",
            main="from shop.carts import CartManager, CartItem\n",
        ),
        "a pair of attempts of which one succeeds": program(
            compat="from shop.carts import CartManager\n",
            main="try:\n    from shop.carts import CartManager\nexcept ImportError:\n"
            "    from shop.compat import CartManager\n",
        ),
        "a second path inside a function that never runs": program(
            compat="from shop.carts import CartManager\n",
            main="from shop.carts import CartManager\n"
            "def never():\n    from shop.compat import CartManager as Other\n    return Other\n",
        ),
    },
    "SSOT108": {
        "a module that only begins alike": program(
            older="LIMIT = 4\n", main="import shop.carts\nimport shop.older\n"
        ),
        "an import inside a function that never runs": program(
            views="def index():\n    from shop.old import LIMIT\n    return LIMIT\n",
            main="import shop.carts, shop.views\n",
        ),
        "an import in a comment and a string": program(
            main="import shop.carts\n# import shop.old\nTEXT = 'from shop.old import LIMIT'\n"
        ),
        "an import for type checkers": program(
            main="from typing import TYPE_CHECKING\nimport shop.carts\n"
            "if TYPE_CHECKING:\n    import shop.old\n"
        ),
        "an attempt that fails": {
            name: text
            for name, text in program(
                main="import shop.carts\ntry:\n    import shop.old\nexcept ImportError:\n    pass\n"
            ).items()
            if name != "shop/old.py"
        },
    },
}


PROLIFERATION = {
    "a class that never loads": program(
        never="class SlowCartManager:\n    pass\n", main="import shop.carts\nshop.carts.CartManager()\n"
    ),
    "a class inside a function that never runs": program(
        views="def index():\n    class LocalCartManager:\n        pass\n    return LocalCartManager()\n",
        main="import shop.carts, shop.views\n",
    ),
    "two that load and one that does not": program(
        never="class SlowCartManager:\n    pass\n",
        other="class OtherCartManager:\n    pass\n",
        main="import shop.carts, shop.other\n",
    ),
}

NO_PROLIFERATION = {
    "a class in a comment and in a string": program(
        text="# class SlowCartManager: pass\nTEXT = 'class OldCartManager: pass'\n",
        main="import shop.carts\n",
    ),
    "an abstract base, a Protocol and a test double that never load": program(
        bases="import abc, typing\n"
        "class BaseCartManager(abc.ABC):\n    @abc.abstractmethod\n    def add(self): ...\n"
        "class LikeCartManager(typing.Protocol):\n    def add(self): ...\n"
        "class FakeCartManager:\n    pass\n",
        main="import shop.carts\n",
    ),
    "a subclass of the canonical class that never loads": program(
        rich="from shop.carts import CartManager\nclass RichCartManager(CartManager):\n    pass\n",
        main="import shop.carts\n",
    ),
}


def cases(table: Mapping[str, Mapping[str, Files]]) -> list[object]:
    return [
        pytest.param(code, files, id=f"{code}: {name}")
        for code, programs in table.items()
        for name, files in programs.items()
    ]


def codes_in(directory: Path, files: Files, is_scanned: bool = False) -> set[str]:
    """Run a program under the probe and judge the recording; return the codes of what is found."""
    done = run(directory, files=files, policy=POLICY).checked()
    if is_scanned:
        command = [sys.executable, "-m", "ssot_probe", "scan", "--no-cache", "--out", str(done.directory)]
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        subprocess.run(command, cwd=directory, env=environment, check=True, capture_output=True)
    recording = load([str(done.directory)])
    return {
        finding.code for finding in judge(recording, read_policy(str(directory / "ssot-probe.toml"))).findings
    }


@pytest.mark.parametrize(("code", "files"), cases(DEFECTS))
def test_the_defect_is_found(tmp_path: Path, code: str, files: Files) -> None:
    assert code in codes_in(tmp_path, files)


@pytest.mark.parametrize(("code", "files"), cases(LOOK_ALIKES))
def test_the_look_alike_is_silent(tmp_path: Path, code: str, files: Files) -> None:
    assert code not in codes_in(tmp_path, files)


@pytest.mark.parametrize("files", PROLIFERATION.values(), ids=PROLIFERATION)
def test_classes_that_only_the_source_has_are_counted(tmp_path: Path, files: Files) -> None:
    assert "SSOT109" in codes_in(tmp_path, files, is_scanned=True)


@pytest.mark.parametrize("files", NO_PROLIFERATION.values(), ids=NO_PROLIFERATION)
def test_what_is_no_further_class_in_the_source_is_silent(tmp_path: Path, files: Files) -> None:
    assert "SSOT109" not in codes_in(tmp_path, files, is_scanned=True)
