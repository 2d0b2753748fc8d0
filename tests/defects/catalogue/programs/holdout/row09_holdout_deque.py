"""A deque two objects down is one for all; users are tenants with plain numbers."""

# /// case
# row = 9
# expect = [["SSOT303", "outbox"]]
# ///
# /// policy
# user = [{ argument = "tenant" }]
# [[concept]]
# name = "mailer"
# classes = ["app:TenantMailer"]
# ///
from collections import deque
from dataclasses import dataclass, field

from traffic import rounds

QUEUE = deque(maxlen=100)


@dataclass
class Outbox:
    messages: deque = field(default_factory=lambda: QUEUE)


@dataclass
class Delivery:
    outbox: Outbox = field(default_factory=Outbox)


class TenantMailer:
    def __init__(self, tenant):
        self.tenant = tenant
        self.delivery = Delivery()

    def send(self, text):
        self.delivery.outbox.messages.append(f"tenant={self.tenant};{text}")


def main():
    mailers = [TenantMailer(tenant) for tenant in (100001, 100002)]
    for number in rounds():
        for mailer in mailers:
            mailer.send(number)


if __name__ == "__main__":
    main()
