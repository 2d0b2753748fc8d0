"""Two users' measurements are written into one array."""

# /// case
# row = 36
# expect = [["SSOT303", "samples"]]
# lengths = ["long"]
# ///
# /// policy
# [[concept]]
# name = "meter"
# classes = ["MeterSession"]
# ///
from array import array

from traffic import rounds


class MeterSession:
    def __init__(self, user_id, samples):
        self.user_id = user_id
        self.samples = samples

    def measure(self, value):
        self.samples[value % len(self.samples)] = value


def main():
    samples = array("q", [0] * 16)
    sessions = [MeterSession(user, memoryview(samples)) for user in ("meter-user-1", "meter-user-2")]
    for number in rounds():
        for session in sessions:
            session.measure(number)


if __name__ == "__main__":
    main()
