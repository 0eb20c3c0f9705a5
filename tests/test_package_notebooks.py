"""Fixture notebooks of nbconvert and nbclient as reports, by the entry points of nbconvert."""

from __future__ import annotations

import pytest
from nbconvert.exporters import get_exporter
from package_fixtures import fixture_notebooks

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("package", "least"), [("nbconvert", 24), ("nbclient", 23)])
def test_every_notebook_becomes_a_page_and_a_pdf(package, least):
    notebooks = fixture_notebooks(package)
    assert len(notebooks) >= least
    failed = {}
    for path in notebooks:
        try:
            page, _ = get_exporter("crps-html")().from_filename(str(path))
            pdf, _ = get_exporter("crps-pdf")().from_filename(str(path))
            assert "</html>" in page and pdf.startswith(b"%PDF")
        except Exception as error:
            failed[path.name] = f"{type(error).__name__}: {error}"[:200]
    assert failed == {}
