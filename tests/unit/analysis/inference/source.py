"""Builds the records that an inventory of a source tree holds, for tests of what is inferred from them."""

from __future__ import annotations

from unit.analysis.build import Program, file_of, recording_of, site

from ssot_probe.analysis.inference.facts import Facts, collect
from ssot_probe.analysis.inference.grouping import group
from ssot_probe.analysis.inference.groups import Group
from ssot_probe.analysis.inference.proposal import ConceptProposal, Proposal, propose
from ssot_probe.model.records import NOWHERE, ClassRecord, MakeRecord, ReferenceRecord


class Source(Program):
    """A source tree; every method declares something in it."""

    def declares(
        self,
        name: str,
        methods: str = "",
        bases: tuple[str, ...] = (),
        traits: tuple[str, ...] = (),
    ) -> None:
        """Declare a class with public methods."""
        self.cls(name, bases=bases, traits=traits)
        record = next(
            one for one in reversed(self.records) if isinstance(one, ClassRecord) and one.name == name
        )
        self.records[self.records.index(record)] = record._replace(methods=tuple(methods.split()))

    def uses(self, target: str, *files: str) -> None:
        """Import something in files."""
        for file in files:
            self.imports(f"{file}:3", target, outcome="declared", origin="static")

    def calls(self, cls: str, place: str, inside: str = "handler") -> None:
        """Call a class at a place."""
        where = site(place, inside)
        self._declare(cls, "constructor", cls, where)

    def returns(self, maker: str, cls: str, kind: str = "function") -> None:
        """Declare a function that returns instances of a class."""
        if "." not in maker.partition(":")[2]:
            self.function(maker)
        self._declare(maker, kind, cls, NOWHERE)

    def warns(self, module: str) -> None:
        """Let a module warn of its deprecation when it is imported."""
        self.module(module)
        self.add(ReferenceRecord(module, "deprecated", site(f"{file_of(module)}:1"), self.now()))

    def _declare(self, maker: str, kind: str, cls: str, where: object) -> None:
        time = self.now()
        definition = NOWHERE._replace(file=file_of(maker.partition(":")[0]), line=40)
        self.add(
            MakeRecord(
                *(maker, kind, "declared", cls, self.serials.get(cls, 0), (), "", "", definition),
                *(where, "", "", 1, 0, time, time),  # type: ignore[arg-type]
            )
        )

    @property
    def facts(self) -> Facts:
        """What an inference goes by."""
        return collect(recording_of(self))

    @property
    def groups(self) -> dict[str, Group]:
        """The groups that are found, by name."""
        return {found.name: found for found in group(self.facts)}

    @property
    def proposal(self) -> Proposal:
        """The policy that is proposed."""
        return propose(recording_of(self))

    def concept(self, name: str) -> ConceptProposal:
        """Return one of the proposed concepts."""
        return next(found for found in self.proposal.concepts if found.group.name == name)
