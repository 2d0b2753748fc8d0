from __future__ import annotations

import difflib
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.analysis.build import Program, Source, recording_of
from unit.inventory.trees import write

from ssot_probe.analysis.retirement.deleted_names import (
    DeletedName,
    Deletions,
    UnplacedName,
    deletions_in,
    modules_of,
)
from ssot_probe.analysis.retirement.unified_diff import ADDED, KEPT, REMOVED, read_diff
from ssot_probe.errors import UsageError

OLD = """\
import os

class Cart:
    '''A cart.

def nothing(): it is text
    '''

    def add(self, item):
        def inner():
            pass
        return inner

    async def clear(self): pass

    class Row:
        def total(self): pass

def begin(
    first,
):
    def local(): pass

if os:
    def posix(): pass
else:
    def windows(): pass
"""


def deletions(text: str) -> Deletions:
    return deletions_in(text, "change.diff", modules_of(None))


def diff(old: dict[str, str], new: dict[str, str], context: int = 3) -> str:
    """Return what `diff -u` says of two trees."""
    parts: list[str] = []
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            before, after = old.get(name), new.get(name)
            parts += difflib.unified_diff(
                (before or "").splitlines(keepends=True),
                (after or "").splitlines(keepends=True),
                f"a/{name}" if before is not None else "/dev/null",
                f"b/{name}" if after is not None else "/dev/null",
                n=context,
            )
    return "".join(parts)


def paths(found: Deletions) -> dict[str, str]:
    return {one.path: one.moved_to for one in found.names}


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=false", *arguments],
        cwd=directory,
        capture_output=True,
        check=True,
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "HOME": str(directory),
        },
    )
    return done.stdout.decode()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    write(
        tmp_path,
        {
            "shop/__init__.py": "",
            "shop/old.py": OLD,
            "shop/empty.py": "",
            "shop/ä b.py": "class Odd: ...\n",
            "shop/new.py": "def present(): ...\n",
            "notes.txt": "class Text:\n",
            "a.bin": b"\0\1\2",
        },
    )
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def changed(tree: Path, *options: str) -> Deletions:
    git(tree, "add", "-A")
    return deletions(git(tree, "diff", "--no-color", *options, "HEAD"))


def rewrite(tree: Path, name: str, before: str, after: str) -> None:
    text = (tree / name).read_text()
    assert before in text
    (tree / name).write_text(text.replace(before, after))


def test_a_list_names_a_path_in_each_line() -> None:
    text = "# of the change\n\nshop.old\r\n  shop.old:Cart.add  # why\nshop\n"
    assert deletions_in(text, "names.txt", modules_of(None)) == Deletions(
        (
            DeletedName("shop.old", "listed", "names.txt", 3),
            DeletedName("shop.old:Cart.add", "listed", "names.txt", 4),
            DeletedName("shop", "listed", "names.txt", 5),
        )
    )


def test_an_empty_list_names_nothing() -> None:
    assert deletions("").names == ()


