"""A SimpleQueue in a wrapper in two users' sessions; the ids are in objects."""

# /// case
# row = 19
# expect = [["SSOT303", "channel"], ["SSOT303", "jobs"]]
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "session"
# classes = ["PrintSession"]
# ///
from dataclasses import dataclass
from queue import SimpleQueue

from traffic import rounds


@dataclass
class Job:
    owner: str
    pages: int


class Channel:
    def __init__(self):
        self.jobs = SimpleQueue()


class PrintSession:
    def __init__(self, user_id, channel):
        self.user_id = user_id
        self.channel = channel

    def print(self, pages):
        self.channel.jobs.put(Job(self.user_id, pages))


def main():
    channel = Channel()
    sessions = [PrintSession(user, channel) for user in ("printing-eve", "printing-pam")]
    for number in rounds():
        for session in sessions:
            session.print(number)


if __name__ == "__main__":
    main()
