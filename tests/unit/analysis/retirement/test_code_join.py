from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit.analysis.build import START, Program, Source, recording_of
from unit.inventory.trees import scan
from unit.model.test_source_digest import EVERY_FORM

from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.code_join import (
    Joined,
    join_code,
    join_recording,
    unscanned_paths,
)
from ssot_probe.model.path_records import DefinitionRecord, PathUseRecord, SourceRecord
from ssot_probe.model.policy import Concept, Policy
from ssot_probe.model.records import NOWHERE, ProcessRecord, Site
from ssot_probe.model.source_digest import definitions_in
from ssot_probe.policy_json import policy_to_json

CART = Site("shop/old.py", 10, "Cart.add", "shop.old")


def use(defined: Site = CART, digest: str = "d1", subject: str = "", path: str = "shop.old") -> PathUseRecord:
    return PathUseRecord(
        path=path,
        rung="called",
        subject=subject or f"{defined.module}:{defined.function}",
        through="",
        origin="application",
        by_user=True,
        thread="MainThread",
        count=1,
        is_at_least=False,
        first=START,
        last=START,
        digest=digest,
        defined=defined,
        site=NOWHERE,
    )


def definition(
    defined: Site = CART, digest: str = "d1", kind: str = "function", path: str = "shop.old"
) -> DefinitionRecord:
    return DefinitionRecord(path, kind, digest, defined, START)


def module(digest: str = "m1", file: str = "shop/old.py", name: str = "shop.old") -> DefinitionRecord:
    return definition(Site(file, 0, "", name), digest, "module")


def joined(*uses: PathUseRecord, source: tuple[DefinitionRecord, ...] = ()) -> Joined:
    return join_code(uses, source or (module(), definition()))["shop.old"]


