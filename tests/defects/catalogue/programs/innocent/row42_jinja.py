"""Users share a template environment, and templates in it."""

# /// case
# row = 42
# needs = ["jinja2"]
# ///
# /// policy
# [[concept]]
# name = "page"
# classes = ["PageManager"]
# ///
import jinja2

from traffic import rounds


class PageManager:
    def __init__(self, user_id, environment):
        self.user_id = user_id
        self.environment = environment
        self.template = environment.get_template("hello")

    def render(self):
        return self.template.render(name=self.user_id)


def main():
    environment = jinja2.Environment(loader=jinja2.DictLoader({"hello": "Hello {{ name }}"}), autoescape=True)
    pages = [PageManager(user, environment) for user in ("buyer-100", "buyer-200")]
    for _ in rounds():
        for page in pages:
            page.render()


if __name__ == "__main__":
    main()