@pytest.mark.parametrize(
    ("line", "found", "hint"),
    [
        ("shop/old.py", "'shop/old.py'", ", such as `shop.old`"),
        ("shop.old::Cart", "'shop.old::Cart'", ", such as `shop.old:Cart`"),
        ("shop.old Cart", "'shop.old Cart'", ""),
        ("shop.", "'shop.'", ""),
        ("1shop", "'1shop'", ""),
        ("x" * 100 + "!", f"'{'x' * 60}...'", ""),
    ],
)
def test_a_line_that_is_no_path_is_an_error_that_names_it(line: str, found: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        deletions_in(f"shop\n{line}\n", "names.txt", modules_of(None))
    assert f"names.txt: line 2: found {found}, expected one `module` or `module:Name`{hint} [" in str(
        error.value
    )


@pytest.mark.parametrize("options", [(), ("--no-prefix",), ("-U0",), ("--no-renames",), ("--src-prefix=i/",)])
def test_a_deleted_file_is_a_deleted_module(tree: Path, options: tuple[str, ...]) -> None:
    (tree / "shop/old.py").unlink()
    (tree / "shop/empty.py").unlink()
    (tree / "shop/ä b.py").unlink()
    (tree / "a.bin").unlink()
    assert paths(changed(tree, *options)) == {"shop.old": "", "shop.empty": ""}


@pytest.mark.parametrize("options", [(), ("--no-prefix",), ("-U0",)])
def test_a_definition_that_leaves_its_file_is_deleted(tree: Path, options: tuple[str, ...]) -> None:
    rewrite(tree, "shop/old.py", OLD[OLD.index("class Cart") : OLD.index("def begin")], "")
    rewrite(tree, "shop/old.py", "    def posix(): pass\n", "    pass\n")
    found = changed(tree, *options)
    assert "shop.old:Cart" in paths(found)
    if options != ("-U0",):
        assert paths(found) == {"shop.old:Cart": "", "shop.old:posix": ""}
        assert found.names[0] == DeletedName("shop.old:Cart", "class", "shop/old.py", 3)
    else:
        assert found.unplaced == (UnplacedName("posix", "shop/old.py", 25),)


def test_a_method_is_told_with_its_class(tree: Path) -> None:
    rewrite(tree, "shop/old.py", "    async def clear(self): pass\n", "")
    rewrite(tree, "shop/old.py", "        def total(self): pass\n", "        pass\n")
    assert paths(changed(tree, "-U100")) == {"shop.old:Cart.clear": "", "shop.old:Cart.Row.total": ""}
    assert {one.name for one in changed(tree).unplaced} == {"clear", "total"}


def test_local_functions_and_text_are_no_definitions(tree: Path) -> None:
    rewrite(tree, "shop/old.py", "        def inner():\n            pass\n", "")
    rewrite(tree, "shop/old.py", "    def local(): pass\n", "    pass\n")
    rewrite(tree, "shop/old.py", "def nothing(): it is text\n", "")
    assert changed(tree, "-U100") == Deletions(())


def test_a_definition_whose_signature_or_place_changes_stays(tree: Path) -> None:
    rewrite(tree, "shop/old.py", "def begin(\n    first,\n):\n    def local(): pass\n", "")
    text = (tree / "shop/old.py").read_text()
    (tree / "shop/old.py").write_text(
        "async def begin(second): ...\n" + text.replace("(self, item)", "(self)")
    )
    assert changed(tree) == Deletions(())


def test_a_definition_that_goes_to_another_file_is_told_with_its_new_path(tree: Path) -> None:
    rewrite(tree, "shop/old.py", "def begin(\n    first,\n):\n    def local(): pass\n", "")
    (tree / "shop/new.py").write_text("def present(): ...\n\ndef begin(first): ...\n")
    assert paths(changed(tree)) == {"shop.old:begin": "shop.new:begin"}


def test_a_renamed_file_leaves_its_old_path(tree: Path) -> None:
    git(tree, "mv", "shop/old.py", "shop/cart.py")
    rewrite(tree, "shop/cart.py", "async def clear", "async def empty")
    found = changed(tree, "-M")
    assert paths(found)["shop.old"] == "shop.cart"
    assert "shop.old:Cart.clear" not in paths(found)


def test_a_module_that_becomes_a_package_keeps_its_path(tree: Path) -> None:
    (tree / "shop/old").mkdir()
    git(tree, "mv", "shop/old.py", "shop/old/__init__.py")
    assert changed(tree, "-M") == changed(tree, "--no-renames") == Deletions(())


def test_of_a_deleted_module_it_is_told_what_is_elsewhere_now(tree: Path) -> None:
    (tree / "shop/old.py").unlink()
    (tree / "shop/new.py").write_text("def present(): ...\nclass Cart: ...\n")
    assert paths(changed(tree)) == {"shop.old": "", "shop.old:Cart": "shop.new:Cart"}


def test_a_copied_file_deletes_nothing(tree: Path) -> None:
    (tree / "shop/copy.py").write_text(OLD + "# changed\n")
    assert changed(tree, "-C", "--find-copies-harder") == Deletions(())


def test_new_files_and_other_files_delete_nothing(tree: Path) -> None:
    (tree / "shop/newest.py").write_text("class Cart: ...\n")
    (tree / "notes.txt").unlink()
    (tree / "a.bin").write_bytes(b"\0\3")
    (tree / "shop/new.py").chmod(0o755)
    assert changed(tree, "--binary") == Deletions((), others=("notes.txt",))


def test_files_with_other_line_ends_and_without_a_last_one_are_read(tree: Path) -> None:
    windows = OLD.replace("\n", "\r\n")
    (tree / "shop/old.py").write_bytes(windows.encode())
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "second")
    (tree / "shop/old.py").write_bytes(windows.replace("    def posix(): pass\r\n", "").rstrip().encode())
    assert paths(changed(tree)) == {"shop.old:posix": ""}


