"""A cache of a cache: per user a dictionary keyed by path."""

# /// case
# row = 14
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "search"
# classes = ["SearchClient"]
# ///
from collections import defaultdict

from traffic import rounds


class AnswerCache:
    def __init__(self):
        self.users = defaultdict(dict)


class SearchClient:
    def __init__(self, user_id, cache):
        self.user_id = user_id
        self.cache = cache

    def search(self, words):
        answers = self.cache.users[self.user_id]
        if words not in answers:
            answers[words] = ("for", ("user", self.user_id), ["hit one", "hit two"])
        return answers[words]


def main():
    cache = AnswerCache()
    clients = [SearchClient(user, cache) for user in ("searcher-ann", "searcher-bea")]
    for _ in rounds():
        for client in clients:
            client.search("red shoes")


if __name__ == "__main__":
    main()
