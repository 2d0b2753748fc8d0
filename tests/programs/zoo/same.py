"""Says of makers what tools and libraries ask of functions; the probe must not change a word of it."""

import asyncio
import copy
import functools
import inspect
import json
import os
import pickle
import sys
import types
import typing
import weakref

sys.path.insert(0, os.path.abspath("lib/site-packages"))

from zoo import makers
from zoo.things import BoxKeeper, LidKeeper

box = BoxKeeper("anna")
told = {}


def show(text):
    return text.split(" at 0x")[0]


def attempt(function, *args, **kwargs):
    try:
        return show(repr(function(*args, **kwargs)))
    except Exception as error:
        return type(error).__name__ + ": " + show(str(error))


SUBJECTS = {
    "function": lambda: makers.make_keeper,
    "annotated": lambda: makers.create_lid_keeper,
    "cached": lambda: makers.get_cached_keeper,
    "decorated": lambda: makers.make_logged_keeper,
    "coroutine": lambda: makers.make_keeper_soon,
    "class method": lambda: BoxKeeper.create,
    "class method of subclass": lambda: LidKeeper.create,
    "static method": lambda: BoxKeeper.build,
    "unbound": lambda: BoxKeeper.make_copy,
    "bound": lambda: box.make_copy,
    "bound coroutine": lambda: makers.keeper_factory.create_soon,
    "class": lambda: BoxKeeper,
    "instance": lambda: box,
}

for name, get in SUBJECTS.items():
    subject = get()
    told[name] = {
        "repr": show(repr(subject)),
        "signature": attempt(inspect.signature, subject),
        "hints": attempt(typing.get_type_hints, subject),
        "coroutine": [inspect.iscoroutinefunction(subject), asyncio.iscoroutinefunction(subject)],
        "kinds": [
            test.__name__
            for test in (inspect.isfunction, inspect.ismethod, inspect.isroutine, inspect.isclass, callable)
            if test(subject)
        ],
        "names": [
            getattr(subject, name, None) for name in ("__name__", "__qualname__", "__module__", "__doc__")
        ],
        "defaults": repr([getattr(subject, name, None) for name in ("__defaults__", "__kwdefaults__")]),
        "code": attempt(lambda: subject.__code__.co_name),
        "source": attempt(inspect.getsource, subject),
        "line": attempt(lambda: inspect.getsourcelines(subject)[1]),
        "file": attempt(lambda: os.path.basename(inspect.getsourcefile(inspect.unwrap(subject)))),
        "pickled": attempt(lambda: type(pickle.loads(pickle.dumps(subject))).__name__ != ""),
        "pickled is equal": attempt(lambda: pickle.loads(pickle.dumps(subject)) == get()),
        "oldest pickle": attempt(lambda: pickle.loads(pickle.dumps(subject, 0)) == get()),
        "copied": attempt(lambda: copy.copy(subject) == get()),
        "deep": attempt(lambda: copy.deepcopy(subject) == get()),
        "deep in a list": attempt(lambda: copy.deepcopy([subject])[0] == get()),
        "equal": [subject == get(), hash(subject) == hash(get()), subject in {get(): 1}],
        "weak": attempt(lambda: weakref.ref(subject)() is subject),
        "partial": attempt(lambda: inspect.signature(functools.partial(subject, "anna"))),
        "wrong arguments": attempt(subject, 1, 2, 3, 4, 5, 6) if "coroutine" not in name else "",
        "unknown argument": attempt(subject, nobody_knows=1) if "coroutine" not in name else "",
        "isinstance": [isinstance(subject, kind) for kind in (types.FunctionType, types.MethodType, type)],
        "bool": bool(subject),
        "self": show(repr(getattr(subject, "__self__", None))),
    }

told["cache"] = repr(makers.get_cached_keeper.cache_info())
makers.get_cached_keeper("anna")
told["cache after a call"] = repr(makers.get_cached_keeper.cache_info())
makers.get_cached_keeper.cache_clear()
told["cache cleared"] = repr(makers.get_cached_keeper.cache_info())
told["returns"] = [type(makers.make_keeper("anna")) is BoxKeeper, type(LidKeeper.create("anna")) is LidKeeper]
told["raises"] = attempt(makers.get_keeper_or_fail, "anna")
told["attributes of an instance"] = sorted(vars(makers.make_keeper("anna")))
told["names in modules"] = [sorted(vars(makers)), sorted(vars(BoxKeeper))]
kept = makers.make_keeper("anna")
reference = weakref.ref(kept)
del kept
told["dies"] = reference() is None
with open(sys.argv[1], "wb") as file:
    pickle.dump([get() for name, get in SUBJECTS.items() if name != "bound coroutine"], file)
print(json.dumps(told, indent=1))
