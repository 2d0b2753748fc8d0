"""The module keeps the last request in a global dictionary, for whoever asks next."""

# /// case
# row = 13
# expect = [["SSOT303", "LAST"]]
# ///
# /// policy
# [[concept]]
# name = "documents"
# classes = ["DocumentService"]
# ///
from traffic import rounds

LAST = {}


class DocumentService:
    def __init__(self, user_id):
        self.user_id = user_id

    def save(self, text):
        LAST["request"] = {"user": self.user_id, "text": text}


def main():
    services = [DocumentService(user) for user in ("author-1234", "author-5678")]
    for number in rounds():
        for service in services:
            service.save(f"text {number}")


if __name__ == "__main__":
    main()
