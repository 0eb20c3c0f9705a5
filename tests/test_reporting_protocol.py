"""The kernel of reports passes the tests of jupyter_kernel_test, as the plain kernel does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient

from analysis.reporting.kernel.environment import kernel_environment
from analysis.reporting.kernel.manager import ReportKernelManager
from analysis.reporting.kernel.template_process import fork_available, forked_kernels

pytestmark = pytest.mark.slow
# ruff: noqa: RUF012 (the suite declares its samples as lists of the class)


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    """The package with the tests, fetched by name; without a network the tests are skipped."""
    folder = tmp_path_factory.mktemp("suite")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    fetched = subprocess.run(
        [*command, "--target", str(folder), "jupyter_kernel_test==0.7.0"], capture_output=True, text=True
    )
    if fetched.returncode:
        pytest.skip(f"jupyter_kernel_test could not be fetched: {' '.join(fetched.stderr.split())[-300:]}")
    sys.path.insert(0, str(folder))
    yield __import__("jupyter_kernel_test")
    sys.path.remove(str(folder))


class Kernel:
    """A kernel of reports, with the methods of a kernel manager that the suite calls."""

    def __init__(self, home: Path) -> None:
        attributes = {"environment": kernel_environment(0, str(home)), "kernels": []}
        self.loop = asyncio.new_event_loop()
        self.manager = type("Manager", (ReportKernelManager,), attributes)()
        self.loop.run_until_complete(self._start())

    async def _start(self) -> None:
        await self.manager.start_kernel()
        client = self.manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=600)
        client.stop_channels()

    def client(self) -> Any:
        client = BlockingKernelClient()
        client.load_connection_file(self.manager.connection_file)
        client.start_channels()
        client.wait_for_ready(timeout=600)
        return client

    def shutdown_kernel(self) -> None:
        self.loop.run_until_complete(self.manager.shutdown_kernel(now=True))
        self.loop.close()


@pytest.mark.parametrize(
    "forked", [False, pytest.param(True, marks=pytest.mark.skipif(not fork_available(), reason=""))]
)
def test_the_suite_passes(suite, tmp_path, forked):
    class Tests(suite.KernelTests):
        kernel_name = "python3"
        language_name = "python"
        file_extension = ".py"
        code_hello_world = "print('hello, world')"
        code_stderr = "import sys; print('test', file=sys.stderr)"
        completion_samples = [{"text": "zi", "matches": {"zip"}}]
        complete_code_samples = ["1", "print('hello, world')", "def f(x):\n  return x*2\n\n\n"]
        incomplete_code_samples = ["print('''hello", "def f(x):\n  x*2"]
        invalid_code_samples = ["import = 7q"]
        code_page_something = "zip?"
        code_generate_error = "raise"
        code_execute_result = [
            {"code": "1+2+3", "result": "6"},
            {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
        ]
        code_display_data = [
            {"code": "from IPython.display import HTML, display; display(HTML('<b>test</b>'))", "mime": "text/html"},
            {
                "code": "from IPython.display import Math, display; display(Math('\\\\frac{1}{2}'))",
                "mime": "text/latex",
            },
        ]
        code_history_pattern = "1?2*"
        supported_history_operations = ("tail", "search")
        code_inspect_sample = "zip"
        code_clear_output = "from IPython.display import clear_output; clear_output()"

        @classmethod
        def setUpClass(cls):
            cls.km = Kernel(tmp_path)
            cls.kc = cls.km.client()

    with forked_kernels(str(tmp_path)) if forked else tmp_path.joinpath("log").open("w"):
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Tests).run(result)
    assert [(str(test), text) for test, text in (*result.failures, *result.errors)] == []
    assert (result.testsRun, [why for _, why in result.skipped]) == (12, ["History range not supported"])
