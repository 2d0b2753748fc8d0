from __future__ import annotations

from ssot_probe.analysis.retirement.residue import ComputedImport, Importer, Mention, Residue
from ssot_probe.report.retirement.evidence_block import MOST_LINES, markdown
from ssot_probe.report.retirement.judged import EvidenceSummary, JudgedPath

EVIDENCE = EvidenceSummary(
    *("2026-01-05", "2026-01-13", 9, 4, ("web", "worker"), ("production",)),
    unmatched=2,
    command="ssot-probe dead recordings --emit markdown",
    commit="3b8a076",
)
IMPORTER = Importer(
    "shop/app.py", 3, "shop.app", "imports Cart from shop.old", "", True, "not executed", 0, True
)
RESIDUE = Residue(
    "shop.old",
    (IMPORTER, IMPORTER._replace(line=9, guard="type-checking", state="type-checking")),
    (
        Mention("settings.toml", 4, "configuration", "shop.old:Cart"),
        Mention("a.pkl", 0, "pickle", "shop.old:Cart"),
    ),
    (ComputedImport("shop/jobs.py", 7, "run", "shop.jobs"),),
)
PATH = JudgedPath(
    *("shop.old", "module", "NEVER-LOADED", "A", "Less than one use in 3 days."),
    replacement="shop.new:Cart",
    residue=RESIDUE,
)


def test_the_block_says_what_a_reviewer_needs() -> None:
    assert (
        markdown([PATH], EVIDENCE)
        == """\
## Evidence about paths that are to be deleted

- Window: 2026-01-05 to 2026-01-13, 9 days with evidence
- Processes: 4
- Roles: `web`, `worker`
- Environments: `production`
- Code that ran and that the scan does not know: 2
- Source: `3b8a076`
- To see it again: `ssot-probe dead recordings --emit markdown`

| path | verdict | grade |
|---|---|---|
| `shop.old` | NEVER-LOADED | A |

### `shop.old`: NEVER-LOADED, grade A

Less than one use in 3 days.

Still imports it:

- `shop/app.py:3` imports Cart from shop.old (at load, not executed)
- `shop/app.py:9` imports Cart from shop.old (for type checkers, type-checking)

Still names it:

- `settings.toml:4` configuration `shop.old:Cart`
- `a.pkl` pickle `shop.old:Cart`

Cannot be excluded: 1 import of what only a running program knows:

- `shop/jobs.py:7`

Instead of it: `shop.new:Cart`
"""
    )


def test_a_verdict_that_supports_no_deletion_says_so() -> None:
    live = PATH._replace(verdict="LIVE", grade="E", witnesses=("shop/jobs.py:4 calls it",), residue=None)
    text = markdown([live], EVIDENCE)
    assert "**This verdict does not support a deletion.**" in text
    assert "Seen:\n\n- shop/jobs.py:4 calls it\n" in text
    assert "The source was not scanned" in text


def test_what_is_missing_and_why_silence_does_not_count_is_told() -> None:
    judged = PATH._replace(verdict="INSUFFICIENT", missing=("role cron never reported",))
    text = markdown([judged], EVIDENCE._replace(void=("p2 was killed",)))
    assert "Missing:\n\n- role cron never reported\n" in text
    assert "- **Silence does not count:** p2 was killed" in text


def test_nothing_that_is_quoted_is_markup() -> None:
    odd = PATH._replace(path="a|b`c", sentence="<b>_x_ | [y](z)\n# head", residue=Residue("a", (), (), ()))
    text = markdown([odd], EVIDENCE)
    assert "\\<b\\>\\_x\\_ \\| \\[y\\](z) # head" in text
    assert "| `` a\\|b`c `` |" in text
    assert "Nothing in the scanned source names it any more." in text


def test_long_lists_are_cut_with_their_number() -> None:
    many = tuple(IMPORTER._replace(line=line) for line in range(MOST_LINES + 3))
    text = markdown([PATH._replace(residue=RESIDUE._replace(importers=many))], EVIDENCE)
    assert "- and 3 more" in text
