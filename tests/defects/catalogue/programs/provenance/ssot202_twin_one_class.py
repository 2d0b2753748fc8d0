"""A factory that returns one class, or nothing."""


# /// case
# code = "SSOT202"
# ///
# /// policy
# [[concept]]
# name = "store"
# classes = ["*Store"]
# factories = ["app:find_store"]
# ///
class RedisStore:
    def __init__(self, user_id):
        self.user_id = user_id


stores = {}


def find_store(user_id, create=False):
    if user_id not in stores:
        if not create:
            return None
        stores[user_id] = RedisStore(user_id)
    return stores[user_id]


def main():
    assert find_store("user-10421") is None
    assert find_store("user-10421", create=True) is find_store("user-10421")


if __name__ == "__main__":
    main()
