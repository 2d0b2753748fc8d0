"""Small programs in which users share what they must not, and look-alikes in which nothing may be found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.children import run

from ssot_probe.analysis.judge import Judgement, judge
from ssot_probe.analysis.load import load
from ssot_probe.model.records import BoundaryRecord
from ssot_probe.policy_file import read_policy

POLICY = """
    packages = ["shop"]
    user = [{ argument = "user_id" }]
    [[concept]]
    name = "cart-manager"
    classes = ["*CartManager"]
    [boundary]
    label = "shop.labels:label_of"
    apart = [["hipaa", "free"]]
"""

LABELS = """
    LABELS = {"alice-1": "hipaa", "robert-2": "free", "carol-3": "hipaa"}
    def label_of(user):
        return LABELS.get(user)
"""

USERS = """
    from shop.carts import CartManager
    import shop.labels

    def main(first="alice-1", second="robert-2"):
        one, other = CartManager(first), CartManager(second)
        one.add("tea")
        other.add("milk")
        one.add("bread")
        other.add("salt")
"""

IN_LOCALS = USERS + "\n    main()\n"

WITH_ASYNCIO = """
    import asyncio
    from shop.carts import CartManager
    import shop.labels

    async def serve(user):
        cart = CartManager(user)
        for item in ("tea", "milk", "bread"):
            cart.add(item)
            await asyncio.sleep(0.02)

    async def main():
        await asyncio.gather(serve("alice-1"), serve("robert-2"))

    asyncio.run(main())
