"""Two factories of one concept return different classes."""


# /// case
# code = "SSOT202"
# expect = [["SSOT202", "FastCache", "SlowCache"]]
# also = ["SSOT201", "SSOT204"]
# ///
# /// policy
# [[concept]]
# name = "cache"
# classes = ["*Cache"]
# canonical = "app:FastCache"
# ///
class FastCache:
    def __init__(self, user_id):
        self.user_id = user_id


class SlowCache:
    def __init__(self, user_id):
        self.user_id = user_id


def get_cache(user_id):
    return FastCache(user_id)


def get_old_cache(user_id):
    return SlowCache(user_id)


def main():
    kept = [get_cache("user-10421"), get_old_cache("user-20977")]
    assert len(kept) == 2


if __name__ == "__main__":
    main()
