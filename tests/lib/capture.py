#!/usr/bin/env python3
"""Capture all that goes out in a network namespace.

Prints READY, and then a line for each packet that could be the first of
something: "udp ADDRESS:PORT", "syn ADDRESS:PORT", or "other NUMBER" for
protocols that are neither. Ends when its standard input does, once nothing is
left to be read."""
import select
import socket
import struct
import sys


def report(packet):
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= 20:
        proto, to = packet[9], socket.inet_ntop(socket.AF_INET, packet[16:20])
        body = packet[(packet[0] & 15) * 4:]
    elif version == 6 and len(packet) >= 40:
        proto, to = packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40])
        body = packet[40:]
    else:
        return None
    if len(body) >= 4 and proto in (6, 17):
        port = struct.unpack(">H", body[2:4])[0]
        if proto == 17:
            return "udp %s:%d" % (to, port)
        if len(body) > 13 and body[13] & 0x12 == 0x02:
            return "syn %s:%d" % (to, port)
        return None
    # 1 and 58: only what is sent back by itself when nobody listens
    return None if proto in (1, 58) else "other %d" % proto


def main():
    # ETH_P_ALL; without the link's header
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(3))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    print("READY", flush=True)
    while True:
        ready, _, _ = select.select([s, sys.stdin], [], [])
        if s in ready:
            packet, where = s.recvfrom(65536)
            line = report(packet) if where[2] == 4 else None  # outgoing
            if line:
                print(line, flush=True)
        elif not sys.stdin.read(1):
            return


if __name__ == "__main__":
    main()
