"""A manager serves a labelled user and one of whom no label is known."""

# /// case
# code = "SSOT305"
# also = ["SSOT301"]
# ///
# /// policy
# [[concept]]
# name = "records"
# classes = ["RecordManager"]
# [boundary]
# label = "app:label_of"
# apart = [["hipaa", "sec"]]
# ///
LABELS = {"user-10421": "hipaa"}


def label_of(user_id):
    return LABELS.get(user_id)


class RecordManager:
    def __init__(self):
        self.records = []


_manager = RecordManager()


def get_manager(user_id):
    return _manager


def main():
    for user in ("user-10421", "user-20977"):
        get_manager(user)


if __name__ == "__main__":
    main()
