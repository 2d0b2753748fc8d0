"""Functions that hand out keepers in every way."""

import asyncio
import contextlib
import functools

from zoo.things import BoxKeeper, LidKeeper

shared_keeper = BoxKeeper("shared")  # born
_by_user = {}


def make_keeper(user_id):
    return BoxKeeper(user_id)  # in make_keeper


def get_shared_keeper():
    return shared_keeper


def get_keeper_for(user_id):
    if user_id not in _by_user:
        _by_user[user_id] = make_keeper(user_id)  # in get_keeper_for
    return _by_user[user_id]


def create_lid_keeper(user_id) -> LidKeeper:
    return LidKeeper(user_id)


@functools.lru_cache(maxsize=None)
def get_cached_keeper(user_id):
    """Remembers."""
    return BoxKeeper(user_id)


def logged(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@logged
@logged
def make_logged_keeper(user_id):
    return BoxKeeper(user_id)


def load_keeper(user_id):
    from zoo.things import BoxKeeper as Box

    return Box(user_id)


async def make_keeper_soon(user_id, delay=0):
    await asyncio.sleep(delay)
    return BoxKeeper(user_id)


async def fail_to_make_keeper(user_id):
    raise LookupError(user_id)


def get_keeper_or_fail(user_id):
    raise LookupError(user_id)


def get_no_keeper():
    return None


@contextlib.contextmanager
def open_keeper(user_id):
    yield BoxKeeper(user_id)


class KeeperFactory:
    def create(self, user_id):
        return BoxKeeper(user_id)

    async def create_soon(self, user_id):
        return BoxKeeper(user_id)


keeper_factory = KeeperFactory()
