"""Keys of a cache server are cut at their greatest length, and two users' keys become one."""

# /// case
# row = 14
# expect = [["SSOT303", "server"], ["SSOT303", "ProfileService.profile"]]
# ///
# /// policy
# [[concept]]
# name = "profile"
# classes = ["ProfileService"]
# ///
from traffic import rounds


class CacheServer:
    LONGEST = 22

    def __init__(self):
        self.values = {}

    def get(self, key):
        return self.values.get(key[: self.LONGEST])

    def set(self, key, value):
        self.values.setdefault(key[: self.LONGEST], value)


server = CacheServer()


class ProfileService:
    def __init__(self, user_id):
        self.user_id = user_id
        self.profile = None

    def load(self):
        key = f"application:profile:v2:{self.user_id}"
        server.set(key, {"user_id": self.user_id, "rights": ["read"]})
        self.profile = server.get(key)


def main():
    services = [ProfileService(user) for user in ("reader-0001", "writer-0002")]
    for _ in rounds():
        for service in services:
            service.load()


if __name__ == "__main__":
    main()
