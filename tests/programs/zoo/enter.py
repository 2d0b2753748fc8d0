"""Gets keepers out of everything in `zoo.yielding`; most lines once."""

import asyncio
import os
import pickle
import sys

sys.path.insert(0, os.path.abspath("lib/site-packages"))

from zoo import yielding

for keeper in yielding.each_keeper(["anna", "bert"]):  # generator
    pass
list(yielding.each_keeper(["anna", "bert"]))  # consumed by C
next(yielding.through_keepers(["anna"]))  # delegating generator
with yielding.open_keeper("anna") as keeper:  # context manager
    outside = yielding.new_keeper("bert")  # inside of a with block
with yielding.KeeperHolder("anna") as keeper:  # class with enter
    pass
with yielding.Lease("anna") as keeper:  # class that makes it before
    pass
yielding.provide("anna")  # callable
yielding.provide.keeper  # cached property
yielding.provide.keeper
yielding.Provider.of_class("anna")  # class method
yielding.Provider.of_nobody("anna")  # static method
list(yielding.provide.each_keeper(["anna"]))  # generator method
yielding.get_renamed_keeper("anna")  # decorated without wraps
yielding.keeper_for("anna")  # singledispatch
yielding.keeper_for(7)  # singledispatch by type
yielding.lambda_keeper("anna")  # lambda
yielding.get_anna_keeper()  # partial
assert pickle.loads(pickle.dumps(yielding.get_anna_keeper)).args == ("anna",)


async def main():
    async for keeper in yielding.each_keeper_soon(["anna", "bert"]):  # async generator
        pass
    async with yielding.open_keeper_soon("anna") as keeper:  # async context manager
        pass
    async with yielding.KeeperHolder("anna") as keeper:  # class with aenter
        pass
    [keeper async for keeper in yielding.each_keeper_soon(["anna"])]  # async comprehension


asyncio.run(main())
