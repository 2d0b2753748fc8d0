"""The user is part of a text that is the key."""

# /// case
# row = 14
# ///
# /// policy
# [[concept]]
# name = "orders"
# classes = ["PreferenceService"]
# ///
from traffic import rounds

_cache = {}


class PreferenceService:
    def __init__(self, user_id):
        self.user_id = user_id

    def load(self):
        key = f"user:{self.user_id}:prefs"
        if key not in _cache:
            _cache[key] = {"owner": self.user_id, "theme": "dark"}
        return _cache[key]


def main():
    services = [PreferenceService(user) for user in ("account-8841", "account-9952")]
    for _ in rounds():
        for service in services:
            service.load()


if __name__ == "__main__":
    main()
