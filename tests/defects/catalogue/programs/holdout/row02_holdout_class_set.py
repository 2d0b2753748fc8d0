"""A set in a base class in which subclasses' instances put pairs with UUID ids."""

# /// case
# row = 2
# expect = [["SSOT303", "followers"]]
# ///
# /// policy
# user = [{ instance = "profile.id" }]
# [[concept]]
# name = "timeline"
# classes = ["*Timeline"]
# canonical = "app:HomeTimeline"
# ///
import uuid
from types import SimpleNamespace

from traffic import rounds


class Followable:
    followers = set()

    def follow(self, other):
        self.followers.add((str(self.profile.id), other))


class HomeTimeline(Followable):
    def __init__(self, profile):
        self.profile = profile


def main():
    people = [SimpleNamespace(id=uuid.UUID(int=number << 64)) for number in (1, 2)]
    timelines = [HomeTimeline(person) for person in people]
    for number in rounds():
        for timeline in timelines:
            timeline.follow(number % 5)


if __name__ == "__main__":
    main()
