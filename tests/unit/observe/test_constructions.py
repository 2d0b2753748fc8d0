"""Constructions: each is counted once, at its line, whatever the shape of the class."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from support.children import Run, copy_program, line_of, run, run_both

from ssot_probe.model.records import BlindRecord, ClassRecord, MakeRecord


class Program(NamedTuple):
    """The program that constructs every shape, and its run."""

    directory: Path
    run: Run

    def made_at(self, marker: str, file: str = "construct.py") -> dict[tuple[str, str], int]:
        """Return how many instances of which class were constructed or returned at a line."""
        line = line_of(self.directory / file, marker)
        counts: dict[tuple[str, str], int] = {}
        for record in self.run.of(MakeRecord):
            if (record.site.file, record.site.line, record.kind) == (file, line, "constructor"):
                key = (record.cls.partition(":")[2], record.outcome)
                counts[key] = counts.get(key, 0) + record.count
        return counts


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    directory = copy_program("zoo", tmp_path_factory.mktemp("program"))
    return Program(directory, run(directory, "construct.py").checked())


TIMES = {"OwnKeeper": 3, "SlotsKeeper": 2}

ONCE = (
    *("OwnKeeper", "FirstPartyBaseKeeper", "ThirdPartyBaseKeeper", "StandardBaseKeeper", "ThreadKeeper"),
    *("BareKeeper", "BareChildKeeper", "DataKeeper", "FrozenKeeper", "SlotsKeeper", "WeakSlotsKeeper"),
    *("NewKeeper", "NewChildKeeper", "NewChildWithInitKeeper", "ChildKeeper", "GrandchildKeeper"),
    *("MixedKeeper", "LeftKeeper", "RightKeeper", "DiamondKeeper", "GenericKeeper", "ConcreteKeeper"),
    *("Outer.InnerKeeper", "AwkwardKeeper"),
)


@pytest.mark.parametrize("shape", ONCE)
def test_a_construction_is_counted_once_at_its_line(program: Program, shape: str) -> None:
    assert program.made_at(shape) == {(shape, "constructed"): TIMES.get(shape, 1)}


@pytest.mark.parametrize(
    ("shape", "calls"),
    [("SingletonKeeper", 4), ("SingletonWithInitKeeper", 4), ("MetaKeeper", 4), ("BareMetaKeeper", 3)],
)
def test_a_singleton_is_constructed_once_and_then_returned(program: Program, shape: str, calls: int) -> None:
    assert program.made_at(shape) == {(shape, "constructed"): 1, (shape, "returned"): calls - 1}


def test_a_construction_that_raises_made_nothing(program: Program) -> None:
    assert program.made_at("FailingKeeper") == {}


def test_a_parametrised_generic_is_constructed_where_it_is_called(program: Program) -> None:
    assert program.made_at("GenericKeeper[int]") == {("GenericKeeper", "constructed"): 1}


def test_a_call_over_several_lines_counts_where_it_begins(program: Program) -> None:
    assert program.made_at("over lines") == {("OwnKeeper", "constructed"): 1}


def test_constructions_inside_of_expressions_count_at_the_line_of_the_call(program: Program) -> None:
    assert program.made_at("in a comprehension") == {("OwnKeeper", "constructed"): 5}
    assert program.made_at("by map") == {("OwnKeeper", "constructed"): 3}


def test_subclasses_that_no_module_binds_are_reported_by_their_own_name(program: Program) -> None:
    names = {
        (record.cls, record.site.function, record.count)
        for record in program.run.of(MakeRecord)
        if "<locals>" in record.cls
    }
    assert names == {
        ("zoo.shapes:make_local.<locals>.LocalChild", "make_local", 1),
        ("zoo.shapes:make_local.<locals>.BareLocalChild", "make_local", 1),
    }
    assert {name for name, *_ in names} <= {record.name for record in program.run.of(ClassRecord)}


@pytest.mark.parametrize("shape", ["PairKeeper", "ErrorKeeper", "KindKeeper", "ShapeKeeper"])
def test_values_errors_and_types_are_classes_but_not_constructions(program: Program, shape: str) -> None:
    assert program.made_at(shape) == {}


@pytest.mark.parametrize("shape", ["ImplementsProtocolKeeper", "DictKeeper", "IntKeeper", "PartialKeeper"])
def test_what_cannot_be_seen_constructed_is_told(program: Program, shape: str) -> None:
    assert program.made_at(shape) == {}
    blind = {
        record.subject: record.reason for record in program.run.of(BlindRecord) if "Python" in record.reason
    }
    assert "constructed by code that is not Python" in blind[f"zoo.shapes:{shape}"]


def test_instances_that_cannot_be_told_apart_are_told(program: Program) -> None:
    blind = {record.subject for record in program.run.of(BlindRecord) if "weak references" in record.reason}
    assert blind == {"zoo.shapes:SlotsKeeper", "zoo.shapes:IntKeeper"}


def test_nothing_of_the_probe_s_own_calls_a_constructor(program: Program) -> None:
    assert not [
        record for record in program.run.of(MakeRecord) if record.site.module.startswith("ssot_probe")
    ]


@pytest.mark.parametrize(
    ("shape", "traits"),
    [
        ("AbstractKeeper", ("abstract",)),
        ("ProtocolKeeper", ("protocol",)),
        ("ErrorKeeper", ("exception",)),
        ("KindKeeper", ("enum",)),
        ("ShapeKeeper", ("typed-dict",)),
        ("PairKeeper", ("typed-dict",)),
        ("OwnKeeper", ()),
        ("ConcreteKeeper", ()),
    ],
)
def test_a_class_says_what_kind_it_is(program: Program, shape: str, traits: tuple[str, ...]) -> None:
    (record,) = (record for record in program.run.of(ClassRecord) if record.name == f"zoo.shapes:{shape}")
    assert set(record.traits) >= set(traits)
    assert bool(record.traits) == bool(traits)


def test_a_class_says_where_it_begins_and_what_it_builds_on(program: Program) -> None:
    source = (program.directory / "zoo" / "shapes.py").read_text().splitlines()
    for record in program.run.of(ClassRecord):
        if "<locals>" not in record.name:
            own_name = record.name.rpartition(":")[2].rpartition(".")[2]
            begins = source[record.line - 1].strip()
            assert begins.startswith((f"class {own_name}", "@")), (record.name, begins)
            assert record.file == "zoo/shapes.py"
    (mixed,) = (record for record in program.run.of(ClassRecord) if record.name.endswith(":MixedKeeper"))
    assert mixed.bases == ("zoo.shapes:Mixin", "zoo.shapes:OwnKeeper")


NEW_OVER_NEW = """
class BaseManager:
    def __new__(cls, *args):
        return super().__new__(cls)