def test_the_message_of_a_commit_before_a_diff_is_passed_over(tree: Path) -> None:
    (tree / "shop/old.py").unlink()
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "Delete\n\n--- of old ---\nclass Cart:")
    assert paths(deletions(git(tree, "show", "--no-color", "HEAD"))) == {"shop.old": ""}


def test_a_removed_line_that_looks_like_a_header_is_a_line() -> None:
    old = {"q.py": "x = '''\n-- a/q.py\n++ b/q.py\n'''\ndef f(): pass\n"}
    assert paths(deletions(diff(old, {"q.py": "x = 1\n"}))) == {"q:f": ""}


def test_the_names_of_a_scan_count_before_what_a_path_suggests() -> None:
    source = Source()
    source.module("chat.old", "services/chat/old.py")
    module_of = modules_of(recording_of(Program(), source=source).inventory)
    assert module_of("services/chat/old.py") == "chat.old"
    assert module_of("src/chat/new/__init__.py") == "chat.new"
    assert module_of("my-scripts/run.py") == ""


def test_what_stands_in_something_that_the_diff_does_not_show_is_told_apart() -> None:
    text = dedent(
        """\
        --- a/shop/old.py
        +++ b/shop/old.py
        @@ -20,3 +20,2 @@ class Cart:
             x = 1
        -    def add(self): pass
             y = 1
        @@ -40,2 +39,1 @@ def add(self):
        -    def lost(self): pass
             y = 1
        @@ -60,2 +58,1 @@ class Cart:
        -        def deep(self): pass
                 y = 1
        """
    )
    found = deletions(text)
    assert paths(found) == {"shop.old:Cart.add": ""}
    assert found.unplaced == (
        UnplacedName("deep", "shop/old.py", 60),
        UnplacedName("lost", "shop/old.py", 40),
    )


CONSTANTS = """\
LIMIT = 5
RATE: float = 0.5
LOW, (HIGH) = 1, 2
(LEFT, *RIGHT) = pair = read(limit=1)
type Names = list[str]
Old = New
TABLE = {
    "a": 1,
}
kept = 1
if os:
    POSIX = True

class Cart:
    size = 3
    def add(self, item=4,
            more=5):
        local = 6
        self.size = local

def begin(
    first=1,
):
    inside = 2

call(
    named=3,
)
LIMIT == 5
LIMIT += 1
TABLE["a"] = 2
Cart.size = 4
else_: int
text = \'\'\'
quoted = 1
\'\'\'
"""


def test_constants_that_leave_a_module_or_class_are_deleted() -> None:
    kept = "kept = 2\n"
    found = deletions(diff({"shop/old.py": CONSTANTS}, {"shop/old.py": kept}, context=0))
    constants = {one.path.partition(":")[2] for one in found.names if one.kind == "constant"}
    named = "LIMIT RATE LOW HIGH LEFT RIGHT pair Names Old TABLE POSIX text"
    assert constants == set(named.split())
    assert {one.path for one in found.names if one.kind != "constant"} == {"shop.old:Cart", "shop.old:begin"}
    assert found.constants == {f"shop.old:{name}" for name in constants}


def test_a_long_line_without_any_assignment_is_read_at_once() -> None:
    long = " ".join(["word" * 40] * 50) + "\n" + "word, " * 500 + "\n" + "((" * 500 + "\n"
    assert deletions(diff({"shop/old.py": long}, {"shop/old.py": "x = 1\n"})) == Deletions(())


def test_a_constant_of_a_class_that_stays_is_deleted() -> None:
    new = CONSTANTS.replace("    size = 3\n", "").replace("        local = 6\n", "")
    found = deletions(diff({"shop/old.py": CONSTANTS}, {"shop/old.py": new}))
    assert paths(found) == {"shop.old:Cart.size": ""}


def test_a_constant_that_changes_its_value_or_becomes_a_function_stays() -> None:
    new = CONSTANTS.replace("LIMIT = 5\n", "LIMIT = 6\n").replace("kept = 1\n", "def kept(): pass\n")
    assert deletions(diff({"shop/old.py": CONSTANTS}, {"shop/old.py": new})) == Deletions(())


def test_a_constant_that_goes_to_another_file_is_told_with_its_new_path() -> None:
    old, new = {"shop/old.py": "LIMIT = 5\n"}, {"shop/old.py": "", "shop/new.py": "LIMIT = 5\n"}
    assert paths(deletions(diff(old, new))) == {"shop.old:LIMIT": "shop.new:LIMIT"}


