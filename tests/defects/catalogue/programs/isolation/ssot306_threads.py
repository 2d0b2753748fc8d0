"""Two users are inside of one instance's method at the same time, in threads."""

# /// case
# code = "SSOT306"
# expect = [["SSOT306", "BillingManager"]]
# also = ["SSOT301"]
# ///
# /// policy
# [[concept]]
# name = "billing"
# classes = ["BillingManager"]
# ///
import threading

import ssot_probe

from traffic import at_once


class BillingManager:
    def __init__(self):
        self.total = 0
        self.gateway = threading.Barrier(2, timeout=20)

    def charge(self, amount):
        before = self.total
        self.gateway.wait()
        self.total = before + amount


manager = BillingManager()


def request(user):
    with ssot_probe.bind_user(user):
        manager.charge(10)


def main():
    at_once(request, "user-10421", "user-20977")


if __name__ == "__main__":
    main()
