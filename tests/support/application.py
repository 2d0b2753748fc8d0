"""A small application that is imported into the process of the tests and observed there."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from textwrap import dedent
from types import ModuleType

from ssot_probe.model.policy import Policy
from ssot_probe.testing import Capture, capture_records

_number = count(1).__next__


@contextmanager
def observed(directory: Path, text: str, policy: Policy) -> Iterator[tuple[ModuleType, Capture]]:
    """Import a module with this text under a name of its own, observed for the length of the block.

    The policy's packages are set to the module; `{name}` in the text and in the policy's names is its name.
    """
    name = f"application_{_number()}"
    (directory / f"{name}.py").write_text(dedent(text).replace("{name}", name), encoding="utf-8")
    concepts = tuple(
        concept._replace(
            canonical=concept.canonical.replace("{name}", name),
            factories=tuple(factory.replace("{name}", name) for factory in concept.factories),
            legacy=tuple(legacy.replace("{name}", name) for legacy in concept.legacy),
            shared_ok=tuple(allowed.replace("{name}", name) for allowed in concept.shared_ok),
        )
        for concept in policy.concepts
    )
    pools = tuple(
        pool._replace(
            acquire=pool.acquire.replace("{name}", name), release=pool.release.replace("{name}", name)
        )
        for pool in policy.pools
    )
    sources = tuple(source._replace(target=source.target.replace("{name}", name)) for source in policy.user)
    sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    try:
        own = policy._replace(packages=(name,), concepts=concepts, user=sources, pools=pools)
        with capture_records(own) as capture:
            yield importlib.import_module(name), capture
    finally:
        sys.path.remove(str(directory))
        sys.modules.pop(name, None)
