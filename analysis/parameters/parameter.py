"""One parameter: its type, its allowed values, the conversion of text."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.parameters.registry import REGISTRY, Between, File, Rule, YesNo, shown_value
from analysis.tabular.plain_yaml import NUMBER, YamlError, read_yaml

STRING_LIST = "list[str]"  # papermill reads this annotation too
ANY = "any"  # the type of a default that is None or computed
TYPES = ("str", "int", "float", "bool", STRING_LIST)


class ParameterError(Exception):
    """A notebook, a parameter or a value that does not exist or is not allowed. `.problems`: one sentence each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))

    def _render_traceback_(self) -> list[str]:
        """Return the sentences, which Jupyter shows instead of a traceback."""
        return list(self.problems)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook: name, type, default, meaning. inferred: the type is that of the default."""

    name: str
    type: str
    default: Any
    meaning: str
    inferred: bool = False

    @property
    def rule(self) -> Rule | None:
        """The rule of the registry; None if it has no such name or if the name means something else here."""
        rule = REGISTRY.get(self.name)
        if rule and self.inferred and not _follows(rule, self.default):
            rule = None
        return rule or (YesNo() if self.type == "bool" else None)

    def allowed(self) -> str:
        """Return the allowed values as a sentence."""
        if self.rule is None:
            where = ", which is inferred from the default; a type hint in the notebook changes it"
            return f"Allowed: any value of the type {self.type}{where if self.inferred else ''}."
        sentence = self.rule.allowed()
        return f"{sentence[:-1]}; any number of them." if self.type == STRING_LIST else sentence

    def public(self, value: Any) -> Any:
        """Return the value for a report: of a file outside the project's data only its name."""
        return self.rule.public(value) if isinstance(self.rule, File) else value


def _follows(rule: Rule, default: Any) -> bool:
    """Return whether a default, whose notebook states no type, is one that the rule is meant for."""
    if isinstance(rule, File):
        return default is None or (isinstance(default, str) and Path(default).suffix.lower() in rule.endings)
    parts = default if isinstance(default, (list, tuple)) else (default,)
    kinds = (int, float) if isinstance(rule, Between) else str
    return all(isinstance(part, kinds) and not rule.problem(part) for part in parts)


def is_plain(value: Any) -> bool:
    """Return whether a value is text, a number, true, false, None, or a list or mapping of such values."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and is_plain(part) for key, part in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    return value is None or isinstance(value, (str, int)) or (isinstance(value, float) and math.isfinite(value))


def check_value(parameter: Parameter, value: Any) -> tuple[Any, list[str]]:
    """Return the value converted to the parameter's type, and its problems (one sentence each)."""
    try:
        converted = _convert(value, parameter.type)
    except (TypeError, ValueError) as error:
        return value, [f"{parameter.name}: {error} {parameter.allowed()}"]
    if parameter.rule is None or converted is None:
        return converted, []
    parts = converted if isinstance(converted, tuple) else (converted,)
    problems = [problem for part in parts if (problem := parameter.rule.problem(part))]
    if isinstance(converted, tuple) and len(set(converted)) < len(converted):
        problems.append("the same value appears twice.")
    if isinstance(parameter.rule, File) and not problems:
        converted = parameter.rule.location(converted, absolute=parameter.inferred)
    return converted, [f"{parameter.name}: {problem}" for problem in problems]


def _convert(value: Any, kind: str) -> Any:
    """Return the value converted to a type. Raises TypeError or ValueError with a sentence."""
    if kind == "bool":
        words = {"true": True, "yes": True, "false": False, "no": False}
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in words:
            return words[value.strip().lower()]
        raise ValueError(f"{shown_value(value)} is neither true nor false.")
    if kind in ("int", "float"):
        return _number(value, kind)
    if kind == "str":
        if isinstance(value, str):
            return str(value)
        raise TypeError(f"{shown_value(value)} is no text; put it in quotes.")
    if kind == STRING_LIST:
        return _string_list(value)
    if isinstance(value, str):
        value = _literal(value, kind)
    if not is_plain(value):
        raise TypeError(f"{shown_value(value)} is neither text, a number, true, false, None, nor a list or mapping.")
    if kind == "list" and not isinstance(value, (list, tuple)):
        raise TypeError(f"{shown_value(value)} is no list.")
    if kind == "dict" and not isinstance(value, dict):
        raise TypeError(f"{shown_value(value)} is no mapping; write {{'name': value}}.")
    return value


def _literal(text: str, kind: str) -> Any:
    """Return the Python value that a text states; otherwise its words for a list, or the text itself."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return list(_string_list(text)) if kind == "list" else text


def _number(value: Any, kind: str) -> int | float:
    what = "whole number" if kind == "int" else "number"
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise TypeError
        if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
            raise ValueError
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        advice = ""
        if isinstance(value, str) and "," in value:
            advice = "; write the decimals after a point"
        elif isinstance(value, str) and re.fullmatch("[-+]?0[0-9]+", value.strip()):
            advice = "; write it without the 0 before it"
        raise ValueError(f"{shown_value(value)} is no {what}{advice}.") from None
    if not math.isfinite(number) or (kind == "int" and number != int(number)):
        raise ValueError(f"{shown_value(value)} is no {what}.")
    return int(number) if kind == "int" else number


def _string_list(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        text = value.strip()
        if text[:1] in ("[", "("):
            try:
                parts = read_yaml("[" + text[1:].rstrip(")]") + "]")
            except YamlError:
                raise ValueError(f"{shown_value(text)} is no list; write words with commas between them.") from None
            value = [str(part) if type(part) is int else part for part in parts]
        else:
            return tuple(word.strip() for word in text.split(",") if word.strip())
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{shown_value(value)} is no list of words.")
    wrong = [part for part in value if not isinstance(part, str)]
    if wrong:
        raise TypeError(f"{shown_value(wrong[0])} is no text; put it in quotes.")
    return tuple(map(str, value))
