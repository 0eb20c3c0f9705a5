"""YAML as text: every value stays as it is written, also `no`, `1e3`, `007` and `2024-01-08`."""

from __future__ import annotations

from typing import Any

import yaml

from analysis.tabular.plain_yaml import YamlDocument, YamlError, invalid_yaml, wrong_at, yaml_text

MOST_MAP_BYTES = 64_000


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
        return _TextDocument(yaml.parse(text, Loader=yaml.SafeLoader)).value
    except yaml.YAMLError as error:
        raise invalid_yaml(error) from None


class _TextDocument(YamlDocument):
    """A document whose scalars and keys stay text, without what a curator of a map might misread."""

    most_levels = 12

    def node(self, event: yaml.NodeEvent, level: int) -> tuple[Any, int]:
        advice = "write the value itself, in quotation marks"
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise wrong_at(event, "a map has no anchors and aliases (& and *)", advice)
        if event.tag is not None:
            raise wrong_at(event, f"a map has no tags; here is {event.tag}", f"delete it, or {advice}")
        return super().node(event, level)

    def key(self, event: yaml.NodeEvent, level: int) -> str:
        name, _ = self.node(event, level)
        if not isinstance(name, str):
            raise wrong_at(event, "a key is a text", "write a text before the colon")
        if name == "<<" and event.style is None:
            raise wrong_at(event, "a map has no merges (<<)", "write the keys themselves")
        return name

    def scalar(self, event: yaml.ScalarEvent) -> LineText:
        return LineText(event.value, event.start_mark.line + 1)
