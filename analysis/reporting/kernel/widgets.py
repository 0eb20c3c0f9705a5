"""The last state of widgets as text, for pages that have no kernel."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

_VIEW, _STATE = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"
_REFERENCE = "IPY_MODEL_"
_TAG = re.compile(r"<[^<>]*>")
_BAR = 10  # characters of a complete progress bar


def show_last_states(notebook: Any, normal_text: Callable[[str], str]) -> None:
    """Give each widget its last state as text, and each model a number for its random id.

    A widget that captured outputs is replaced by its text and these outputs. normal_text: applied to all text.
    """
    stored = notebook.metadata.get("widgets", {}).get(_STATE, {})
    numbers = {model: f"{number:032x}" for number, model in enumerate(stored.get("state", {}), start=1)}
    if numbers:
        stored["state"] = {
            numbers[model]: _normal(value, numbers, normal_text) for model, value in stored["state"].items()
        }
    models = {model: value["state"] for model, value in stored.get("state", {}).items()}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if view := output.get("data", {}).get(_VIEW):
                view["model_id"] = numbers.get(view["model_id"], view["model_id"])
        if "outputs" in cell:
            cell.outputs = [shown for output in cell.outputs for shown in _shown(output, models)]


def _normal(value: Any, numbers: dict[str, str], normal_text: Callable[[str], str]) -> Any:
    if isinstance(value, dict):  # of nbformat's own kind, in captured outputs
        return type(value)({key: _normal(part, numbers, normal_text) for key, part in value.items()})
    if isinstance(value, list):
        return [_normal(part, numbers, normal_text) for part in value]
    if not isinstance(value, str):
        return value
    model = value.removeprefix(_REFERENCE)
    return value.replace(model, numbers[model]) if model in numbers else normal_text(value)


def _shown(output: Any, models: dict[str, Any]) -> list[Any]:
    """Return an output as it is, or the outputs that show the last state of its widget."""
    model = output.get("data", {}).get(_VIEW, {}).get("model_id")
    if model not in models:
        return [output]
    captured: list[Any] = []
    if text := _text(model, models, captured):
        output.data["text/plain"] = text
    if not captured:
        return [output]
    del output.data[_VIEW]  # the outputs would appear twice in Jupyter
    return [*([output] if text else []), *(shown for other in captured for shown in _shown(other, models))]


def _text(model: str, models: dict[str, Any], captured: list[Any]) -> str:
    """Return the state of a model and those in it as text; append captured outputs to `captured`."""
    state = models.get(model, {})
    captured += state.get("outputs", [])
    if children := state.get("children"):
        texts = [_text(child.removeprefix(_REFERENCE), models, captured) for child in children]
        return (" " if state.get("_model_name") == "HBoxModel" else "\n").join(filter(None, texts))
    value, labels = state.get("value"), state.get("_options_labels")
    if "bar_style" in state:
        share = (value - state["min"]) / ((state["max"] - state["min"]) or 1)
        value = "█" * round(_BAR * min(max(share, 0), 1))
    elif labels is not None:
        index = state.get("index")
        value = ", ".join(labels[n] for n in (index if isinstance(index, (list, tuple)) else [index]) if n is not None)
    elif isinstance(value, str):
        value = html.unescape(_TAG.sub("", value)) if state.get("_model_name", "").startswith("HTML") else value
    words = [state.get("description") or "", "" if value is None else str(value)]
    return ": ".join(filter(None, words)).replace("\u2007", " ").strip()  # tqdm aligns numbers with figure spaces
