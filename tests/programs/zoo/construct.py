"""Constructs each shape at a line of its own."""

import os
import sys

sys.path.insert(0, os.path.abspath("lib/site-packages"))

from zoo.shapes import *  # noqa: F403
from zoo.shapes import Outer, make_local

for number in range(3):
    OwnKeeper("a")  # OwnKeeper
FirstPartyBaseKeeper("a")  # FirstPartyBaseKeeper
ThirdPartyBaseKeeper()  # ThirdPartyBaseKeeper
StandardBaseKeeper(a=1)  # StandardBaseKeeper
ThreadKeeper()  # ThreadKeeper
BareKeeper()  # BareKeeper
BareChildKeeper()  # BareChildKeeper
DataKeeper("a")  # DataKeeper
FrozenKeeper("a")  # FrozenKeeper
for number in range(2):
    SlotsKeeper("a")  # SlotsKeeper
WeakSlotsKeeper("a")  # WeakSlotsKeeper
NewKeeper("a")  # NewKeeper
NewChildKeeper("a")  # NewChildKeeper
NewChildWithInitKeeper("a")  # NewChildWithInitKeeper
for number in range(4):
    SingletonKeeper()  # SingletonKeeper
for number in range(4):
    SingletonWithInitKeeper("a")  # SingletonWithInitKeeper
for number in range(4):
    MetaKeeper("a")  # MetaKeeper
for number in range(3):
    BareMetaKeeper()  # BareMetaKeeper
ChildKeeper("a")  # ChildKeeper
GrandchildKeeper()  # GrandchildKeeper
MixedKeeper("a")  # MixedKeeper
LeftKeeper()  # LeftKeeper
RightKeeper()  # RightKeeper
DiamondKeeper()  # DiamondKeeper
try:
    FailingKeeper("a")  # FailingKeeper
except ValueError:
    pass
GenericKeeper(1)  # GenericKeeper
GenericKeeper[int](1)  # GenericKeeper[int]
ConcreteKeeper()  # ConcreteKeeper
Outer.InnerKeeper()  # Outer.InnerKeeper
AwkwardKeeper()  # AwkwardKeeper
ImplementsProtocolKeeper()  # ImplementsProtocolKeeper
DictKeeper()  # DictKeeper
IntKeeper(3)  # IntKeeper
PartialKeeper("a")  # PartialKeeper
PairKeeper()  # PairKeeper
ErrorKeeper()  # ErrorKeeper
KindKeeper(1)  # KindKeeper
ShapeKeeper(name="a")  # ShapeKeeper
(  # fmt: skip
    OwnKeeper(  # over lines
        "a",
        size=5,
    )
)
made = [OwnKeeper("a") for _ in range(5)]  # in a comprehension
made = list(map(OwnKeeper, "abc"))  # by map
make_local("a")  # locals
