"""Classes of every shape that a constructor can have."""

import abc
import collections
import dataclasses
import enum
import functools
import threading
import typing

from vendor import VendorBase

T = typing.TypeVar("T")


class Base:
    def __init__(self, name, *, size=1):
        self.name = name
        self.size = size


class OwnKeeper:
    def __init__(self, name: str, size: int = 2) -> None:
        self.name = name
        self.size = size


class FirstPartyBaseKeeper(Base):
    pass


class ThirdPartyBaseKeeper(VendorBase):
    pass


class StandardBaseKeeper(collections.UserDict):
    pass


class ThreadKeeper(threading.Thread):
    def __init__(self):
        super().__init__(name="keeper")


class BareKeeper:
    """Has no constructor at all."""


class BareChildKeeper(BareKeeper):
    pass


@dataclasses.dataclass
class DataKeeper:
    name: str
    size: int = 3


@dataclasses.dataclass(frozen=True)
class FrozenKeeper:
    name: str


class SlotsKeeper:
    __slots__ = ("name",)

    def __init__(self, name):
        self.name = name


class WeakSlotsKeeper:
    __slots__ = ("__weakref__", "name")

    def __init__(self, name):
        self.name = name


class NewKeeper:
    def __new__(cls, name):
        self = super().__new__(cls)
        self.name = name
        return self


class NewChildKeeper(NewKeeper):
    pass


class NewChildWithInitKeeper(NewKeeper):
    def __init__(self, name):
        self.again = name


class SingletonKeeper:
    _only = None

    def __new__(cls):
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only


class SingletonWithInitKeeper:
    _only = None

    def __new__(cls, name):
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __init__(self, name):
        self.name = name


class OneOfEach(type):
    made = {}

    def __call__(cls, *args, **kwargs):
        if cls not in cls.made:
            cls.made[cls] = super().__call__(*args, **kwargs)
        return cls.made[cls]


class MetaKeeper(metaclass=OneOfEach):
    def __init__(self, name):
        self.name = name


class BareMetaKeeper(metaclass=OneOfEach):
    pass


class ChildKeeper(OwnKeeper):
    def __init__(self, name):
        super().__init__(name, size=9)


class GrandchildKeeper(ChildKeeper):
    def __init__(self):
        super().__init__("grand")


class Mixin:
    def __init__(self, *args, **kwargs):
        self.mixed = True
        super().__init__(*args, **kwargs)


class MixedKeeper(Mixin, OwnKeeper):
    pass


class LeftKeeper(BareKeeper):
    pass


class RightKeeper(BareKeeper):
    def __init__(self):
        self.right = True


class DiamondKeeper(LeftKeeper, RightKeeper):
    pass


class FailingKeeper:
    def __init__(self, name):
        raise ValueError(name)


class GenericKeeper(typing.Generic[T]):
    def __init__(self, value: T):
        self.value = value


class AbstractKeeper(abc.ABC):
    @abc.abstractmethod
    def keep(self): ...


class ConcreteKeeper(AbstractKeeper):
    def keep(self):
        return True


class ProtocolKeeper(typing.Protocol):
    def keep(self): ...


class ImplementsProtocolKeeper(ProtocolKeeper):
    def keep(self):
        return True


class DictKeeper(dict):
    pass


class IntKeeper(int):
    pass


class PairKeeper(typing.NamedTuple):
    left: int = 1


class KindKeeper(enum.Enum):
    ONE = 1


class ShapeKeeper(typing.TypedDict):
    name: str


class ErrorKeeper(ValueError):
    pass


class Outer:
    class InnerKeeper:
        def __init__(self):
            self.inner = True


class PartialKeeper:
    def prepare(self, name, size):
        self.name = name

    __init__ = functools.partialmethod(prepare, size=1)


class AwkwardKeeper:
    """Says no to everything but being made."""

    __hash__ = None

    def __init__(self):
        object.__setattr__(self, "made", True)

    def __eq__(self, other):
        raise RuntimeError("compared")

    def __bool__(self):
        raise RuntimeError("asked for truth")

    def __len__(self):
        raise RuntimeError("asked for length")

    def __getattr__(self, name):
        raise RuntimeError("asked for " + name)

    def __setattr__(self, name, value):
        raise RuntimeError("set " + name)


def make_local(name):
    class LocalChild(OwnKeeper):
        def __init__(self, name):
            super().__init__(name)

    class BareLocalChild(OwnKeeper):
        pass

    return LocalChild(name), BareLocalChild(name)
