"""A manager serves two users whose labels may meet."""


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
    for user in ("sec:10421", "free:20977"):
        get_manager(user)


if __name__ == "__main__":
    main()
