"""Starts the probe, uses everything, stops it, and says what is left of it."""

import builtins
import functools
import importlib.machinery
import json
import os
import sys
import threading

sys.path.insert(0, os.path.abspath("lib/site-packages"))

import ssot_probe
from ssot_probe.model.policy import Concept, Policy

POLICY = Policy(packages=("zoo",), concepts=(Concept("keeper", ("*Keeper",), legacy=("zoo.things",)),))


def state():
    return [
        sys.meta_path[:],
        sys.gettrace(),
        builtins.__build_class__,
        threading.enumerate(),
        sys.path_hooks[:],
    ]


before = state()
probe = ssot_probe.start(POLICY)

from zoo import makers, shapes, things

vendor = sys.modules["vendor"]
originals = {
    name: value for name, value in vars(makers).items() if type(value).__name__ == "ObservedFunction"
}
stacked_on = makers.load_keeper


@functools.wraps(stacked_on)
def stacked(*args):
    calls.append(args)
    return stacked_on(*args)


calls = []
makers.load_keeper = stacked
early_bound = makers.make_keeper
early_bound("anna")

probe.stop()
probe.stop()

told = {"observed": len(originals), "state": state() == before}
told["left"] = [
    f"{holder.__name__}.{name}"
    for module in (makers, shapes, things, vendor)
    for holder in (module, *(value for value in vars(module).values() if isinstance(value, type)))
    for name, value in vars(holder).items()
    if type(value).__name__.startswith("Observed")
]
told["specs"] = [
    name
    for name, module in sys.modules.items()
    if isinstance(getattr(module, "__spec__", None), importlib.machinery.ModuleSpec)
    and type(module.__spec__) is not importlib.machinery.ModuleSpec
]
told["loaders"] = [
    name
    for name in ("zoo", "zoo.makers", "zoo.shapes", "zoo.things")
    if "exec_module" in vars(sys.modules[name].__loader__)
]
told["own"] = [
    "__init__" in vars(cls) for cls in (shapes.BareKeeper, shapes.FirstPartyBaseKeeper, shapes.OwnKeeper)
]
told["created"] = type(vars(shapes.NewKeeper)["__new__"]).__name__
told["metaclass"] = type(vars(shapes.OneOfEach)["__call__"]).__name__
told["makers"] = [type(getattr(makers, name)).__name__ for name in ("make_keeper", "get_cached_keeper")]
told["kinds"] = [
    type(vars(things.BoxKeeper)[name]).__name__ for name in ("create", "build", "make_copy", "__init__")
]
for cls in (shapes.BareKeeper, shapes.NewKeeper, shapes.FirstPartyBaseKeeper):
    try:
        cls(1, 2, 3)
    except TypeError as error:
        told[cls.__name__] = str(error)
told["still works"] = [
    type(made).__name__ for made in (early_bound("bert"), makers.load_keeper("bert"), shapes.BareKeeper())
]
told["stacked"] = [makers.load_keeper is stacked, calls]

again = ssot_probe.start(POLICY)
makers.make_keeper("carl")
import zoo.things  # again

again.stop()
told["after the second stop"] = state() == before
print(json.dumps(told))
