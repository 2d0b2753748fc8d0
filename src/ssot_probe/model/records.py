"""What the probe may say about a process: one frozen record per kind of fact.

A record holds names, numbers and serials, never an observed object, and no user id: `user` is always
a keyed hash. Times are nanoseconds since the Unix epoch. `count` is how many times the fact happened
between `first` and `last`; records of one fact add up, so a reader sums counts over records.
"""

from __future__ import annotations

from typing import Union

from ssot_probe.model.code_records import RUN_SOURCE as RUN_SOURCE
from ssot_probe.model.code_records import SILENT as SILENT
from ssot_probe.model.code_records import BindingRecord as BindingRecord
from ssot_probe.model.code_records import ClassRecord as ClassRecord
from ssot_probe.model.code_records import CycleRecord as CycleRecord
from ssot_probe.model.code_records import ImportRecord as ImportRecord
from ssot_probe.model.code_records import ModuleRecord as ModuleRecord
from ssot_probe.model.code_records import ReferenceRecord as ReferenceRecord
from ssot_probe.model.instance_records import AccessRecord as AccessRecord
from ssot_probe.model.instance_records import HolderRecord as HolderRecord
from ssot_probe.model.instance_records import MakeRecord as MakeRecord
from ssot_probe.model.instance_records import PoolRecord as PoolRecord
from ssot_probe.model.instance_records import PopulationRecord as PopulationRecord
from ssot_probe.model.instance_records import ThreadRecord as ThreadRecord
from ssot_probe.model.path_records import (
    DefinitionRecord,
    ForkRecord,
    PathUseRecord,
    SourceRecord,
    WatchedPathRecord,
)
from ssot_probe.model.process_records import BlindRecord as BlindRecord
from ssot_probe.model.process_records import ProcessRecord as ProcessRecord
from ssot_probe.model.process_records import UserSourceRecord as UserSourceRecord
from ssot_probe.model.sharing_records import BoundaryRecord as BoundaryRecord
from ssot_probe.model.sharing_records import ContextRecord as ContextRecord
from ssot_probe.model.sharing_records import HandoverRecord as HandoverRecord
from ssot_probe.model.sharing_records import LookRecord as LookRecord
from ssot_probe.model.sharing_records import OverlapRecord as OverlapRecord
from ssot_probe.model.sharing_records import RaceRecord as RaceRecord
from ssot_probe.model.sharing_records import SharedObjectRecord as SharedObjectRecord
from ssot_probe.model.sharing_records import SharingRecord as SharingRecord
from ssot_probe.model.site import NOWHERE as NOWHERE
from ssot_probe.model.site import Site as Site

Record = Union[
    ProcessRecord,
    ModuleRecord,
    ImportRecord,
    CycleRecord,
    ClassRecord,
    BindingRecord,
    MakeRecord,
    AccessRecord,
    SharingRecord,
    ThreadRecord,
    OverlapRecord,
    RaceRecord,
    HolderRecord,
    SharedObjectRecord,
    LookRecord,
    BoundaryRecord,
    ContextRecord,
    PopulationRecord,
    PoolRecord,
    HandoverRecord,
    ReferenceRecord,
    UserSourceRecord,
    BlindRecord,
    PathUseRecord,
    WatchedPathRecord,
    DefinitionRecord,
    SourceRecord,
    ForkRecord,
]
