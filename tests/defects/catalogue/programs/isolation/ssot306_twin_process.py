"""Two users are inside of one instance at the same time, which the policy declares process-wide."""

# /// case
# code = "SSOT306"
# ///
# /// policy
# [[concept]]
# name = "billing"
# classes = ["BillingManager"]
# isolation = "process"
# ///
import time

import ssot_probe

from traffic import at_once


class BillingManager:
    def __init__(self):
        self.calls = []

    def charge(self, amount):
        self.calls.append(amount)
        time.sleep(0.02)


manager = BillingManager()


def request(user):
    with ssot_probe.bind_user(user):
        manager.charge(10)


def main():
    at_once(request, "user-10421", "user-20977")


if __name__ == "__main__":
    main()
