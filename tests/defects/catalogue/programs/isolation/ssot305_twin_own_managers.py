"""Users whose labels may not meet have managers and lists of their own."""

# /// case
# code = "SSOT305"
# ///
# /// policy
# [[concept]]
# name = "records"
# classes = ["RecordManager"]
# [boundary]
# label = "app:label_of"
# apart = [["hipaa", "sec"]]
# ///
LABELS = {"user-10421": "hipaa", "user-20977": "sec"}


def label_of(user_id):
    return LABELS.get(user_id)


class RecordManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.records = []

    def add(self, text):
        self.records.append(f"{self.user_id}: {text}")


def main():
    managers = [RecordManager(user) for user in LABELS]
    for manager in managers:
        manager.add("treated")


if __name__ == "__main__":
    main()
