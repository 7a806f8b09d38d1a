# SPDX-License-Identifier: Apache-2.0
"""served: what benchmarks of servers share: a server as a child, and when it answers."""
import os
import socket
import subprocess
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
KRARUP = Path(os.environ["KRARUP"])
BUILD = Path(os.environ["BUILD"])
LIMIT_S = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def commands(peer, schedulers, port):
    """What to run for a peer's server; all answer PING with +PONG, the first two also INCR."""
    n = str(schedulers)
    return {
        "krarup": [str(KRARUP.parent / "counters" / "service"), "-p", str(port), "-s", n],
        "redis": ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                  "--appendonly", "no", "--daemonize", "no"],
        "erlang": ["erl", "-noshell", "-noinput", "+S", f"{n}:{n}", "-pa", str(BUILD / "erlang"),
                   "-s", "node_start", "main", "-extra", str(port)],
        "go": [str(BUILD / "go" / "node_start"), n, str(port)],
    }[peer]


def start(peer, schedulers, port):
    return subprocess.Popen(commands(peer, schedulers, port), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=os.environ.get("TMPDIR", "/tmp"))


def await_answer(server, port):
    """Until it answers a first request; an error if it ends, or takes too long."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"the server has ended with status {server.returncode}")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                client.sendall(b"PING\r\n")
                if client.recv(16).startswith(b"+PONG"):
                    return
        except OSError:
            continue
    raise SystemExit("the server does not answer")


def stop(server):
    server.kill()
    server.wait()
