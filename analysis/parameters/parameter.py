"""One parameter: its type, its allowed values, the conversion of text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from analysis.parameters.registry import REGISTRY, File, Rule, YesNo, shown_value
from analysis.tabular.plain_yaml import NUMBER, YamlError, read_yaml

STRING_LIST = "list[str]"  # papermill reads this annotation too
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
    """One parameter of a notebook: name, type annotation, default, meaning."""

    name: str
    type: str
    default: Any
    meaning: str

    @property
    def rule(self) -> Rule | None:
        """The rule of the registry; None if the registry has no such name."""
        return REGISTRY.get(self.name) or (YesNo() if self.type == "bool" else None)

    def allowed(self) -> str:
        """Return the allowed values as a sentence."""
        sentence = self.rule.allowed() if self.rule else "Allowed: any value of the type."
        return f"{sentence[:-1]}; any number of them." if self.type == STRING_LIST else sentence

    def public(self, value: Any) -> Any:
        """Return the value for a report: of a file outside the project only its name."""
        return self.rule.public(value) if isinstance(self.rule, File) else value


def check_value(parameter: Parameter, value: Any) -> tuple[Any, list[str]]:
    """Return the value converted to the parameter's type, and its problems (one sentence each)."""
    try:
        converted = _convert(value, parameter.type)
    except (TypeError, ValueError) as error:
        return value, [f"{parameter.name}: {error} {parameter.allowed()}"]
    if parameter.rule is None:
        return converted, []
    parts = converted if isinstance(converted, tuple) else (converted,)
    problems = [problem for part in parts if (problem := parameter.rule.problem(part))]
    if isinstance(converted, tuple) and len(set(converted)) < len(converted):
        problems.append("the same value appears twice.")
    if isinstance(parameter.rule, File) and not problems:
        converted = parameter.rule.location(converted)
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
    return _string_list(value)


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
