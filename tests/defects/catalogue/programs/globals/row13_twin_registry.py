"""Module globals of a clean service: a version, limits, a registry keyed by user."""

# /// case
# row = 13
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "documents"
# classes = ["DocumentService"]
# ///
from traffic import rounds

VERSION = "1.4.2"
LIMITS = {"size": 1000, "kinds": ["text", "table"]}
services = {}
last_seen = {}


class DocumentService:
    def __init__(self, user_id):
        self.user_id = user_id
        self.documents = []

    def save(self, text):
        self.documents.append(text[: LIMITS["size"]])
        del self.documents[:-10]


def service_of(user_id):
    if user_id not in services:
        services[user_id] = DocumentService(user_id)
    last_seen[user_id] = VERSION
    return services[user_id]


def main():
    for number in rounds():
        for user in ("author-1234", "author-5678"):
            service_of(user).save(f"text {number}")


if __name__ == "__main__":
    main()