class ChildManager(BaseManager):
    def __new__(cls, *args):
        made = super().__new__(cls, *args)
        made.ready = True
        return made


ChildManager()  # here
"""


def test_a_chain_of_own_creators_is_one_construction(tmp_path: Path) -> None:
    done, _ = run_both(tmp_path, program=NEW_OVER_NEW)
    assert [(record.cls, record.outcome, record.count) for record in done.of(MakeRecord)] == [
        ("__main__:ChildManager", "constructed", 1)
    ]


def test_an_instance_that_is_initialised_again_is_not_constructed_again(tmp_path: Path) -> None:
    program = """
        class PoolManager:
            def __init__(self):
                self.size = 1

        pool = PoolManager()
        pool.__init__()
    """
    done, _ = run_both(tmp_path, program=program)
    outcomes = [(record.outcome, record.count) for record in done.of(MakeRecord)]
    assert outcomes == [("constructed", 1), ("returned", 1)]


def test_instances_made_past_their_constructor_are_not_claimed_to_be_constructed(tmp_path: Path) -> None:
    program = """
        import copy, pickle

        class PoolManager:
            def __init__(self):
                self.size = 1

        pool = PoolManager()
        copy.copy(pool), copy.deepcopy(pool), pickle.loads(pickle.dumps(pool)), object.__new__(PoolManager)
    """
    done, _ = run_both(tmp_path, program=program)
    assert [(record.outcome, record.count) for record in done.of(MakeRecord)] == [("constructed", 1)]


def test_what_a_class_body_constructs_of_classes_of_its_module_is_found(
    tmp_path: Path,
) -> None:
    files = {
        "shop.py": """
            class BoxPool:
                def __init__(self, size=1):
                    self.size = size

                @classmethod
                def default(cls):
                    return cls()

            class BoxManager:
                pass

            def make_manager():
                return BoxManager()

            class Registry:
                pool = BoxPool(3)
                default = BoxPool.default()
                made = make_manager()

                class Inner:
                    manager = BoxManager()

                Manager = BoxManager
                renamed = Manager()
        """
    }
    done, _ = run_both(tmp_path, program="import shop", files=files)
    constructed = {
        (record.cls, record.site.line, record.site.function, record.count)
        for record in done.of(MakeRecord)
        if record.outcome == "constructed"
    }
    assert {(cls.partition(":")[2], line, count) for cls, line, _, count in constructed} == {
        ("BoxPool", 17, 1),
        ("BoxManager", 22, 1),
        ("BoxManager", 25, 1),
    }


DEPRECATING = """
    import functools

    def deprecated(cls):
        original = cls.__init__

        @functools.wraps(original)
        def warned(self, *args, **kwargs):
            return original(self, *args, **kwargs)

        cls.__init__ = warned
        return cls
"""


def test_a_decorator_that_wraps_an_inherited_constructor_which_is_observed_hides_nothing(
    tmp_path: Path,
) -> None:
    files = {
        "deprecating.py": DEPRECATING,
        "base.py": "class BaseManager:\n    def __init__(self):\n        self.items = []\n",
        "derived.py": """
            from base import BaseManager
            from deprecating import deprecated

            @deprecated
            class DerivedManager(BaseManager):
                pass
        """,
        "main.py": "import derived\nderived.DerivedManager()\nprint('done')\n",
    }
    done, _ = run_both(tmp_path, files=files)
    assert not any("Manager" in record.subject for record in done.of(BlindRecord))
    made = [record for record in done.of(MakeRecord) if record.cls == "derived:DerivedManager"]
    assert [(record.site.file, record.site.line, record.count) for record in made] == [("main.py", 2, 1)]