def live(code: types.CodeType) -> Iterator[types.CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield inner
            yield from live(inner)


def test_all_code_that_can_run_is_found_in_the_scan(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"shop/__init__.py": "", "shop/old.py": EVERY_FORM}
    policy = Policy(concepts=(Concept("cart", (), legacy=("shop.old",)),))
    scanned = scan(tmp_path, files, policy=policy)
    known = definitions_in(EVERY_FORM.encode())
    by_line = {(one.qualified_name.rpartition(".")[2], one.first_line): one for one in known}
    uses = []
    for code in live(compile(EVERY_FORM, "/srv/app/78/shop/old.py", "exec")):
        if not code.co_name.endswith(("comp>", "expr>")):
            one = by_line[code.co_name, code.co_firstlineno]
            name = getattr(code, "co_qualname", "") if sys.version_info >= (3, 11) else one.qualified_name
            site = Site(code.co_filename, code.co_firstlineno, name, "shop.old")
            uses.append(use(site, one.digest if name.count("<lambda>") == 0 else ""))
    result = join_code(uses, scanned.of(DefinitionRecord))["shop.old"]
    assert len(result.matched) == result.used == len({(one.digest, one.defined) for one in uses}) > 40


def test_code_of_another_version_of_python_is_the_same_code() -> None:
    site = CART._replace(function="Cart.add.<locals>.<listcomp>.<lambda>")
    source = (module(), definition(CART._replace(function="Cart.add.<locals>.<lambda>")))
    assert joined(use(site), source=source).matched


@pytest.mark.parametrize(
    ("file", "scanned", "name"),
    [
        ("/app.d/78/x.py", "/app.d/74/x.py", "x"),
        ("/app.d/78/shop/old.py", "shop/old.py", "shop.old"),
        ("shop/old.py", "src/shop/old.py", "shop.old"),
        ("/app.d/78/shop/old/__init__.py", "/app.d/74/shop/old/__init__.py", "shop.old"),
    ],
)
def test_files_that_differ_in_their_beginnings_are_one(file: str, scanned: str, name: str) -> None:
    used, known = CART._replace(file=file, module=name), CART._replace(file=scanned, module=name)
    assert joined(use(used), source=(module(file=scanned, name=name), definition(known))).matched


def test_files_of_one_name_in_different_packages_are_not_one() -> None:
    used = CART._replace(file="/srv/x/old.py", module="shop.old")
    result = joined(use(used, subject="other:thing"), source=(module(), definition()))
    assert result.unmatched


def test_code_that_moved_in_its_file_is_the_same() -> None:
    assert joined(use(CART._replace(line=30))).matched


def test_a_lambda_that_is_called_by_the_name_it_is_bound_to_is_found_by_its_line() -> None:
    source = (module(), definition(CART._replace(function="<lambda>")))
    assert joined(use(CART._replace(function="total")), source=source).matched
    assert joined(use(CART._replace(function="total", line=11)), source=source).unmatched


def test_code_with_another_digest_was_changed() -> None:
    assert joined(use(digest="d2")).changed
    assert joined(use(CART._replace(line=30), digest="d2")).changed


def test_code_is_any_of_the_definitions_that_share_its_name() -> None:
    source = (module(), definition(), definition(CART._replace(line=20), "d2"))
    for line in (10, 20, 30):
        for digest in ("d1", "d2"):
            assert joined(use(CART._replace(line=line), digest), source=source).matched
        assert joined(use(CART._replace(line=line), "d3"), source=source).changed


def test_where_no_digest_is_known_the_name_is_enough() -> None:
    assert joined(use(digest="")).matched


def test_code_that_no_source_defines_is_published() -> None:
    odd = CART._replace(function="Cart.odd")
    result = joined(use(), use(odd))
    assert [one.key for one in result.unmatched] == ["shop/old.py:10 Cart.odd"]
    assert result.used == 2


def test_code_that_an_older_content_of_the_file_had_is_gone() -> None:
    odd = use(CART._replace(function="Cart.odd"))
    scanned = [SourceRecord("shop/old.py", "m1", START)]
    for loaded, expected in (("m0", "gone"), ("m1", "unmatched")):
        result = join_code(
            [odd], (module(), definition()), [SourceRecord("shop/old.py", loaded, START)], scanned
        )
        assert len(getattr(result["shop.old"], expected)) == 1


@pytest.mark.parametrize(
    "defined",
    [
        Site("<string>", 2, "__create_fn__.<locals>.__init__", "shop.old"),
        Site("shop/base.py", 3, "Base.__init__", "shop.base"),
        Site("", 0, "", ""),
    ],
    ids=["generated", "inherited", "unknown"],
)
def test_code_that_lies_elsewhere_belongs_to_the_class_that_used_it(defined: Site) -> None:
    source = (module(), definition(CART._replace(function="Cart"), kind="class"))
    assert joined(use(defined, "", "shop.old:Cart"), source=source).matched
    assert joined(use(defined, "", "shop.old:Cart.__init__"), source=source).matched
    assert joined(use(defined, "", "shop.old:Other"), source=source).unmatched


def test_a_module_is_joined_by_the_content_of_its_file() -> None:
    whole = use(Site("/srv/shop/old.py", 0, "", "shop.old"), "m1", "shop.old")
    assert joined(whole).matched
    assert joined(whole._replace(digest="m2")).changed
    assert joined(whole._replace(defined=whole.defined._replace(function="<module>", line=1))).matched


def test_a_path_that_was_never_used_has_a_result_too() -> None:
    assert joined() == Joined("shop.old", (), (), (), ())


def test_a_path_that_no_scan_knows_has_none() -> None:
    assert list(join_code([use(path="shop.gone")], [module()])) == ["shop.old"]


def test_a_recording_is_joined_with_its_inventory() -> None:
    program, source = Program(), Source()
    program.add(use())
    source.records += [module(), definition()]
    assert join_recording(recording_of(program)) == {}
    assert join_recording(recording_of(program, source=source))["shop.old"].matched


def test_a_path_that_a_scan_was_not_told_of_is_named() -> None:
    policy = policy_to_json(Policy(concepts=(Concept("cart", (), legacy=("shop.new", "shop.gone")),)))
    scanned = ProcessRecord("scanned", START, START, "3.12.1", (), policy, (), "", 2, ())
    inventory = Recording([("scan-shop", module()), ("scan-shop", scanned)])
    assert unscanned_paths(inventory, ["shop.old", "shop.gone", "shop.other"]) == ("shop.other",)
    another = Recording([*inventory.of(ProcessRecord), ("scan-tests", scanned._replace(policy=""))])
    assert unscanned_paths(another, ["shop.gone"]) == ("shop.gone",)
