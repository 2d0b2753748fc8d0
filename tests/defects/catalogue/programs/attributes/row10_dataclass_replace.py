"""dataclasses.replace keeps the nested list of the default."""

# /// case
# row = 10
# expect = [["SSOT303", "tags"]]
# ///
# /// policy
# user = [{ instance = "user_id" }]
# [[concept]]
# name = "preferences"
# classes = ["Preferences"]
# ///
from dataclasses import dataclass, field, replace

from traffic import rounds


@dataclass
class Preferences:
    user_id: str = ""
    tags: list = field(default_factory=list)


DEFAULT = Preferences()


def main():
    all_preferences = {user: replace(DEFAULT, user_id=user) for user in ("reader-7001", "reader-7002")}
    for number in rounds():
        for user, preferences in all_preferences.items():
            preferences.tags.append(f"{user}/tag-{number}")


if __name__ == "__main__":
    main()
