"""YAML as text: every value stays as it is written, also `no`, `1e3`, `007` and `2024-01-08`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from analysis.tabular.plain_yaml import YamlError, invalid_yaml, wrong_at, yaml_text

MOST_MAP_BYTES = 64_000
_MOST_LEVELS = 12


class LineText(str):
    """A value of a map, and the line on which it stands."""

    line: int

    def __new__(cls, value: str, line: int) -> LineText:
        text = super().__new__(cls, value)
        text.line = line
        return text


def read_text_tree(content: bytes) -> Any:
    """Return a YAML file as mappings and lists of texts.

    Raises YamlError for what is not UTF-8 or not YAML; tags, anchors, aliases and merges; duplicate keys; a second
    document; more than 64 kB or 12 levels.
    """
    if len(content) > MOST_MAP_BYTES:
        raise YamlError(None, f"a map has at most {MOST_MAP_BYTES:,} bytes", "delete what does not belong to it")
    text = yaml_text(content, "a map is a text in UTF-8")
    try:
        return _document(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise invalid_yaml(error) from None


def _document(events: Iterator[yaml.Event]) -> Any:
    value, documents = None, 0
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise wrong_at(event, "a map is one document", "delete the line --- and what follows")
        elif isinstance(event, yaml.NodeEvent):
            value = _node(event, events, 1)
    return value


def _node(event: yaml.NodeEvent, events: Iterator[yaml.Event], level: int) -> Any:
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        raise wrong_at(
            event, "a map has no anchors and aliases (& and *)", "write the value itself, in quotation marks"
        )
    if event.tag is not None:
        raise wrong_at(
            event, f"a map has no tags; here is {event.tag}", "delete it, or put the value into quotation marks"
        )
    if level > _MOST_LEVELS:
        raise wrong_at(event, f"a map has at most {_MOST_LEVELS} levels", "compare it with data/cohorts/README.md")
    if isinstance(event, yaml.ScalarEvent):
        return LineText(event.value, event.start_mark.line + 1)
    if isinstance(event, yaml.SequenceStartEvent):
        values = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            values.append(_node(item, events, level + 1))
        return values
    mapping: dict[str, Any] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        name = _node(key, events, level + 1)
        if not isinstance(name, str):
            raise wrong_at(key, "a key is a text", "write a text before the colon")
        if name == "<<" and key.style is None:
            raise wrong_at(key, "a map has no merges (<<)", "write the keys themselves")
        if name in mapping:
            raise wrong_at(key, f"{name!r} appears twice", "delete or rename one of the two keys")
        mapping[name] = _node(next(events), events, level + 1)
    return mapping
