"""[[]] * n is n times one list."""

# /// case
# row = 9
# expect = [["SSOT303", "row"]]
# lengths = ["short"]
# ///
# /// policy
# [[concept]]
# name = "board"
# classes = ["PlayerBoard"]
# ///
from traffic import rounds


class PlayerBoard:
    def __init__(self, user, row):
        self.user = user
        self.row = row

    def play(self, move):
        self.row.append(f"{self.user}:{move}")


def main():
    grid = [[]] * 3
    boards = [PlayerBoard(user, row) for user, row in zip(("player-one", "player-two", "player-six"), grid)]
    for number in rounds():
        for board in boards:
            board.play(number)


if __name__ == "__main__":
    main()
