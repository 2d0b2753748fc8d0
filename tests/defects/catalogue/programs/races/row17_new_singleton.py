"""__new__ looks for the instance, and makes another while the first is being made."""

# /// case
# row = 17
# expect = [["SSOT205", "Configuration"]]
# ///
# /// policy
# [[concept]]
# name = "configuration"
# classes = ["ConfigurationStore"]
# isolation = "process"
# ///
import threading

from traffic import at_once


_reading = threading.Barrier(4, timeout=20)


class ConfigurationStore:
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            _reading.wait()
            cls._instance = super().__new__(cls)
        return cls._instance


def get_store():
    return ConfigurationStore()


def main():
    stores = at_once(lambda _: get_store(), 1, 2, 3, 4)
    assert len(set(map(id, stores))) > 1


if __name__ == "__main__":
    main()
