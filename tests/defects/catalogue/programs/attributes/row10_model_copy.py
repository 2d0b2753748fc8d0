"""pydantic's model_copy is shallow."""

# /// case
# row = 10
# needs = ["pydantic"]
# expect = [["SSOT303", "tags"]]
# ///
# /// policy
# [[concept]]
# name = "preferences"
# classes = ["PreferenceManager"]
# ///
from pydantic import BaseModel

from traffic import rounds


class Preferences(BaseModel):
    tags: list[str] = []
    language: str = "en"


DEFAULT = Preferences()


class PreferenceManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.preferences = DEFAULT.model_copy(update={"language": "de"})

    def add(self, tag):
        self.preferences.tags.append(f"{self.user_id}/{tag}")


def main():
    managers = [PreferenceManager(user) for user in ("reader-7001", "reader-7002")]
    for number in rounds():
        for manager in managers:
            manager.add(number)


if __name__ == "__main__":
    main()
