"""A factory returns the canonical class or a subclass of it."""


# /// case
# code = "SSOT202"
# ///
# /// policy
# [[concept]]
# name = "cache"
# classes = ["*Cache"]
# canonical = "app:FastCache"
# factories = ["app:get_cache"]
# ///
class FastCache:
    def __init__(self, user_id):
        self.user_id = user_id


class TracedFastCache(FastCache):
    pass


def get_cache(user_id, traced=False):
    return TracedFastCache(user_id) if traced else FastCache(user_id)


def main():
    kept = [get_cache("user-10421"), get_cache("user-20977", traced=True)]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