def test_lines_of_a_function_that_the_diff_does_not_show_are_no_constants() -> None:
    text = "--- a/shop/old.py\n+++ b/shop/old.py\n@@ -20,3 +20,1 @@ def add(self):\n"
    text += "-    x = 1\n-        named=2,\n     y = 1\n"
    assert deletions(text) == Deletions(())


def test_a_renamed_file_without_any_other_change_leaves_its_old_path(tree: Path) -> None:
    (tree / "shop/old.py").rename(tree / "shop/older.py")
    (tree / "a.bin").rename(tree / "b.bin")
    assert changed(tree, "-M") == Deletions(
        (DeletedName("shop.old", "module", "shop/old.py", 0, "shop.older"),)
    )


def test_deleted_files_that_no_import_leads_to_are_told_apart(tree: Path) -> None:
    (tree / "a.bin").unlink()
    (tree / "my-script.py").write_text("x = 1\n")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "second")
    (tree / "my-script.py").unlink()
    (tree / "notes.txt").unlink()
    assert changed(tree) == Deletions((), others=("my-script.py", "notes.txt"))


HEAD = "--- a/x.py\n+++ b/x.py\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEAD + "@@ -1,3 +1,2 @@\n-a\n b\n",
            "line 5: the diff ends, expected 1 more line of the hunk in line 3",
        ),
        (
            HEAD + "@@ -1,3 +1,2 @@\n-a\ndiff\n",
            "line 5: found 'diff', expected 2 more lines of the hunk in line 3",
        ),
        (HEAD + "@@ -1 @@\n-a\n", "line 3: found '@@ -1 @@', expected a hunk such as"),
        ("diff --git a/x b/x\n@@ -1 +1 @@\n-a\n+b\n", "line 2: found '@@ -1 +1 @@', expected the names"),
        ("\x1b[1mdiff --git a/x b/x\x1b[m\n" + HEAD, "line 1: found colours, expected plain text"),
        ("diff --cc x.py\nindex 1,2..3\n" + HEAD, "line 1: found the diff of a merge, expected"),
    ],
)
def test_a_diff_that_cannot_be_read_is_an_error_that_names_the_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        deletions(text)
    assert f"change.diff: {message}" in str(error.value)


TEXTS = ["", "x = 1", "-- a", "++ b", "@@ -1 +1 @@", "def f(): pass", "class C:", "    def m(self): pass"]
LINES = st.lists(st.sampled_from([*TEXTS, "\\ x"]), max_size=12)


@given(LINES, LINES, st.integers(0, 4), st.booleans())
@settings(max_examples=300)
def test_a_diff_gives_both_sides_back(old: list[str], new: list[str], context: int, is_windows: bool) -> None:
    end = "\r\n" if is_windows else "\n"
    before = {"x.py": "".join(f"{line}\n" for line in old), "y.py": "a\n"}
    after = {"x.py": "".join(f"{line}\n" for line in new), "y.py": "b\n"}
    text = diff(before, after, context).replace("\n", end)
    changes = {change.old: change for change in read_diff(text, "it")}
    assert [line.text for line in changes["y.py"].hunks[0].lines] == ["a", "b"]
    if old == new:
        assert set(changes) == {"y.py"}
        return
    for side, lines in ((REMOVED, old), (ADDED, new)):
        shown = {
            line.number: line.text
            for hunk in changes["x.py"].hunks
            for line in hunk.lines
            if line.side == side
        }
        assert all(lines[number - 1] == text for number, text in shown.items())
    removed = [
        line.text for hunk in changes["x.py"].hunks for line in hunk.lines if line.side in (REMOVED, KEPT)
    ]
    if context == 4 and len(old) <= 4:
        assert removed == old


@given(LINES, LINES)
@settings(max_examples=300)
def test_what_stays_in_a_file_is_never_deleted(old: list[str], new: list[str]) -> None:
    text = diff({"x.py": "\n".join([*old, ""])}, {"x.py": "\n".join([*new, ""])}, 20)
    found = paths(deletions(text))
    assert ("x:f" in found) == ("def f(): pass" in old and "def f(): pass" not in new)
    assert ("x:C" in found) == ("class C:" in old and "class C:" not in new)


@given(st.text(alphabet="-+@ ,1\n\r\\adi/xf gt", max_size=200))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    said = ""
    try:
        deletions(text)
    except UsageError as error:
        said = str(error)
    assert not said or said.startswith("change.diff: line ")
