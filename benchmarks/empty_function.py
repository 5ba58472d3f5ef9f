"""`python -m benchmarks.empty_function`: our gateway and the genuine runtime client in front of a function of no use.

What its answer takes is what no service behind them can go below. Prints its URL.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from stack import package
from stack.authorizer import Authorized
from stack.gateway import Route, application
from stack.lambda_runtime import Function, FunctionConfig
from stack.serving import bind, serving, url

SOURCE = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": "{}"}
"""


async def main(folder: Path) -> None:
    """Serve until SIGTERM; neither the function nor its folder outlive that."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    (folder / "empty.py").write_text(SOURCE, "utf-8")
    command = (str(package.runtime_python()), "-m", "awslambdaric")
    function = Function(FunctionConfig(command=command, environ={}, task_root=folder, handler="empty.handler"))
    await function.start()
    api = application(
        routes=[Route(method="GET", path="/")], invoke=function.invoke, authorize=lambda _header, _route: Authorized({})
    )
    listener = bind(0)
    try:
        async with serving(api, listener):
            print(url(listener), flush=True)
            await ended.wait()
    finally:
        await function.close()


if __name__ == "__main__":
    with TemporaryDirectory(prefix="clearance-bench-") as folder:
        uvloop.run(main(Path(folder)))
