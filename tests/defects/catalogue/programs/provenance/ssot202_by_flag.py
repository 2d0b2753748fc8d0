"""One factory returns one class or the other, by a flag."""


# /// case
# code = "SSOT202"
# expect = [["SSOT202", "RedisStore", "MemoryStore"]]
# ///
# /// policy
# [[concept]]
# name = "store"
# classes = ["*Store"]
# factories = ["app:make_store"]
# ///
class RedisStore:
    def __init__(self, user_id):
        self.user_id = user_id


class MemoryStore:
    def __init__(self, user_id):
        self.user_id = user_id


def make_store(user_id, fast=False):
    return MemoryStore(user_id) if fast else RedisStore(user_id)


def main():
    kept = [make_store("user-10421"), make_store("user-20977", fast=True)]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
