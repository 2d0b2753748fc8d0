"""The module keeps the current user in a global."""

# /// case
# row = 13
# expect = [["SSOT303", "current_user"], ["SSOT304", "current_user"]]
# ///
# /// policy
# user = [{ argument = "user_id" }]
# [[concept]]
# name = "documents"
# classes = ["DocumentService"]
# ///
from traffic import rounds

current_user = None


class DocumentService:
    def __init__(self, user_id):
        self.user_id = user_id

    def save(self, text):
        return f"{current_user} saved {len(text)}"


services = {}


def handle(user_id, text):
    global current_user
    current_user = user_id
    if user_id not in services:
        services[user_id] = DocumentService(user_id)
    return services[user_id].save(text)


def main():
    for number in rounds():
        for user in ("author-1234", "author-5678"):
            handle(user, f"text {number}")


if __name__ == "__main__":
    main()
