"""nbformat without the grammar that JupyterLab brings along: it costs 0.85 s in every process and isn't needed."""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"


def load() -> None:
    """Imports nbformat, if it is not there yet; to be called before anything else imports it.

    jsonschema, with which it validates, uses the grammar for internationalised addresses alone, and notebooks hold
    none; jsonschema takes it as optional. Whoever imported jsonschema earlier keeps it as it is.
    """
    if "jsonschema" in sys.modules or _GRAMMAR in sys.modules:
        return
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # an import of it fails at once
    try:
        import nbformat  # noqa: F401
    finally:
        del sys.modules[_GRAMMAR]
