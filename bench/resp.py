#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""resp PEER SCHEDULERS COUNT: INCR per second through redis-benchmark, 50 connections, one request
at a time and 16. Checks that the counter has counted every request."""
import socket
import subprocess
import sys

import served

PIPELINE = 16
COUNTER = b"counter:__rand_int__"  # what redis-benchmark counts with


def benchmark(port, count, *options):
    done = subprocess.run(["redis-benchmark", "-p", str(port), "-t", "incr", "-c", "50", "-n", str(count),
                           "--csv", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        raise SystemExit(f"redis-benchmark failed with status {done.returncode}")
    return float(done.stdout.strip().splitlines()[-1].split(",")[1].strip('"'))


def counted(port):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"INCRBY " + COUNTER + b" 0\r\n")
        return int(client.recv(64)[1:])


def main():
    peer, schedulers, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    port = served.free_port()
    server = served.start(peer, schedulers, port)
    try:
        served.await_answer(server, port)
        single = benchmark(port, count)
        pipelined = benchmark(port, 10 * count, "-P", str(PIPELINE))
        total = counted(port)
    finally:
        served.stop(server)
    # it rounds what each connection sends up to whole pipelines
    if not 11 * count <= total <= 11 * count + 50 * PIPELINE:
        raise SystemExit(f"{11 * count} INCR were sent, {total} counted")
    print(f"resp.single {peer} {single:.4f} 1/s")
    print(f"resp.pipelined {peer} {pipelined:.4f} 1/s")


if __name__ == "__main__":
    main()
