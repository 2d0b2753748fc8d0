"""A manager serves a patient's and a free user, whose labels may not meet."""


# /// case
# code = "SSOT305"
# expect = [["SSOT305", "RecordManager", "hipaa", "free"]]
# also = ["SSOT301"]
# ///
# /// policy
# [[concept]]
# name = "records"
# classes = ["RecordManager"]
# [boundary]
# label = "app:label_of"
# apart = [["hipaa", "sec"], ["hipaa", "free"]]
# ///
def label_of(user_id):
    return user_id.split(":")[0]


class RecordManager:
    def __init__(self):
        self.records = []


_manager = RecordManager()


def get_manager(user_id):
    return _manager


def main():
    for user in ("hipaa:10421", "free:20977"):
        get_manager(user)


if __name__ == "__main__":
    main()
