"""The text of a record: a field, a field within a field, or a list that is joined.

A list of texts is joined by line ends. A list of chat turns is written by the tokenizer's chat template, whose special
tokens are tokens; without a template the turns are joined by blank lines.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from precompute.corpus.sources import Document

Template = Callable[[list[dict[str, str]]], str]
# Names of role and content, by data set.
TURNS = (("role", "content"), ("from", "value"))
ROLES = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bing": "assistant", "bot": "assistant"}
ABSENT = object()


class TextField:
    """The field that holds the text; counts what it joined."""

    def __init__(self, name: str, template: Template | None = None):
        self.name, self.template = name, template
        self.n_lists = self.n_chats = 0

    def document(self, record: Mapping[str, Any], group: str, name: str, place: str) -> Document:
        """Return the record's document. Raises ValueError, which begins with `place`, if its field holds no text."""
        value = value_at(record, self.name)
        if value is ABSENT:
            raise ValueError(missing(self.name, record, place))
        return self.of_value(value, group, name, place)

    def of_value(self, value: object, group: str, name: str, place: str) -> Document:
        """Return the document of a value: a text, a list, or None for an empty text."""
        if value is None or isinstance(value, str):
            return Document(value or "", group, name)
        if isinstance(value, Sequence) and all(isinstance(each, str) for each in value):
            self.n_lists += 1
            return Document("\n".join(value), group, name)
        turns = chat_turns(value)
        if turns is None:
            raise ValueError(f"{place}: {self.name!r} is {kind_name(value)}, not text; choose another text field")
        self.n_chats += 1
        return Document(self.chat(turns, place), group, name, is_chat=self.template is not None)

    def chat(self, turns: list[dict[str, str]], place: str) -> str:
        if self.template is None:
            return "\n\n".join(turn["content"] for turn in turns)
        try:
            return self.template(turns)
        except Exception as error:  # templates raise errors of their own
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(f"{place}: the tokenizer's chat template refuses these turns ({reason})") from error

    @property
    def notes(self) -> list[str]:
        """Fields that were joined, in sentences."""
        how = "by blank lines, because the tokenizer has no chat template"
        if self.template is not None:
            how = "by the tokenizer's chat template"
        notes = [f"{self.name!r} is a list of turns in {self.n_chats:,} documents: joined {how}"] * (self.n_chats > 0)
        return notes + [f"{self.name!r} is a list in {self.n_lists:,} documents: joined by line ends"] * (
            self.n_lists > 0
        )


def value_at(record: object, path: str) -> object:
    """Return the value at a path such as `a.b`; of a list, the values of its members. ABSENT if there is none.

    A field whose own name has the dots comes first. Below null everything is null.
    """
    if record is None:
        return None
    if isinstance(record, list):
        return [value_at(each, path) for each in record]
    if not isinstance(record, Mapping):
        return ABSENT
    if path in record:
        return record[path]
    first, _, rest = path.partition(".")
    return value_at(record[first], rest) if rest and first in record else ABSENT


def chat_turns(value: object) -> list[dict[str, str]] | None:
    """Return turns as role and content; None for other values."""
    if not isinstance(value, list) or not all(isinstance(turn, Mapping) for turn in value):
        return None
    for role, content in TURNS:
        if all(isinstance(turn.get(role), str) and content in turn for turn in value):
            contents = [plain_content(turn[content]) for turn in value]
            if None not in contents:
                roles = [ROLES.get(turn[role], turn[role]) for turn in value]
                return [{"role": role, "content": text} for role, text in zip(roles, contents, strict=True)]
    return None


def plain_content(content: object) -> str | None:
    """Return the text of a turn, also where it is a list of parts; None if there is none."""
    if content is None or isinstance(content, str):
        return content or ""
    parts = [part.get("text") for part in content if isinstance(part, Mapping)] if isinstance(content, list) else []
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if texts else None


def kind_name(value: object) -> str:
    """Return the type of a value, with that of a list's first member."""
    name = type(value).__name__
    return f"{name} of {type(value[0]).__name__}" if isinstance(value, list) and value else name


def missing(field: str, fields: Iterable[str], place: str) -> str:
    return f"{place}: no field {field!r}; the fields are {', '.join(map(str, fields))}"
