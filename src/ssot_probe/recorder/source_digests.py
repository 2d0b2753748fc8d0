"""Digests of the source of what was used, each file of which is read once."""

from __future__ import annotations

from ssot_probe.recorder.source_files import read_source

MOST_BYTES = 128 * 1024
"""Of a larger file only its own digest is told: nothing else runs while it is parsed."""


class SourceDigests:
    """Reads files as they are needed, in the recorder's thread.

    Args:
        since: nanoseconds since the epoch; a file that has changed later says nothing.
    """

    def __init__(self, since: int) -> None:
        self._since = since
        self._files: dict[str, dict[tuple[str, int], str]] = {}

    def of(self, file: str, name: str, line: int) -> str:
        """Return the digest of a definition by its qualified name, "" for the file itself.

        Args:
            file: as the interpreter knows it.
            name: qualified, in the module.
            line: its first one, of several of that name; 0 where it is not known.
        """
        if not file.endswith(".py"):
            return ""
        known = self._files.get(file)
        if known is None:
            known = self._files[file] = self._read(file)
        return known.get((name, line)) or known.get((name, 0), "")

    def _read(self, file: str) -> dict[tuple[str, int], str]:
        from ssot_probe.model.source_digest import definitions_in

        content = read_source(file, self._since)
        if content is None:
            return {}
        found: dict[tuple[str, int], str] = {}
        for each in definitions_in(content, MOST_BYTES):
            found[each.qualified_name, each.first_line] = each.digest
            found.setdefault((each.qualified_name, 0), each.digest)
        return found
