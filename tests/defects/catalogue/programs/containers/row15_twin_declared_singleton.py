"""One catalogue for everybody, and the policy says so."""

# /// case
# row = 15
# lengths = ["long", "short"]
# ///
# /// policy
# [[concept]]
# name = "catalogue"
# classes = ["CatalogueManager"]
# isolation = "process"
# ///
from traffic import rounds


class CatalogueManager:
    def __init__(self):
        self.articles = ["book", "pen"]

    def search(self, text):
        return [article for article in self.articles if text in article]


_catalogue = CatalogueManager()


def get_catalogue(user_id):
    return _catalogue


def main():
    for _ in rounds():
        for user in ("johnson.a@example.org", "johnson.b@example.org"):
            get_catalogue(user).search("b")


if __name__ == "__main__":
    main()
