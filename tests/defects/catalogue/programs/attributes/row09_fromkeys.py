"""dict.fromkeys gives every user the same list."""

# /// case
# row = 9
# expect = [["SSOT303", "pending"], ["SSOT303", "BUCKETS"]]
# ///
# /// policy
# [[concept]]
# name = "task-queue"
# classes = ["TaskManager"]
# ///
from traffic import rounds

USERS = ("worker-aaaa", "worker-bbbb", "worker-cccc")
BUCKETS = dict.fromkeys(USERS, [])


class TaskManager:
    def __init__(self, user_id):
        self.user_id = user_id
        self.pending = BUCKETS[user_id]

    def plan(self, number):
        self.pending.append({"for": self.user_id, "number": number})


def main():
    managers = [TaskManager(user) for user in USERS]
    for number in rounds():
        for manager in managers:
            manager.plan(number)


if __name__ == "__main__":
    main()
