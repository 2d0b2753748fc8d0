"""Uses LangChain's memory and documents as an old program does, along deprecated paths and along new ones."""

from __future__ import annotations

import importlib
import pickle
import warnings

warnings.simplefilter("ignore")


def old_paths() -> list[str]:
    from langchain_classic.docstore.document import Document
    from langchain_classic.memory import ChatMessageHistory
    from langchain_classic.schema import BaseMemory, Memory
    from langchain_classic.schema import Document as SchemaDocument

    history = ChatMessageHistory()
    history.add_user_message("hello")
    assert Document is SchemaDocument and Memory is BaseMemory
    return [
        Document(page_content="old").page_content,
        *(str(message.content) for message in history.messages),
    ]


def new_paths() -> list[str]:
    from langchain_core.chat_history import InMemoryChatMessageHistory
    from langchain_core.documents import Document

    history = InMemoryChatMessageHistory()
    history.add_user_message("hello")
    return [
        Document(page_content="new").page_content,
        *(str(message.content) for message in history.messages),
    ]


def lazy_paths() -> str:
    import langchain_classic
    from langchain_classic import SQLDatabase
    from langchain_classic.sql_database import SQLDatabase as Same
    from langchain_classic.utilities import SQLDatabase as Again

    assert SQLDatabase is Same is Again is langchain_classic.SQLDatabase
    return SQLDatabase.from_uri("sqlite://").dialect


def by_name() -> str:
    module = importlib.import_module("langchain_classic.memory.chat_message_histories.in_memory")
    document = pickle.loads(
        pickle.dumps(importlib.import_module("langchain_core.documents").Document(page_content="x"))
    )
    return f"{module.ChatMessageHistory.__module__} {type(document).__module__}"


def rarely() -> object:
    from langchain_classic.schema.memory import BaseMemory

    return BaseMemory


if __name__ == "__main__":
    for _ in range(3):
        print(old_paths(), new_paths())
    print(lazy_paths())
    print(lazy_paths())
    print(by_name())
