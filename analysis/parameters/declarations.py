"""Read the parameters that a cell declares, in the style of this project or in papermill's own."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

from analysis.parameters.parameter import ANY, STRING_LIST, TYPES, Parameter, ParameterError, check_value, is_plain


def declared(where: str, source: str) -> tuple[Parameter, ...]:
    """Return the parameters of a cell: each assignment to a name, such as `name: type = value  # meaning`.

    Without a type hint that is one of TYPES, the type is that of the default value. A default that the cell computes is
    represented by its expression. Statements of other kinds are left to the kernel.

    Parameters
    ----------
    where: the name of the file, for messages.
    source: the cell's source; it may contain IPython's magic commands.

    Raises
    ------
    SyntaxError
        If the source is not valid Python.
    ParameterError
        If a default is missing or not allowed.
    """
    statements, comments = _parse(source)
    parameters: dict[str, Parameter] = {}
    problems = []
    for node in statements:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not all(isinstance(name, ast.Name) for name in targets):
            continue
        place = f"{where}, parameters cell, line {node.lineno}"
        if node.value is None:
            problems.append(f"{place}: {targets[0].id} has no default; write `name: type = value  # meaning`.")
            continue
        meaning = " ".join(comments[n] for n in range(node.lineno, node.end_lineno + 1) if comments.get(n))
        default, computed = _default(node.value)
        hint = ast.unparse(node.annotation) if isinstance(node, ast.AnnAssign) else ""
        kind = hint if hint in TYPES else ANY if computed else _type_of(default)
        for target in targets:
            parameter = Parameter(target.id, kind, default, meaning, inferred=hint not in TYPES)
            if not computed and not parameter.inferred:
                default, wrong = check_value(parameter, default)
                problems += [f"{place}: default of {problem}" for problem in wrong]
                parameter = Parameter(target.id, kind, default, meaning)
            parameters[target.id] = parameter
    if problems:
        raise ParameterError(problems)
    return tuple(parameters.values())


def _parse(source: str) -> tuple[list[ast.stmt], dict[int, str]]:
    """Return the statements, and the comment of each line."""
    try:
        try:
            statements = ast.parse(source).body
        except SyntaxError:
            from IPython.core.inputtransformer2 import TransformerManager

            source = TransformerManager().transform_cell(source)  # magic commands become calls
            statements = ast.parse(source).body
        comments = {
            token.start[0]: token.string.lstrip("# ").strip()
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
    except (ValueError, RecursionError, MemoryError, tokenize.TokenError) as error:
        raise SyntaxError(str(error)) from None
    return statements, comments


def _default(node: ast.expr) -> tuple[Any, bool]:
    """Return the value of an expression, and False; its source, and True, if it is no plain value."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ast.unparse(node), True
    return (value, False) if is_plain(value) else (ast.unparse(node), True)


def _type_of(value: Any) -> str:
    """Return the type of a default value, as a parameter states it."""
    if value is None:
        return ANY
    if isinstance(value, (list, tuple)):
        return STRING_LIST if value and all(isinstance(part, str) for part in value) else "list"
    return type(value).__name__
