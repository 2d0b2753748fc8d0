"""Makers that yield, and makers that are not written as functions."""

import contextlib
import functools

from zoo.things import BoxKeeper


def each_keeper(users):
    for user in users:
        yield BoxKeeper(user)  # in each_keeper
    return "all"


def through_keepers(users):
    return (yield from each_keeper(users))


async def each_keeper_soon(users):
    for user in users:
        yield BoxKeeper(user)


def new_keeper(user_id):
    return BoxKeeper(user_id)


@contextlib.contextmanager
def open_keeper(user_id):
    yield new_keeper(user_id)


@contextlib.asynccontextmanager
async def open_keeper_soon(user_id):
    yield BoxKeeper(user_id)


class KeeperHolder:
    def __init__(self, user_id):
        self.user_id = user_id

    def __enter__(self):
        return BoxKeeper(self.user_id)

    def __exit__(self, *error):
        return None

    async def __aenter__(self):
        return BoxKeeper(self.user_id)

    async def __aexit__(self, *error):
        return None


class Lease:
    def __init__(self, user_id):
        self.held = BoxKeeper(user_id)

    def __enter__(self):
        return self.held

    def __exit__(self, *error):
        return None


class Provider:
    def __call__(self, user_id):
        return BoxKeeper(user_id)

    @functools.cached_property
    def keeper(self):
        return BoxKeeper("cached")

    @classmethod
    def of_class(cls, user_id):
        return BoxKeeper(user_id)

    @staticmethod
    def of_nobody(user_id):
        return BoxKeeper(user_id)

    def each_keeper(self, users):
        for user in users:
            yield BoxKeeper(user)


def renamed(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@renamed
def get_renamed_keeper(user_id):
    return BoxKeeper(user_id)


@functools.singledispatch
def keeper_for(user_id):
    return BoxKeeper(user_id)


@keeper_for.register
def _(user_id: int):
    return BoxKeeper(str(user_id))


provide = Provider()
lambda_keeper = lambda user_id: BoxKeeper(user_id)  # noqa: E731
get_anna_keeper = functools.partial(new_keeper, "anna")
