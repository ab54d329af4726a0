"""A link that delays and narrows, for kernels without netem: eng/slow-link.py LEFT RIGHT MILLISECONDS MBIT

Makes two TAP devices, LEFT and RIGHT, and carries each Ethernet frame from one to the other: it leaves when the link has sent those before it,
and arrives MILLISECONDS later. Runs until it is killed; the devices go with it. Needs root.
"""
import fcntl
import heapq
import os
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def tap(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def main(left, right, milliseconds, mbit):
    delay, bytes_a_second = float(milliseconds) / 1000, float(mbit) * 1e6 / 8
    ends = [tap(left), tap(right)]
    free = {end: 0.0 for end in ends}
    under_way, number = [], 0
    print("up", flush=True)
    while True:
        now = time.monotonic()
        while under_way and under_way[0][0] <= now:
            _, _, end, frame = heapq.heappop(under_way)
            try:
                os.write(end, frame)
            except OSError:
                pass  # a device that is down, or a full queue: Ethernet loses frames, too
        wait = max(0.0, under_way[0][0] - now) if under_way else None
        for end in select.select(ends, [], [], wait)[0]:
            try:
                frame = os.read(end, 65536)
            except OSError:
                continue
            other = ends[1] if end == ends[0] else ends[0]
            free[other] = max(free[other], time.monotonic()) + len(frame) / bytes_a_second
            number += 1
            heapq.heappush(under_way, (free[other] + delay, number, other, frame))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
