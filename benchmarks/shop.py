"""The observed package: each class three times over, bare, in an empty wrapper, and recorded by the probe."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from wrapt import FunctionWrapper

from benchmarks.rounds import Variant
from ssot_probe.model.policy import Concept, Policy

MODULE = "bench_shop.things"
BARE, EMPTY, RECORDED = "Bare", "Empty", "Recorded"

POLICY = Policy(
    packages=("bench_shop",),
    concepts=(
        Concept(
            name="thing",
            classes=("Recorded*",),
            factories=(f"{MODULE}:recorded_thing",),
        ),
    ),
)
"""Observes the third of each kind and nothing else."""

_IMPORTS = "from collections import deque\nfrom threading import Lock\n"

_THING = """
class {kind}Thing:
    def __init__(self, name, size):
        self.name = name
        self.size = size

    def touch(self):
        return self.size

    async def wait(self):
        return self.size


class {kind}Manager:
    def __init__(self, name, limit=100):
        self.name = name
        self.limit = limit
        self.connections = {{}}
        self.subscribers = {{}}
        self.pending = deque(maxlen=limit)
        self.history = []
        self.lock = Lock()
        self.is_open = True


_{lower}_thing = {kind}Thing("the one", 1)


def {lower}_thing():
    return _{lower}_thing


def {lower}_things(count):
    for _ in range(count):
        {kind}Thing("a name", 7)


def {lower}_managers(count):
    for _ in range(count):
        {kind}Manager("a name")


def {lower}_calls(count):
    for _ in range(count):
        {lower}_thing()


def {lower}_touches(count):
    thing = _{lower}_thing
    for _ in range(count):
        thing.touch()


async def {lower}_waiting(count):
    wait = _{lower}_thing.wait
    for _ in range(count):
        await wait()


def {lower}_waits(count):
    try:
        {lower}_waiting(count).send(None)
    except StopIteration:
        pass


def {lower}_postponed(count):
    wait = _{lower}_thing.wait
    for _ in range(count):
        try:
            wait().send(None)
        except StopIteration:
            pass
"""

FILES = {
    "bench_shop/__init__.py": "",
    "bench_shop/things.py": _IMPORTS
    + "".join(_THING.format(kind=kind, lower=kind.lower()) for kind in (BARE, EMPTY, RECORDED)),
}


def put_empty_wrappers() -> None:
    """Wrap what is to be compared with by wrappers that only pass the call on."""
    module: Any = import_module(MODULE)
    for cls in (module.EmptyThing, module.EmptyManager):
        cls.__init__ = FunctionWrapper(cls.__init__, _pass_on)
    module.EmptyThing.touch = FunctionWrapper(module.EmptyThing.touch, _pass_on)
    module.EmptyThing.wait = FunctionWrapper(module.EmptyThing.wait, _pass_on)
    module.empty_thing = FunctionWrapper(module.empty_thing, _pass_on)


def check_what_is_observed() -> None:
    """Fail where the probe did not wrap what it was to, or wrapped anything else."""
    module: Any = import_module(MODULE)
    for kind in (BARE, EMPTY, RECORDED):
        thing, manager = getattr(module, f"{kind}Thing"), getattr(module, f"{kind}Manager")
        places = (vars(thing)["__init__"], vars(thing)["touch"], vars(manager)["__init__"])
        for place in (*places, vars(module)[f"{kind.lower()}_thing"]):
            if type(place).__name__.startswith("Observed") != (kind == RECORDED):
                raise RuntimeError(f"{kind}: {place!r} is not what the benchmark takes it for")


def variants_of(loop: str) -> dict[str, Variant]:
    """Return the three loops of one kind, such as `things`."""
    module = import_module(MODULE)
    return {kind: _plain(getattr(module, f"{kind.lower()}_{loop}")) for kind in (BARE, EMPTY, RECORDED)}


def _plain(loop: Any) -> Callable[[int], object]:
    plain: Callable[[int], object] = getattr(loop, "__wrapped__", loop)
    return plain


def _pass_on(wrapped: Any, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return wrapped(*args, **kwargs)
