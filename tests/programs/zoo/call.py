"""Calls every maker; most lines once, some more often."""

import asyncio
import os
import sys

sys.path.insert(0, os.path.abspath("lib/site-packages"))

from zoo import makers
from zoo.makers import get_shared_keeper
from zoo.things import BoxKeeper

makers.make_keeper("anna")  # function
get_shared_keeper()  # shared
for user in ("anna", "bert", "anna"):
    makers.get_keeper_for(user)  # for user
makers.create_lid_keeper("anna")  # subclass
for _ in range(3):
    makers.get_cached_keeper("anna")  # cached
makers.make_logged_keeper("anna")  # logged
makers.load_keeper("anna")  # deferred
BoxKeeper.create("anna")  # classmethod
BoxKeeper.build("anna")  # staticmethod
kept = BoxKeeper("anna")  # constructor
kept.make_copy()  # method
kept.get_itself()  # itself
makers.keeper_factory.create("anna")  # factory object
with makers.open_keeper("anna"):  # generator
    pass
makers.get_no_keeper()  # nothing
try:
    makers.get_keeper_or_fail("anna")  # fails
except LookupError:
    pass
(
    makers
    .make_keeper(
        "anna",
    )
)  # fmt: skip


async def main():
    await makers.make_keeper_soon("anna")  # coroutine
    await makers.keeper_factory.create_soon("anna")  # coroutine method
    await asyncio.gather(
        makers.make_keeper_soon("anna", 0.02),  # first task
        makers.make_keeper_soon("bert", 0.01),  # second task
    )
    try:
        await makers.fail_to_make_keeper("anna")  # coroutine fails
    except LookupError:
        pass
    makers.make_keeper_soon("never").close()  # never awaited
    await asyncio.get_running_loop().run_in_executor(None, makers.make_keeper, "anna")


asyncio.run(main())
