#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""node_start PEER SCHEDULERS COUNT: milliseconds from starting a server program to its first answer
over TCP, the median of COUNT starts."""
import statistics
import sys
import time

import served


def one(peer, schedulers):
    port = served.free_port()
    begun = time.monotonic()
    server = served.start(peer, schedulers, port)
    try:
        served.await_answer(server, port)
        return (time.monotonic() - begun) * 1000
    finally:
        served.stop(server)


def main():
    peer, schedulers, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    print(f"node_start {peer} {statistics.median(one(peer, schedulers) for _ in range(count)):.4f} ms")


if __name__ == "__main__":
    main()
