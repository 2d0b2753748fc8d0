"""The line protocol of the 1.x desktop client, whose last user left two years ago."""


class LineDecoder:
    """Takes messages out of a stream of lines."""

    def __init__(self) -> None:
        self._rest = ""

    def feed(self, text: str) -> list[str]:
        *lines, self._rest = (self._rest + text).split("\n")
        return lines


def encode_line(text: str) -> str:
    """One message as a line."""
    return text.replace("\n", " ") + "\n"
