"""Small programs with one defect of provenance each, and look-alikes in which nothing may be found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.children import run

from ssot_probe.analysis.judge import judge
from ssot_probe.analysis.load import load
from ssot_probe.model.finding import Finding
from ssot_probe.policy_file import read_policy

Files = Mapping[str, str]

POLICY = """
    packages = ["shop"]
    [[concept]]
    name = "cart-manager"
    classes = ["*CartManager*"]
    canonical = "shop.carts:CartManager"
    [[concept]]
    name = "audit-log"
    classes = ["*AuditLog"]
"""

CARTS = """
class CartManager:
    def __init__(self, user_id=None):
        self.user_id = user_id

_by_user = {}

def get_cart_manager(user_id):
    if user_id not in _by_user:
        _by_user[user_id] = CartManager(user_id)
    return _by_user[user_id]
"""

PROJECT = {"shop/__init__.py": "", "shop/carts.py": CARTS, "main.py": "import shop.app\nshop.app.main()\n"}

OTHER = "class QuickCartManager:\n    pass\ndef make_cart_manager():\n    return QuickCartManager()\n"


def program(app: str, **modules: str) -> Files:
    """Return the project with a module `app` that has a function `main`, and with further modules."""
    own = {f"shop/{name}.py": text for name, text in modules.items()}
    return {**PROJECT, "shop/app.py": app, **own}


BRIDGE = """
from shop.carts import CartManager, get_cart_manager

class Bridge:
    def __init__(self, user_id):
        self.carts = get_cart_manager(user_id)
