"""Instances with attributes of their own."""

# /// case
# row = 6
# ///
# /// policy
# user = [{ argument = "user_id" }]
# [[concept]]
# name = "profiles"
# classes = ["ProfileStore"]
# ///
from traffic import rounds


class ProfileStore:
    def __init__(self, user_id):
        self.owner = user_id

    def remember(self, key, value):
        setattr(self, key, value)


def main():
    stores = {user: ProfileStore(user) for user in ("member-3141", "member-2718")}
    for number in rounds():
        for user, store in stores.items():
            store.remember("last_seen", f"{user} at {number}")


if __name__ == "__main__":
    main()
