"""Managers of two users with labels that may not meet hold one list."""

# /// case
# code = "SSOT305"
# expect = [["SSOT305", "hipaa", "sec"]]
# also = ["SSOT303"]
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
    def __init__(self, user_id, records):
        self.user_id = user_id
        self.records = records

    def add(self, text):
        self.records.append(f"{self.user_id}: {text}")


def main():
    records = []
    managers = [RecordManager(user, records) for user in LABELS]
    for manager in managers:
        manager.add("treated")


if __name__ == "__main__":
    main()
