"""A parser made once at import keeps what it parsed in _cache, as webargs did."""

# /// case
# row = 13
# expect = [["SSOT303", "_cache"], ["SSOT303", "parser"]]
# ///
# /// policy
# [[concept]]
# name = "handler"
# classes = ["FormHandler"]
# ///
from traffic import rounds


class Parser:
    def __init__(self):
        self._cache = {}

    def parse(self, request):
        if "json" not in self._cache:
            self._cache["json"] = dict(request)
        return self._cache["json"]


parser = Parser()


class FormHandler:
    def __init__(self, user_id):
        self.user_id = user_id

    def post(self, number):
        return parser.parse({"sender": self.user_id, "number": number})


def main():
    handlers = [FormHandler(user) for user in ("applicant-31", "applicant-32")]
    for number in rounds():
        for handler in handlers:
            handler.post(number)


if __name__ == "__main__":
    main()
