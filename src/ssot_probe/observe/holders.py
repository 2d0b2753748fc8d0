"""Finds what keeps a shared instance alive, with objgraph, when the process ends."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Mapping
from time import time_ns
from types import ModuleType
from typing import Any

from ssot_probe.model.instance_records import HolderRecord
from ssot_probe.observe.heap import count_objects
from ssot_probe.observe.instances import InstanceTable
from ssot_probe.observe.makers import ObservedClass
from ssot_probe.observe.modules import namespace_of, present_modules

MOST_OBJECTS = 300_000
"""Heap size up to which a search is started: each of its steps walks the whole heap."""

MOST_SEARCHES = 3
DEPTH = 6

_namespace_of_class = type.__dict__["__dict__"].__get__


def explain_shared(
    instances: InstanceTable, classes: Mapping[type, ObservedClass], process: str
) -> Iterator[HolderRecord]:
    """Yield the shortest chain from a module to each of the first shared instances of different classes."""
    shared: dict[str, Any] = {}
    for known in list(instances.by_id.values()):
        instance = known() if known.others else None
        observed = None if instance is None else classes.get(type(instance))
        if observed is not None and not observed.is_shareable and len(shared) < MOST_SEARCHES:
            shared.setdefault(observed.name, (instance, known.serial))
    if not shared or count_objects() > MOST_OBJECTS:
        return
    import objgraph

    for name, (instance, serial) in shared.items():
        chain = objgraph.find_backref_chain(
            instance, _is_module, max_depth=DEPTH, extra_ignore=_own_ids(shared)
        )
        if len(chain) > 1:
            yield HolderRecord(f"{process}-{serial}", name, tuple(_steps(chain)), time_ns())


def _own_ids(shared: dict[str, Any]) -> set[int]:
    """Return the ids of what refers to everything and explains nothing, and of our own structures."""
    ids = {id(shared), *(id(entry) for entry in shared.values())}
    for name, module in present_modules():
        if name.partition(".")[0] == "ssot_probe":
            ids.update((id(module), id(getattr(module, "__dict__", None))))
    frame = sys._getframe()
    while frame is not None:
        ids.add(id(frame))
        frame = frame.f_back  # type: ignore[assignment]
    return ids


def _steps(chain: list[Any]) -> Iterator[str]:
    """Name each step from the module down, by the key or attribute that leads to the next object."""
    yield f"module {chain[0].__name__}" if isinstance(chain[0], ModuleType) else type(chain[0]).__name__
    for holder, held in zip(chain, chain[1:]):
        if _is_dictionary_of(holder, held):
            continue
        if type(holder).__name__ in ("ObservedConstructor", "ObservedFunction"):
            continue  # the probe's own wrapper explains nothing
        yield _edge(holder, held)


def _edge(holder: Any, held: Any) -> str:
    if issubclass(type(holder), dict):
        for key, value in list(holder.items()):
            if value is held:
                # A key may be a user's id: only names from the source code are shown.
                return (
                    key
                    if isinstance(key, str) and key in _names(holder)
                    else f"a value of a {type(holder).__name__}"
                )
        return f"a key of a {type(holder).__name__}"
    if issubclass(type(holder), (list, tuple, set, frozenset)):
        return f"an item of a {type(holder).__name__}"
    return f"a {type(holder).__name__}"


def _is_module(found: object) -> bool:
    """Is it a loaded module? Neither this nor what follows asks a lazy object for its class."""
    return found is sys.modules.get(str(namespace_of(found).get("__name__")))


def _is_dictionary_of(holder: object, held: object) -> bool:
    if issubclass(type(holder), type):
        return any(each is held for each in gc.get_referents(_namespace_of_class(holder)))
    try:
        return type(held) is dict and object.__getattribute__(holder, "__dict__") is held
    except (AttributeError, TypeError):
        return False


def _names(namespace: dict[Any, Any]) -> frozenset[str]:
    """Return the keys of a module's or class's dictionary, none of any other."""
    is_module = "__name__" in namespace and "__spec__" in namespace
    is_class = "__module__" in namespace and "__doc__" in namespace
    return (
        frozenset(key for key in namespace if isinstance(key, str)) if is_module or is_class else frozenset()
    )
