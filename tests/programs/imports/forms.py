"""Imports loaded modules in every way there is, each line a known number of times."""

import asyncio
import importlib
import json
import runpy
import sys
import threading
import types

import shop.new
import shop.old
import shop.old_pkg.part
import shop.old_pkg.shadow  # loaded by its package
import shop.relative

sys.modules["shop.ancient"] = shop.old


def plain():
    import flat  # plain

    return flat


def dotted():
    import shop.old  # dotted

    return shop


def dotted_as():
    import shop.old as legacy  # dotted as

    return legacy


def two_at_once():
    import flat, shop.old  # two at once

    return flat, shop


def names():
    from shop.old import Alpha, Beta as Gamma  # names

    return Alpha, Gamma


def over_lines():
    from shop.old import (  # over lines
        Alpha,
        Beta,
    )

    return Alpha, Beta


def submodule():
    from shop import old  # submodule

    return old


def submodule_of_subpackage():
    from shop.old_pkg import part  # submodule of subpackage

    return part


def name_of_package():
    from shop.old_pkg import THING  # name of package

    return THING


def function_named_like_a_module():
    from shop.old_pkg import shadow  # function named like a module

    return shadow


def guarded():
    try:
        from shop.old import Alpha  # guarded
    except ImportError:
        Alpha = None
    return Alpha


def name_that_is_missing():
    try:
        from shop.old import Missing  # name that is missing
    except ImportError:
        Missing = None
    return Missing


def by_import_module():
    return importlib.import_module("shop.old")  # by import_module


def by_relative_import_module():
    return importlib.import_module(".old", "shop")  # by relative import_module


def by_builtin():
    return __import__("shop.old")  # by builtin


def by_builtin_with_names():
    return __import__("shop.old", globals(), None, ["Alpha"], 0).Alpha  # by builtin with names


def executed():
    exec(compile("import shop.old", "executed.py", "exec"), {"__name__": "executed"})


def alias():
    import shop.ancient  # alias

    return shop


def names_of_alias():
    from shop.ancient import Alpha  # names of alias

    return Alpha


def within_expression():
    return [__import__("shop.old").old.Alpha for _ in range(2)]  # within expression


async def in_a_task():
    from shop.old import Alpha  # in a task

    return Alpha


def unwatched():
    from shop.new import Fresh  # unwatched

    return Fresh


class Answering(types.ModuleType):
    def __getattr__(self, name):
        return types.ModuleType.__getattribute__(self, name)  # lazy module


def lazy_module():
    before, shop.old.__class__ = type(shop.old), Answering
    assert not hasattr(shop.old, "nothing")
    shop.old.__class__ = before


def missing_attribute():
    found = [hasattr(shop.old, "nothing"), getattr(shop.old, "nothing", None)]  # hasattr
    try:
        getattr(shop.old, "nothing")  # getattr
    except AttributeError:
        pass
    try:
        shop.old.nothing  # attribute
    except AttributeError:
        pass
    return found


def in_a_loop():
    for _ in range(20_000):
        from shop.old import Alpha  # in a loop
    return Alpha


def in_threads():
    def work():
        for _ in range(2_000):
            from shop.old import Beta  # in threads
        return Beta

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def first_and_again():
    from shop.late import Late  # first and again

    return Late


def loaded_on_the_way():
    from shop.eager.old import THING  # loaded on the way

    return THING


def submodule_for_the_first_time():
    from shop import later  # submodule for the first time

    return later


def behind_long_arguments():
    numbers = ", ".join(f"{number}.5" for number in range(300))  # the import's arguments need a prefix then
    text = f"numbers = [{numbers}]\nfrom shop.old import Alpha"
    exec(compile(text, "long.py", "exec"), {"__name__": "long"})


def repeat(function, count):
    for _ in range(count):
        function()


def main():
    repeat(plain, 3)
    repeat(dotted, 4)
    repeat(dotted_as, 5)
    repeat(two_at_once, 2)
    repeat(names, 6)
    repeat(over_lines, 7)
    repeat(submodule, 8)
    repeat(submodule_of_subpackage, 3)
    repeat(name_of_package, 5)
    repeat(function_named_like_a_module, 4)
    repeat(guarded, 9)
    repeat(name_that_is_missing, 3)
    repeat(by_import_module, 4)
    repeat(by_relative_import_module, 2)
    repeat(by_builtin, 5)
    repeat(by_builtin_with_names, 6)
    repeat(executed, 3)
    repeat(alias, 4)
    repeat(names_of_alias, 5)
    repeat(within_expression, 3)
    repeat(unwatched, 3)
    repeat(first_and_again, 5)
    repeat(submodule_for_the_first_time, 4)
    repeat(loaded_on_the_way, 4)
    repeat(behind_long_arguments, 3)
    repeat(missing_attribute, 5)
    repeat(lazy_module, 5)
    repeat(in_a_loop, 1)
    repeat(in_threads, 1)
    repeat(shop.relative.sibling, 2)
    repeat(shop.relative.name, 3)
    repeat(shop.relative.deeper, 4)
    for _ in range(3):
        asyncio.run(in_a_task())
        runpy.run_path("everything.py")
    ordinary = type(json.__spec__)
    print(json.dumps([type(module.__spec__) is ordinary for module in (shop.old, shop.new)]))


if __name__ == "__main__":
    main()
