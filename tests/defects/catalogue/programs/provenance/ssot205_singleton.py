"""Threads build a process-wide manager at the same time, and the second overwrites the first."""

# /// case
# code = "SSOT205"
# expect = [["SSOT205", "get_shared"], ["SSOT205", "SettingsManager"]]
# ///
# /// policy
# [[concept]]
# name = "settings"
# classes = ["SettingsManager"]
# factories = ["app:get_shared"]
# isolation = "process"
# ///
import threading


_reading = threading.Barrier(2, timeout=20)


class SettingsManager:
    def __init__(self):
        _reading.wait()


_shared = None


def get_shared():
    global _shared
    if _shared is None:
        _shared = SettingsManager()
    return _shared


def main():
    got = []
    threads = [threading.Thread(target=lambda: got.append(get_shared())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 2


if __name__ == "__main__":
    main()
