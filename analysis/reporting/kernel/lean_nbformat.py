"""Import nbformat without the grammar for internationalised addresses.

Gain: 0.85 s in every process that imports nbformat, an eighth of one report. The plain way is `import nbformat`;
tests/test_reporting_kernels.py compares the notebooks that both write and refuse.
"""

from __future__ import annotations

import sys

_GRAMMAR = "rfc3987_syntax"


def import_nbformat() -> None:
    """Import nbformat unless it is imported already; call it before anything else imports nbformat.

    jsonschema, with which nbformat validates, uses the grammar for addresses only, treats it as optional, and the
    notebook format has no such field.
    """
    if "jsonschema" in sys.modules or _GRAMMAR in sys.modules:
        return
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # makes `import rfc3987_syntax` fail at once
    try:
        import nbformat  # noqa: F401
    finally:
        del sys.modules[_GRAMMAR]