"""

WITH_THREADS = """
    import threading, time
    from shop.carts import CartManager
    import shop.labels

    both = threading.Barrier(2)

    def serve(user):
        cart = CartManager(user)
        both.wait()
        for item in ("tea", "milk", "bread"):
            cart.add(item)
            time.sleep(0.02)
        both.wait()

    threads = [threading.Thread(target=serve, args=(user,)) for user in ("alice-1", "robert-2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def carts(body: str, before: str = "") -> str:
    """Return a module with the class of the concept."""
    indented = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    return f"{before}\nclass CartManager:\n{indented}\n"


DEFECTS = {
    "a list of the class": carts(
        "items = []\n"
        "def __init__(self, user_id):\n    self.user_id = user_id\n"
        "def add(self, item):\n    self.items.append((self.user_id, item))\n"
    ),
    "a default that is made once": carts(
        "def __init__(self, user_id, items=[]):\n    self.user_id = user_id\n    self.items = items\n"
        "def add(self, item):\n    self.items.append({'user_id': self.user_id, 'item': item})\n"
    ),
    "a template that is copied only at its top": carts(
        "def __init__(self, user_id):\n    self.user_id = user_id\n    self.state = dict(TEMPLATE)\n"
        "def add(self, item):\n    self.state['items'].append((self.user_id, item))\n",
        before="TEMPLATE = {'items': []}",
    ),
    "a cache whose key lacks the user": carts(
        "cache = {}\n"
        "def __init__(self, user_id):\n    self.user_id = user_id\n"
        "def add(self, item):\n    self.cache[item] = {'owner': self.user_id, 'item': item}\n"
    ),
    "attributes of all in one dictionary": carts(
        "_state = {}\n"
        "def __init__(self, user_id):\n    self.__dict__ = CartManager._state\n    self.user_id = user_id\n"
        "def add(self, item):\n    self.__dict__.setdefault('items', []).append((self.user_id, item))\n"
    ),
    "a service that remembers the user": carts(
        "def __init__(self, user_id):\n    self.user_id = user_id\n    self.service = SERVICE\n"
        "def add(self, item):\n    self.service.current_user = self.user_id\n",
        before="class Service:\n    current_user = None\nSERVICE = Service()",
    ),
}

LOOK_ALIKES = {
    "a list for each": carts(
        "def __init__(self, user_id, items=None):\n    self.user_id = user_id\n    self.items = items or []\n"
        "def add(self, item):\n    self.items.append((self.user_id, item))\n"
    ),
    "settings that nobody changes": carts(
        "FIELDS = ['name', 'price']\nlimits = {'items': [1, 2]}\n"
        "def __init__(self, user_id):\n    self.user_id = user_id\n    self.items = []\n"
        "def add(self, item):\n    self.items.append((self.user_id, item))\n"
    ),
    "a template that is copied in full": carts(
        "def __init__(self, user_id):\n    self.user_id = user_id\n    self.state = copy.deepcopy(TEMPLATE)\n"
        "def add(self, item):\n    self.state['items'].append((self.user_id, item))\n",
        before="import copy\nTEMPLATE = {'items': []}",
    ),
    "a cache by user": carts(
        "cache = {}\n"
        "def __init__(self, user_id):\n    self.user_id = user_id\n"
        "def add(self, item):\n    self.cache[self.user_id, item] = {'owner': self.user_id, 'item': item}\n"
    ),
    "a registry of everybody": carts(
        "everybody = {}\n"
        "def __init__(self, user_id):\n    self.user_id = user_id\n    self.everybody[user_id] = self\n"
        "def add(self, item):\n    self.last = item\n"
    ),
    "a lock, a logger, a pattern and a frozen dataclass": carts(
        "lock = threading.Lock()\nlog = logging.getLogger('shop')\n"
        "pattern = re.compile('a+')\nlimits = Limits(3)\n"
        "def __init__(self, user_id):\n    self.user_id = user_id\n    self.items = []\n"
        "def add(self, item):\n    with self.lock:\n        self.items.append((self.user_id, item))\n",
        before="import dataclasses, logging, re, threading\n"
        "@dataclasses.dataclass(frozen=True)\nclass Limits:\n    most: int",
    ),
    "what the others are known by weakly": carts(
        "everybody = weakref.WeakSet()\n"
        "def __init__(self, user_id):\n    self.user_id = user_id\n    self.everybody.add(self)\n"
        "def add(self, item):\n    self.last = (self.user_id, item)\n",
        before="import weakref",
    ),
}


def judged(directory: Path, text: str, main: str = IN_LOCALS, policy: str = POLICY) -> Judgement:
    """Run a program under the probe and judge the recording."""
    files: Mapping[str, str] = {"shop/__init__.py": "", "shop/labels.py": LABELS, "main.py": main}
    (directory / "shop").mkdir()
    (directory / "shop" / "carts.py").write_text(text, encoding="utf-8")
    done = run(directory, files=files, policy=policy).checked()
    assert not done.losses
    return judge(load([str(done.directory)]), read_policy(str(directory / "ssot-probe.toml")))


def codes(judgement: Judgement) -> set[str]:
    return {finding.code for finding in judgement.findings}


@pytest.mark.parametrize("text", DEFECTS.values(), ids=DEFECTS)
def test_what_users_share_is_found_in_a_program_that_is_over_at_once(tmp_path: Path, text: str) -> None:
    judgement = judged(tmp_path, text)
    assert "SSOT303" in codes(judgement)
    assert judgement.looks.users == 2


@pytest.mark.parametrize("text", LOOK_ALIKES.values(), ids=LOOK_ALIKES)
def test_what_users_may_share_is_not(tmp_path: Path, text: str) -> None:
    judgement = judged(tmp_path, text)
    assert codes(judgement).isdisjoint({"SSOT303", "SSOT305"})
    assert judgement.looks.users == 2


@pytest.mark.parametrize("main", [WITH_ASYNCIO, WITH_THREADS], ids=["tasks", "threads"])
def test_users_that_are_served_at_a_time_are_found_to_share(tmp_path: Path, main: str) -> None:
    judgement = judged(tmp_path, DEFECTS["a default that is made once"], main)
    (finding,) = (finding for finding in judgement.findings if finding.code == "SSOT303")
    assert finding.severity.label == "error"
    assert "SSOT305" in codes(judgement)
    assert finding.subject == "shop.carts:CartManager.items"
    users = {line.user for line in finding.evidence if line.user}
    assert len(users) == 2


def test_tasks_that_are_kept_until_they_are_done_are_no_state(tmp_path: Path) -> None:
    main = """
        import asyncio
        from shop.carts import CartManager

        running = set()

        async def serve(user):
            cart = CartManager(user)
            for _ in range(40):
                cart.add("tea")
                await asyncio.sleep(0.02)

        def start(user):
            task = asyncio.create_task(serve(user))
            running.add(task)
            task.add_done_callback(running.discard)

        async def main():
            start("alice-1")
            start("robert-2")
            await asyncio.wait(running)

        asyncio.run(main())
    """
    judgement = judged(tmp_path, LOOK_ALIKES["a list for each"], main)
    assert codes(judgement).isdisjoint({"SSOT303", "SSOT305"})
    assert judgement.looks.users_seen == 2


def test_users_with_labels_that_may_meet_cross_no_boundary(tmp_path: Path) -> None:
    main = USERS + "\n    main('alice-1', 'carol-3')\n"
    found = codes(judged(tmp_path, DEFECTS["a list of the class"], main))
    assert "SSOT303" in found
    assert "SSOT305" not in found


def test_users_without_a_label_cross_no_boundary(tmp_path: Path) -> None:
    main = USERS + "\n    main('alice-1', 'nobody-4')\n"
    found = codes(judged(tmp_path, DEFECTS["a list of the class"], main))
    assert "SSOT303" in found
    assert "SSOT305" not in found


def test_an_instance_that_serves_users_of_two_labels_crosses_a_boundary(tmp_path: Path) -> None:
    text = (
        carts("def add(self, item):\n    pass\n")
        + "\nshared = CartManager()\ndef get_cart(user_id):\n    return shared\n"
    )
    main = """
        import shop.labels
        from shop.carts import get_cart
        get_cart("alice-1")
        get_cart("robert-2")
    """
    judgement = judged(tmp_path, text, main)
    (finding,) = (finding for finding in judgement.findings if finding.code == "SSOT305")
    assert finding.message == "Users whose labels may not meet share it: hipaa with free."
    assert "alice" not in str(finding)


def test_what_the_policy_lets_users_share_is_silent(tmp_path: Path) -> None:
    policy = POLICY.replace(
        'classes = ["*CartManager"]', 'classes = ["*CartManager"]\n    shared_ok = ["shop.carts:Service"]'
    )
    judgement = judged(tmp_path, DEFECTS["a service that remembers the user"], policy=policy)
    assert codes(judgement).isdisjoint({"SSOT303", "SSOT305"})


def test_a_concept_of_the_whole_process_may_share(tmp_path: Path) -> None:
    policy = POLICY.replace(
        'classes = ["*CartManager"]', 'classes = ["*CartManager"]\n    isolation = "process"'
    )
    judgement = judged(tmp_path, DEFECTS["a list of the class"], policy=policy)
    assert codes(judgement).isdisjoint({"SSOT303", "SSOT305"})


SCRIPT = """
    print("runs")
    LABELS = {{"anna-1": "hipaa", "robert-2": "free"}}

    {label_of}

    class CartManager:
        def __init__(self, user_id, goods):
            self.user_id = user_id
            self.goods = goods

    goods = {{}}
    first, second = CartManager("anna-1", goods), CartManager("robert-2", goods)
    goods["last"] = ["of anna-1"]
"""


@pytest.mark.parametrize("label_of", ["label_of = LABELS.get", "pass"])
def test_the_label_of_a_script_is_asked_for_there_and_the_script_runs_once(
    tmp_path: Path, label_of: str
) -> None:
    policy = POLICY.replace("shop.labels", "main").replace('packages = ["shop"]', "")
    done = run(tmp_path, program=SCRIPT.format(label_of=label_of), policy=policy).checked()
    assert done.stdout == "runs\n"
    records = done.of(BoundaryRecord)
    assert {record.labels for record in records} == ({("free", "hipaa")} if "LABELS" in label_of else {()})
