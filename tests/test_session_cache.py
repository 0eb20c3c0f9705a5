"""Expensive results of the tests are computed once for all processes of a test run."""

from __future__ import annotations

import pytest
import session_cache
from session_cache import SessionCache


def test_a_result_is_computed_once(tmp_path):
    pytest.importorskip("fcntl")
    calls = []

    def compute():
        calls.append("called")
        return {"report": b"bytes"}

    caches = [SessionCache() for _ in range(2)]  # as in two processes
    for cache in caches:
        cache.folder = tmp_path
    assert [cache.once("reports", compute) for cache in caches] == [{"report": b"bytes"}] * 2
    assert calls == ["called"]
    assert caches[0].once("others", lambda: 1) == 1


def test_an_error_is_not_cached(tmp_path):
    cache = SessionCache()
    cache.folder = tmp_path
    with pytest.raises(ZeroDivisionError):
        cache.once("reports", lambda: 1 / 0)
    assert cache.once("reports", lambda: 2) == 2


def test_a_result_that_needs_itself_is_an_error_and_waits_for_nothing(tmp_path):
    pytest.importorskip("fcntl")
    cache = SessionCache()
    cache.folder = tmp_path
    with pytest.raises(AssertionError, match="reports is computed with itself"):
        cache.once("reports", lambda: cache.once("reports", lambda: 1))
    assert cache.once("reports", lambda: 2) == 2


def test_without_a_folder_each_process_computes():
    assert SessionCache().once("reports", lambda: 3) == 3


def test_the_test_run_has_a_folder(tmp_path_factory):
    base = tmp_path_factory.getbasetemp()
    assert session_cache.cache.folder in (base, base.parent)
