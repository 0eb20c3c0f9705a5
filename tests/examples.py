"""Number of examples of property tests."""

from __future__ import annotations

from hypothesis import settings


def examples(count: int) -> settings:
    """Settings with so many examples, or as few as `make quick` takes."""
    quick = settings.get_current_profile_name() == "quick"
    return settings(max_examples=min(count, settings.default.max_examples) if quick else count)
