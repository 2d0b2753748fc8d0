"""Writes a proposed policy as commented TOML, to be read, corrected and kept."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from ssot_probe.analysis.inference.canonical import Canonical, Standing
from ssot_probe.analysis.inference.proposal import ConceptProposal, Proposal
from ssot_probe.analysis.inference.users import UserProposal
from ssot_probe.analysis.wording import listing, number
from ssot_probe.model.names import last_part
from ssot_probe.report.sanitize import clean

WIDTH = 110
MOST_NAMES = 12
"""Of any list in a comment."""

_SKELETON = """\
# [[concept]]
# name = "session-store"                          # one thing that has one source of truth
# classes = ["*SessionStore"]                     # globs on the class name, or on "module:QualName"
# canonical = "service.sessions:SessionStore"     # the one class and path
# factories = ["service.sessions:get_store"]      # the allowed makers
# legacy = ["service.old_sessions"]               # modules, or names in modules
# isolation = "user"                              # process | user | user+thread | request
"""


def quoted(text: str) -> str:
    """Return the text as a basic string of TOML."""
    # Every escape of JSON is one of TOML's, which wants one for DEL too and knows no lone surrogates.
    printable = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(printable, ensure_ascii=False).replace("\x7f", "\\u007f")


def render(proposal: Proposal, source: str, remark: str = "") -> str:
    """Return the text of the policy file.

    Args:
        proposal: what it says.
        source: what was read, in words and without its path.
        remark: what to know of the source, a sentence.
    """
    blocks = [[*_head(proposal, source), *_comment(remark)], _packages(proposal), _users(proposal.users)]
    blocks += [_concept(concept) for concept in proposal.concepts]
    if not proposal.concepts:
        blocks.append(
            [*_comment("No concept was found that is worth watching. To declare one:"), *_skeleton()]
        )
    blocks += [_rest(proposal.rest), _deprecated(proposal)]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(proposal: Proposal, source: str) -> list[str]:
    figures = proposal.figures
    return [
        *_comment(
            f"A starting policy, inferred from {source}: {number(figures.modules, 'module')}, "
            f"{number(figures.classes, 'class')}, {number(figures.imports, 'import')}."
        ),
        *_comment(
            "Every line is a guess with its reason beside it; what is doubtful is commented out. Correct it, "
            "delete what nobody needs to watch, and keep the rest."
        ),
        *_comment(
            "Figures leave tests out. A file imports a class when it imports the class, a function that "
            "returns it, or the module that defines it."
        ),
        *_comment("Once it declares a concept, only declared concepts are judged."),
    ]


def _packages(proposal: Proposal) -> list[str]:
    if not proposal.packages:
        return ['# packages = ["service"]    # first-party packages; none was found']
    return [f"packages = {_array(proposal.packages)}"]


def _users(users: Sequence[UserProposal]) -> list[str]:
    certain = [user for user in users if user.is_certain]
    doubtful = [user for user in users if not user.is_certain]
    lines = _comment("Who is the current user? The first source that answers wins.")
    lines += [f"user = [{{ {user.kind} = {quoted(user.target)} }}]" for user in certain[:1]]
    if not users:
        return [*lines, '# user = [{ contextvar = "service.auth:current_user" }]    # none was found']
    for user in doubtful[:MOST_NAMES]:
        remark = "    # if it takes no arguments" if user.kind == "call" else ""
        lines.append(f"# user = [{{ {user.kind} = {quoted(user.target)} }}]{remark}")
    return lines


def _concept(concept: ConceptProposal) -> list[str]:
    name = concept.group.name
    return [
        f"# {'-' * (WIDTH - 4)}",
        *_comment(f"{name}: {listing(concept.reasons)}."),
        *_members(concept),
        "[[concept]]",
        f"name = {quoted(name)}",
        f"classes = {_array(concept.patterns)}",
        *_canonical(concept),
        *_factories(concept),
        *_legacy(concept),
        *_limits(concept),
        *_isolation(concept),
    ]


def _members(concept: ConceptProposal) -> Iterator[str]:
    group = concept.group
    for standing in concept.canonical.standings[:MOST_NAMES] if len(group.members) > 1 else ():
        yield from _comment(f"  {standing.name}: {_usage(standing)}")
    top = {standing.name for standing in concept.canonical.standings}
    derived = [name for name in group.members if name not in top]
    if derived:
        yield from _comment(f"  derived from these: {_names(derived)}")
    for name, reason in group.joined[:MOST_NAMES]:
        yield from _comment(f"  {name} is here for its methods: it {reason}")
    for name, reason in group.aside[:MOST_NAMES]:
        yield from _comment(f"  not counted: {name}, {reason}")


def _canonical(concept: ConceptProposal) -> Iterator[str]:
    canonical, group = concept.canonical, concept.group
    if group.is_alternatives:
        if not group.base and canonical.standings[0].files:
            yield f"# canonical = {quoted(canonical.standings[0].name)}    # the most used of them"
        return
    if not canonical.path:
        yield from _comment("Nothing uses one of them more than the others; name the one to keep.")
        yield f"# canonical = {quoted(canonical.standings[0].name)}"
        return
    first = canonical.standings[0]
    yield from _comment(_why(canonical))
    if len(concept.paths) > 1:
        paths = [f"{path} ({number(files, 'file')})" for path, files in concept.paths]
        yield from _comment(f"Imported along {number(len(paths), 'path')}: {listing(paths)}.")
    remark = "" if canonical.path == first.name else f"  # defined as {first.name}"
    yield f"canonical = {quoted(canonical.path)}{clean(remark)}"


def _why(canonical: Canonical) -> str:
    first, *others = canonical.standings
    if not others:
        return f"{last_part(first.name)}: {_usage(first)}."
    if canonical.is_close:
        return "A close call: the next one is used about as much."
    return "The most used of them."


def _usage(standing: Standing) -> str:
    imported = f"imported by {number(standing.files, 'file')}" if standing.files else "imported nowhere"
    made = f"constructed at {number(standing.places, 'place')}" if standing.places else "constructed nowhere"
    return f"{imported}, {made}"


def _factories(concept: ConceptProposal) -> Iterator[str]:
    factories = concept.factories
    if factories.chosen:
        total = factories.inside + factories.outside
        where = f"{factories.inside} of {number(total, 'place')} that construct it"
        if factories.is_rule:
            if factories.outside:
                yield from _comment(f"Inside these: {where}; the rest will be reported (SSOT203).")
            yield f"factories = {_array(factories.chosen)}"
        else:
            yield from _comment(f"Inside these: only {where}. Shall all go through them?")
            yield from _commented(f"factories = {_array(factories.chosen[:MOST_NAMES])}")
    others = [f"{maker.name} returns {last_part(maker.cls)}" for maker in factories.others]
    if others:
        what = "Not listed" if concept.canonical.path else "Functions that return one"
        yield from _comment(f"{what}: {listing(others)}.")


def _legacy(concept: ConceptProposal) -> Iterator[str]:
    if not concept.legacy:
        return
    if any(path.is_certain for path in concept.legacy):
        yield "legacy = ["
        for path in concept.legacy:
            sign = "" if path.is_certain else "# "
            yield f"  {sign}{quoted(path.entry)},  # {clean(_reason(path.reasons, path.importers))}"
        yield "]"
        return
    yield "# legacy = ["
    for path in concept.legacy:
        yield f"#   {quoted(path.entry)},  # {clean(_reason(path.reasons, path.importers))}"
    yield "# ]"


def _reason(reasons: Sequence[str], importers: int) -> str:
    used = {0: "no file imports it", 1: "1 file imports it"}.get(importers, f"{importers} files import it")
    return f"{', '.join(reasons)}; {used}"


def _limits(concept: ConceptProposal) -> Iterator[str]:
    group = concept.group
    if concept.max_classes > 1:
        why = f"all implement {group.base}" if group.base else "they are named after different things"
        yield from _comment(f"Alternatives by design, it seems: {why}. Say 1 where only one is to remain.")
        yield f"max_classes = {concept.max_classes}"


def _isolation(concept: ConceptProposal) -> Iterator[str]:
    site = concept.made_at_import
    if site is not None:
        yield from _comment(f"An instance is made at import, for the whole process: {site.file}:{site.line}.")
    if concept.is_process_wide:
        role = concept.group.name.rpartition("-")[2]
        yield f'isolation = "process"    # a {role} serves everybody, as a rule; else "user"'
    else:
        yield '# isolation = "user"    # the default; or process, user+thread, request'


def _rest(rest: Sequence[ConceptProposal]) -> list[str]:
    if not rest:
        return []
    said = [f"{concept.group.name} ({listing(concept.reasons)})" for concept in rest]
    shown = said[: 2 * MOST_NAMES]
    more = f", and {len(said) - len(shown)} more" if len(said) > len(shown) else ""
    return [*_comment("Not declared, as less seems to be at stake: " + ", ".join(shown) + more + ".")]


def _deprecated(proposal: Proposal) -> list[str]:
    named = {path.entry for concept in proposal.concepts for path in concept.legacy}
    found = [
        f"{module} ({number(files, 'file')})" for module, files in proposal.deprecated if module not in named
    ]
    if not found:
        return []
    return _comment(
        "These modules warn of their deprecation when they are imported, and are part of none of the above. "
        f"Importing files in brackets: {_names(found)}."
    )


def _skeleton() -> list[str]:
    return _SKELETON.splitlines()


def _names(names: Sequence[str]) -> str:
    return listing(names, MOST_NAMES)


def _array(values: Sequence[str]) -> str:
    line = f"[{', '.join(map(quoted, values))}]"
    if len(line) <= WIDTH - len("factories = "):
        return line
    return "[\n" + "".join(f"  {quoted(value)},\n" for value in values) + "]"


def _commented(text: str) -> Iterable[str]:
    return (f"# {line}" for line in text.splitlines())


def _comment(text: str) -> list[str]:
    """Return the text as lines of comment; what a comment of TOML may not hold is escaped."""
    printable = clean(text).encode("utf-8", "replace").decode("utf-8")
    indent = printable[: len(printable) - len(printable.lstrip())]
    return textwrap.wrap(
        printable.strip(),
        WIDTH,
        initial_indent=f"# {indent}",
        subsequent_indent=f"# {indent}{'  ' if indent else ''}",
        break_long_words=False,
        break_on_hyphens=False,
    )
