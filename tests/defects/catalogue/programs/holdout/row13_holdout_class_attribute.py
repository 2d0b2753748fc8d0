"""A class of no concept keeps the last caller in a class attribute; users are e-mail addresses."""

# /// case
# row = 13
# expect = [["SSOT303", "last_caller"], ["SSOT303", "Tracker"]]
# ///
# /// policy
# user = [{ argument = "email" }]
# [[concept]]
# name = "endpoint"
# classes = ["Endpoint"]
# ///
from traffic import rounds


class Tracker:
    last_caller = None

    @classmethod
    def note(cls, caller):
        cls.last_caller = caller


class Endpoint:
    def __init__(self, email):
        self.email = email

    def call(self):
        Tracker.note(self.email)


def main():
    endpoints = [Endpoint(email) for email in ("mia@example.org", "noah@example.org")]
    for _ in rounds():
        for endpoint in endpoints:
            endpoint.call()


if __name__ == "__main__":
    main()
