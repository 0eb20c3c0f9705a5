"""YAML texts as plain objects: every text has one reading, or one message with its line.

Scalars follow the core schema of YAML 1.2, narrowed to the forms that all versions of YAML read alike: `010`, `0x10`,
`1:30`, `1_000`, `yes`, `on` and dates are texts, not 8, 16, 90, 1000, True, True and dates. Keys are texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

MOST_YAML_BYTES = 1_000_000
_MOST_VALUES = 200_000  # after aliases are expanded
_INTEGER = re.compile("0|-?[1-9][0-9]{0,14}")
NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*|(?=\.[0-9]))(\.[0-9]*)?([eE][-+]?[0-9]+)?")
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_STANDARD = "tag:yaml.org,2002:"
_YAML_1_1 = yaml.resolver.Resolver()
_TYPES = {"int": int, "float": float, "bool": bool, "null": type(None)}


class YamlError(Exception):
    """A text that is not plain YAML. `.line` (None: the whole text), `.rule` and `.advice` say why and what to do."""

    def __init__(self, line: int | None, rule: str, advice: str) -> None:
        self.line, self.rule, self.advice = line, rule, advice
        super().__init__(f"{f'line {line}: ' if line else ''}{rule}; {advice}")


class AmbiguousText(str):
    """A text without quotation marks that readers of YAML 1.1 take for another type, such as yes or 010."""


def read_yaml(content: bytes | str) -> Any:
    """Return the dicts, lists, texts, numbers, truth values and None of a YAML text.

    Aliases of a list or mapping give the same object. Lone surrogates of escapes such as "\\ud800" remain in the text.

    Raises YamlError for a text that is not UTF-8 or not YAML; a duplicate key, a key that is not a word, a tag of
    another type, a second document, a list that contains itself; more than 1 MB, 50 levels or 200,000 values.
    """
    if len(content) > MOST_YAML_BYTES:
        raise YamlError(None, f"a YAML text has at most {MOST_YAML_BYTES:,} bytes", "divide it into several files")
    text = yaml_text(content, "the text is in UTF-8")
    # The C parser is ten times as fast as the Python parser but refuses escaped surrogates; some builds lack it.
    loader = yaml.SafeLoader if _SURROGATE_ESCAPE.search(text) else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return YamlDocument(yaml.parse(text, Loader=loader)).value
    except yaml.YAMLError as error:
        raise invalid_yaml(error) from None


def yaml_text(content: bytes | str, encoding_rule: str) -> str:
    """Return the text of a YAML file. Raises YamlError for what is not UTF-8, and for control characters."""
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise YamlError(line, encoding_rule, "save it again with the encoding UTF-8") from None
    if control := _CONTROL.search(text):
        line = text.count("\n", 0, control.start()) + 1
        raise YamlError(line, f"the character U+{ord(control[0]):04X} is not text", "write the line again")
    return text


def invalid_yaml(error: yaml.YAMLError) -> YamlError:
    """Return an error of the parser with its line and what to do."""
    mark, reason = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
    advice = "look at this line and the one above: often an indent, a colon without a space or a quotation mark"
    return YamlError(mark.line + 1 if mark else None, f"is not valid YAML: {reason}", advice)


def wrong_at(event: yaml.Event, rule: str, advice: str) -> YamlError:
    """Return an error at the line of an event."""
    return YamlError(event.start_mark.line + 1, rule, advice)


class YamlDocument:
    """The value of the only document of a stream of events."""

    most_levels = 50

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._anchors: dict[str, tuple[Any, int]] = {}  # value and number of values
        self._open: set[str] = set()
        self.value, documents = None, 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise wrong_at(event, "a file contains one document", "delete the line --- and what follows")
            elif isinstance(event, yaml.NodeEvent):
                self.value, _ = self.node(event, 1)

    def node(self, event: yaml.NodeEvent, level: int) -> tuple[Any, int]:
        """Return the value that begins with an event, and the number of values that it contains."""
        anchor = event.anchor
        if isinstance(event, yaml.AliasEvent):
            if anchor in self._open:
                raise wrong_at(event, f"*{anchor} stands inside itself", "write the value instead")
            if anchor not in self._anchors:
                raise wrong_at(event, f"*{anchor} has no &{anchor} above it", "write the value instead")
            return self._anchors[anchor]
        if level > self.most_levels:
            rule = f"lists and mappings have at most {self.most_levels} levels"
            raise wrong_at(event, rule, "write it with fewer levels")
        self._open.add(anchor)
        if isinstance(event, yaml.ScalarEvent):
            value, size = self.scalar(event), 1
        elif isinstance(event, yaml.SequenceStartEvent):
            value, size = self._list(event, level)
        else:
            value, size = self._mapping(event, level)
        self._open.discard(anchor)
        if size > _MOST_VALUES:
            advice = "repeat less by aliases, or divide the file"
            raise wrong_at(event, f"a file has at most {_MOST_VALUES:,} values, aliases included", advice)
        if anchor:
            self._anchors[anchor] = value, size
        return value, size

    def _list(self, event: yaml.SequenceStartEvent, level: int) -> tuple[list[Any], int]:
        _check_tag(event, "seq")
        values, size = [], 1
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            value, more = self.node(item, level + 1)
            values.append(value)
            size += more
        return values, size

    def _mapping(self, event: yaml.MappingStartEvent, level: int) -> tuple[dict[str, Any], int]:
        _check_tag(event, "map")
        values: dict[str, Any] = {}
        merged: list[dict[str, Any]] | None = None
        size = 1
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            name = self.key(key, level + 1)
            value, more = self.node(next(self._events), level + 1)
            size += more
            merges = name == "<<" and key.implicit[0]
            if name in values or (merges and merged is not None):
                advice = "write <<: [*one, *other]" if merges else "delete or rename one of the two keys"
                raise wrong_at(key, f"{name!r} appears twice", advice)
            if merges:
                merged = value if isinstance(value, list) else [value]
                if not all(isinstance(part, dict) for part in merged):
                    raise wrong_at(key, "<< is followed by a mapping or a list of mappings", "write <<: *name")
            else:
                values[name] = value
        for part in merged or ():
            values = {**part, **values}  # a key of the mapping overrides, then that of the first part
        return values, size

    def key(self, event: yaml.NodeEvent, level: int) -> str:
        """Return the key of a mapping that an event states."""
        if not isinstance(event, yaml.ScalarEvent) or not event.value:
            raise wrong_at(event, "a key is a word", "write a word before the colon")
        return event.value

    def scalar(self, event: yaml.ScalarEvent) -> Any:
        """Return the text, number, truth value or None that an event states."""
        tag = event.tag
        if tag in (None, "!"):
            return _plain(event.value) if event.implicit[0] and tag is None else _joined(event.value)
        kind = _TYPES.get(tag.removeprefix(_STANDARD)) if tag.startswith(_STANDARD) else None
        value = _plain(event.value)
        if kind is float and type(value) is int:
            return float(value)
        if kind is not None and type(value) is kind:
            return value
        _check_tag(event, "str")
        return _joined(event.value)


def _plain(text: str) -> Any:
    """Return the value of a scalar without quotation marks."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text) and re.search("[.eE]", text) and math.isfinite(float(text)):
        return float(text)
    in_yaml_1_1 = _YAML_1_1.resolve(yaml.ScalarNode, text, (True, False))
    return text if in_yaml_1_1 == f"{_STANDARD}str" else AmbiguousText(text)


def _joined(text: str) -> str:
    """Return the text with pairs of escaped surrogates, as JSON has them, as one character."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _check_tag(event: yaml.NodeEvent, kind: str) -> None:
    if event.tag not in (None, "!", _STANDARD + kind):
        tag = event.tag.replace(_STANDARD, "!!")
        raise wrong_at(event, f"the tag {tag} does not fit the value or is not allowed", f"delete {tag}")
