"""What a shell runs in the end, read from its text as far as that can be done without being one."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Optional

SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})

_BEFORE = frozenset({"then", "else", "do", "{", "(", "!", "if", "while", "until", "elif"})
_FILTERS = frozenset(
    {"awk", "cat", "cronolog", "grep", "logger", "multilog", "rotatelogs", "sed", "tee", "ts"}
)
"""What stands behind a service in a pipe, or before it."""

_NO_PROGRAM = _FILTERS | {
    *(":", "[", "[[", "cd", "chmod", "chown", "done", "echo", "esac", "exit", "fi", "for", "case", "kill"),
    *(
        "local",
        "mkdir",
        "printf",
        "read",
        "return",
        "set",
        "shift",
        "sleep",
        "test",
        "trap",
        "true",
        "ulimit",
    ),
    *("umask", "unset", "wait", "}", ")"),
}
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?\})")
_ARGUMENTS = ("$@", "${@}", "$*")
_PUNCTUATION = set("();<>|&\n")


class Simple(NamedTuple):
    """A command of a shell, and the environment that it gets."""

    words: tuple[str, ...]
    environment: dict[str, str]


def last_command(text: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Optional[Simple]:
    """Return what a shell that runs this text becomes or waits for: its last `exec`, else its last program.

    Args:
        text: what it runs.
        arguments: what `$@` stands for.
        environ: its own environment.
    """
    found = list(_commands(text, arguments, dict(environ)))
    by_exec = [command for command in found if command.words[0] == "exec"]
    chosen = by_exec or found
    return chosen[-1] if chosen else None


def other_directory(text: str) -> str:
    """Return the directory that a text goes to, "" where it stays."""
    gone = [words[1] for words in _simple_commands(text) if words[0] == "cd" and len(words) > 1]
    return gone[-1] if gone and os.path.abspath(gone[-1]) != os.getcwd() else ""


def _commands(text: str, arguments: Sequence[str], environment: dict[str, str]) -> Iterator[Simple]:
    for words in _simple_commands(text):
        while words and words[0] in _BEFORE:
            words = words[1:]
        own = dict(environment)
        while words and (assigned := _ASSIGNMENT.fullmatch(words[0])):
            own[assigned[1]] = _expanded(assigned[2], own)
            words = words[1:]
        if not words:
            environment.update(own)
        elif words[0] in ("export", "readonly", "declare", "typeset"):
            for word in words[1:]:
                if assigned := _ASSIGNMENT.fullmatch(word):
                    environment[assigned[1]] = _expanded(assigned[2], environment)
        elif words[0] in ("source", "."):
            _activate(words[1:], environment)
        elif words[0] == "unset":
            for word in words[1:]:
                environment.pop(word, None)
        elif words[0] not in _NO_PROGRAM:
            yield Simple(tuple(_with_arguments(words, arguments, own)), own)


def _activate(words: Sequence[str], environment: dict[str, str]) -> None:
    """Find programs where the script that activates a virtual environment would."""
    if words and os.path.basename(words[0]) == "activate":
        directory = os.path.abspath(os.path.dirname(words[0]))
        environment["PATH"] = os.pathsep.join([directory, environment.get("PATH", "")])


def _with_arguments(
    words: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str]
) -> Iterator[str]:
    for word in words:
        if word in _ARGUMENTS:
            yield from arguments
        else:
            yield _expanded(word, environment)


def _expanded(word: str, environment: Mapping[str, str]) -> str:
    """Put in the variables that are known, and the defaults of the others."""
    return _VARIABLE.sub(
        lambda found: environment.get(found[1] or found[2]) or found[3] or ("" if found[2] else found[0]),
        word,
    )


def _simple_commands(text: str) -> Iterator[list[str]]:
    words: list[str] = []
    is_redirected = False
    for token in _tokens(text):
        if set(token) <= _PUNCTUATION:
            if set(token) & set("<>"):
                is_redirected = True
                if words and words[-1].isdigit():
                    words.pop()
            elif words:
                yield words
                words = []
        elif is_redirected:
            is_redirected = False
        else:
            words.append(token)
    if words:
        yield words


def _tokens(text: str) -> Iterator[str]:
    lines = text.replace("\\\n", " ").split("\n")
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    lexer = shlex.shlex(code, posix=True, punctuation_chars="();<>|&\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    is_comment = False
    while True:
        try:
            token = lexer.get_token()
        except ValueError:  # a quotation without its end: what came before is read
            return
        if token is None:
            return
        if "\n" in token and set(token) <= _PUNCTUATION:
            is_comment = False
        elif token.startswith("#"):
            is_comment = True
        if not is_comment:
            yield token
