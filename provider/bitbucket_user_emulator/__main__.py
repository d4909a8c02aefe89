"""Serve until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Sequence
from pathlib import Path

import bitbucket_user_emulator

from .server import Server, listen
from .world import World


def credentials(world: World) -> str:
    lines = []
    for one in world.credentials.values():
        if one.kind == "api-token":
            lines.append(f"  API token      {one.email} / {one.secret}")
        elif one.kind == "access-token":
            lines.append(f"  access token   {one.secret}")
        elif one.kind == "jwt":
            lines.append(f"  Connect JWT    {one.secret} (app {one.app})")
    lines += [f"  OAuth consumer {one.key} / {one.secret}" for one in world.consumers.values()]
    return "\n".join(lines)


async def serve(server: Server, port: int) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    runner, origin = await listen(server, port)
    print(f"Bitbucket emulator: {origin}/2.0\n{credentials(server.world)}", flush=True)
    await ending.wait()
    await runner.cleanup()


def main(arguments: Sequence[str] | None = None, prog: str = "python -m bitbucket_user_emulator") -> None:
    """Ends the process with code 2, and one line, when it cannot serve."""
    parser = argparse.ArgumentParser(
        prog=prog, description=bitbucket_user_emulator.__doc__, epilog=f"Example: {prog} --seed bitbucket.yaml"
    )
    parser.add_argument("--port", type=int, default=8118, help="0: a free one (default: 8118)")
    parser.add_argument("--data", type=Path, help="a file that keeps what the emulator holds across restarts")
    parser.add_argument("--latency-ms", type=float, default=0, help="wait before each answer")
    parser.add_argument("--requests-per-hour", type=int, help="what one account or app may send; more is answered 429")
    parser.add_argument("--seed", type=Path, help="a YAML file that says what there is to begin with")
    given = parser.parse_args(arguments)
    try:
        server = Server(given.latency_ms, given.requests_per_hour, given.data, given.seed)
        asyncio.run(serve(server, given.port))
    except (OSError, ValueError) as problem:
        parser.exit(2, f"{parser.prog}: {problem}\n")


if __name__ == "__main__":
    main()