"""

DEFECTS = {
    "SSOT202": {
        "one factory, by a flag": program(
            "from shop.carts import CartManager\nfrom shop.other import QuickCartManager\n"
            "def make(quick):\n    return QuickCartManager() if quick else CartManager()\n"
            "def main():\n    make(True)\n    make(False)\n",
            other="class QuickCartManager:\n    pass\n",
        ),
        "two functions": program(
            "from shop.carts import get_cart_manager\nfrom shop.other import make_cart_manager\n"
            "def main():\n    get_cart_manager('a')\n    make_cart_manager()\n",
            other=OTHER,
        ),
        "a method and an awaited function": program(
            "import asyncio\nfrom shop.carts import CartManager\nfrom shop.other import QuickCartManager\n"
            "class Makers:\n    def create(self):\n        return CartManager()\n"
            "async def make_soon():\n    return QuickCartManager()\n"
            "def main():\n    Makers().create()\n    asyncio.run(make_soon())\n",
            other=OTHER,
        ),
        "the same name from two modules": program(
            "from shop.carts import get_cart_manager\nfrom shop.copy import get_copied_manager\n"
            "def main():\n    get_cart_manager('a')\n    get_copied_manager()\n",
            copy="class CartManager:\n    pass\ndef get_copied_manager():\n    return CartManager()\n",
        ),
    },
    "SSOT204": {
        "a getter and the constructor": program(
            "from shop.carts import CartManager, get_cart_manager\n"
            "def handle(user):\n    a = get_cart_manager(user)\n    b = CartManager(user)\n    return a, b\n"
            "def main():\n    handle('a')\n",
        ),
        "a bridge that gets one, beside a direct construction": program(
            BRIDGE + "def create_agent(user):\n    return Bridge(user), CartManager(user)\n"
            "def main():\n    create_agent('a')\n",
        ),
        "a bridge that another function makes": program(
            BRIDGE + "def open_bridge(user):\n    return Bridge(user)\n"
            "class AgentFactory:\n    def create(self, user):\n"
            "        return open_bridge(user), CartManager(user)\n"
            "def main():\n    AgentFactory().create('a')\n",
        ),
        "a dataclass that gets one when it is made": program(
            "from dataclasses import dataclass\n" + BRIDGE + "@dataclass\nclass Agent:\n    user: str\n"
            "    def __post_init__(self):\n        self.carts = get_cart_manager(self.user)\n"
            "def create_agent(user):\n    return Agent(user), CartManager(user)\n"
            "def main():\n    create_agent('a')\n",
        ),
        "methods of one factory": program(
            BRIDGE + "class AgentFactory:\n"
            "    def create(self, user):\n        return Bridge(user)\n"
            "    def restore(self, user):\n        return [CartManager(user)]\n"
            "def main():\n    AgentFactory().create('a')\n    AgentFactory().restore('b')\n",
        ),
        "a factory of another concept": program(
            BRIDGE + "class AuditLog:\n    pass\n"
            "def connect(log, user):\n    log.bridge = Bridge(user)\n"
            "def attach(log, user):\n    log.carts = CartManager(user)\n"
            "def make_audit_log(user):\n    log = AuditLog()\n    connect(log, user)\n    attach(log, user)\n"
            "    return log\n"
            "def main():\n    make_audit_log('a')\n",
        ),
        "two branches of one function": program(
            "from shop.carts import CartManager, get_cart_manager\n"
            "def create(user, direct):\n"
            "    if direct:\n        return CartManager(user)\n    return get_cart_manager(user)\n"
            "def main():\n    create('a', True)\n    create('b', False)\n",
        ),
        "a coroutine": program(
            "import asyncio\nfrom shop.carts import CartManager, get_cart_manager\n"
            "class Bridge:\n    def __init__(self, user):\n        self.carts = get_cart_manager(user)\n"
            "async def create(user):\n    return Bridge(user), CartManager(user)\n"
            "def main():\n    asyncio.run(create('a'))\n",
        ),
    },
}

LOOK_ALIKES = {
    "SSOT202": {
        "a subclass": program(
            "from shop.carts import get_cart_manager\nfrom shop.other import make_cart_manager\n"
            "def main():\n    get_cart_manager('a')\n    make_cart_manager()\n",
            other="from shop.carts import CartManager\n"
            "class QuickCartManager(CartManager):\n    pass\n"
            "def make_cart_manager():\n    return QuickCartManager()\n",
        ),
        "one factory, of which one branch never runs": program(
            "from shop.carts import CartManager\nfrom shop.other import QuickCartManager\n"
            "def make(quick):\n    return QuickCartManager() if quick else CartManager()\n"
            "def main():\n    make(False)\n    make(False)\n",
            other="class QuickCartManager:\n    pass\n",
        ),
        "a test double": program(
            "from shop.carts import CartManager, get_cart_manager\n"
            "class FakeCartManager:\n    pass\n"
            "def make_fake():\n    return FakeCartManager()\n"
            "def main():\n    get_cart_manager('a')\n    make_fake()\n",
        ),
        "a function that never runs": program(
            "from shop.carts import get_cart_manager\nfrom shop.other import make_cart_manager\n"
            "def main():\n    get_cart_manager('a')\n",
            other=OTHER,
        ),
    },
    "SSOT204": {
        "two branches that serve different concepts": program(
            "from shop.carts import get_cart_manager\nclass AuditLog:\n    pass\n"
            "def create(user):\n    return get_cart_manager(user), AuditLog()\n"
            "def main():\n    create('a')\n",
        ),
        "a factory that delegates": program(
            "from shop.carts import get_cart_manager\n"
            "def current_cart_manager(user):\n    return get_cart_manager(user)\n"
            "def handle(user):\n    return get_cart_manager(user), current_cart_manager(user)\n"
            "def main():\n    handle('a')\n    handle('b')\n",
        ),
        "a caller that looks first and constructs then": program(
            "from shop.carts import CartManager\n_known = {}\n"
            "def find_cart_manager(user):\n    return _known.get(user)\n"
            "def handle(user):\n    found = find_cart_manager(user)\n    if found is None:\n"
            "        found = _known[user] = CartManager(user)\n    return found.user_id\n"
            "def main():\n    handle('a')\n    handle('a')\n",
        ),
        "a factory with helpers": program(
            "from shop.carts import CartManager\n_known = {}\n"
            "def _find_cart_manager(user):\n    return _known.get(user)\n"
            "def _new_cart_manager(user):\n    return CartManager(user)\n"
            "def get_manager(user):\n    found = _find_cart_manager(user)\n    if found is None:\n"
            "        found = _known[user] = _new_cart_manager(user)\n    return found\n"
            "def main():\n    get_manager('a')\n    get_manager('a')\n",
        ),
        "constructors of one name in two classes": program(
            "from shop.carts import CartManager, get_cart_manager\n"
            "class Bridge:\n    def __init__(self, user):\n        self.carts = get_cart_manager(user)\n"
            "class Direct:\n    def __init__(self, user):\n        self.carts = CartManager(user)\n"
            "def main():\n    for user in 'ab':\n        show(user)\n        edit(user)\n"
            "def show(user):\n    return Bridge(user)\n"
            "def edit(user):\n    return Direct(user)\n",
        ),
    },
}


def cases(table: Mapping[str, Mapping[str, Files]]) -> list[object]:
    return [
        pytest.param(code, files, id=f"{code}: {name}")
        for code, programs in table.items()
        for name, files in programs.items()
    ]


def found(directory: Path, code: str, files: Files, policy: str = POLICY) -> list[Finding]:
    """Run a program under the probe and judge the recording; return what a rule finds."""
    done = run(directory, files=files, policy=policy).checked()
    judgement = judge(load([str(done.directory)]), read_policy(str(directory / "ssot-probe.toml")))
    return [finding for finding in judgement.findings if finding.code == code]


@pytest.mark.parametrize(("code", "files"), cases(DEFECTS))
def test_the_defect_is_found(tmp_path: Path, code: str, files: Files) -> None:
    assert found(tmp_path, code, files)


@pytest.mark.parametrize(("code", "files"), cases(LOOK_ALIKES))
def test_the_look_alike_is_silent(tmp_path: Path, code: str, files: Files) -> None:
    assert not found(tmp_path, code, files)
