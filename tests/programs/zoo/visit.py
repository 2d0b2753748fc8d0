"""Makes one or more of each shape and says what everybody can see of it."""

import copy
import inspect
import json
import os
import pickle
import sys
import typing
import weakref

sys.path.insert(0, os.path.abspath("lib/site-packages"))

from zoo import shapes

told = {}


def show(text):
    """Return a text without the addresses of objects."""
    return text.split(" at 0x")[0]


def attempt(function, *args, **kwargs):
    try:
        return show(repr(function(*args, **kwargs)))
    except Exception as error:
        return type(error).__name__ + ": " + show(str(error))


def tell(cls, *made):
    name = cls.__qualname__
    first = made[0] if made else None
    told[name] = {
        "is": getattr(shapes, name, cls) is cls,
        "types": [type(one) is cls or type(one).__name__ for one in made],
        "same": len({id(one) for one in made}),
        "attributes": sorted(getattr(first, "__dict__", {})),
        "signature": attempt(inspect.signature, cls),
        "hints": attempt(typing.get_type_hints, cls.__init__),
        "doc": cls.__doc__ == getattr(shapes, name, cls).__doc__ and show(str(cls.__init__.__doc__)),
        "name": [cls.__init__.__name__, cls.__init__.__qualname__, cls.__module__],
        "is_function": inspect.isfunction(cls.__init__),
        "members": [entry for entry in dir(cls) if entry != "__weakref__"],
        "no_arguments": attempt(cls) if name not in ("ThreadKeeper",) else "",
        "too_many": attempt(cls, 1, 2, 3, 4, 5),
        "unknown": attempt(cls, nobody_knows=1),
        "instance": made and isinstance(first, cls),
        "pickled": attempt(lambda: type(pickle.loads(pickle.dumps(first))) is cls),
        "class_pickled": attempt(lambda: pickle.loads(pickle.dumps(cls)) is cls),
        "copied": attempt(lambda: type(copy.copy(first)) is cls),
        "deep": attempt(lambda: type(copy.deepcopy(first)) is cls),
        "subclass": attempt(lambda: type("Sub", (cls,), {}).__mro__[1] is cls),
    }


tell(shapes.OwnKeeper, shapes.OwnKeeper("a"), shapes.OwnKeeper(name="b"), shapes.OwnKeeper("c", size=3))
tell(shapes.FirstPartyBaseKeeper, shapes.FirstPartyBaseKeeper("a"), shapes.FirstPartyBaseKeeper("b", size=2))
tell(shapes.ThirdPartyBaseKeeper, shapes.ThirdPartyBaseKeeper(), shapes.ThirdPartyBaseKeeper("a"))
tell(shapes.StandardBaseKeeper, shapes.StandardBaseKeeper({"a": 1}))
tell(shapes.ThreadKeeper, shapes.ThreadKeeper())
tell(shapes.BareKeeper, shapes.BareKeeper(), shapes.BareKeeper())
tell(shapes.BareChildKeeper, shapes.BareChildKeeper())
tell(shapes.DataKeeper, shapes.DataKeeper("a"), shapes.DataKeeper("b", 4))
tell(shapes.FrozenKeeper, shapes.FrozenKeeper("a"))
tell(shapes.SlotsKeeper, shapes.SlotsKeeper("a"), shapes.SlotsKeeper("b"))
tell(shapes.WeakSlotsKeeper, shapes.WeakSlotsKeeper("a"))
tell(shapes.NewKeeper, shapes.NewKeeper("a"), shapes.NewKeeper("b"))
tell(shapes.NewChildKeeper, shapes.NewChildKeeper("a"))
tell(shapes.NewChildWithInitKeeper, shapes.NewChildWithInitKeeper("a"))
tell(shapes.SingletonKeeper, shapes.SingletonKeeper(), shapes.SingletonKeeper(), shapes.SingletonKeeper())
tell(shapes.SingletonWithInitKeeper, shapes.SingletonWithInitKeeper("a"), shapes.SingletonWithInitKeeper("b"))
tell(shapes.MetaKeeper, shapes.MetaKeeper("a"), shapes.MetaKeeper("b"), shapes.MetaKeeper("c"))
tell(shapes.BareMetaKeeper, shapes.BareMetaKeeper(), shapes.BareMetaKeeper())
tell(shapes.ChildKeeper, shapes.ChildKeeper("a"))
tell(shapes.GrandchildKeeper, shapes.GrandchildKeeper())
tell(shapes.MixedKeeper, shapes.MixedKeeper("a"))
tell(shapes.LeftKeeper, shapes.LeftKeeper())
tell(shapes.RightKeeper, shapes.RightKeeper())
tell(shapes.DiamondKeeper, shapes.DiamondKeeper())
tell(shapes.FailingKeeper)
tell(shapes.GenericKeeper, shapes.GenericKeeper(1), shapes.GenericKeeper[int](2))
tell(shapes.AbstractKeeper)
tell(shapes.ConcreteKeeper, shapes.ConcreteKeeper())
tell(shapes.ImplementsProtocolKeeper, shapes.ImplementsProtocolKeeper())
tell(shapes.DictKeeper, shapes.DictKeeper(a=1))
tell(shapes.IntKeeper, shapes.IntKeeper(7))
tell(shapes.PairKeeper, shapes.PairKeeper(5))
tell(shapes.ErrorKeeper, shapes.ErrorKeeper("a"))
tell(shapes.Outer.InnerKeeper, shapes.Outer.InnerKeeper())
tell(shapes.PartialKeeper, shapes.PartialKeeper("a"))
shapes.AwkwardKeeper()
shapes.make_local("a")

kept = weakref.ref(shapes.OwnKeeper("short-lived"))
assert kept() is None
print(json.dumps(told, indent=1))
