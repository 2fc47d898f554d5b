#!/usr/bin/env python3
"""What a tor tells of its streams and circuits: tor_events.py PORT COOKIE
prints a line for each event until that tor ends."""
import socket
import sys


def main():
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
    s.settimeout(None)
    lines = s.makefile("r", encoding="latin-1", newline="\r\n")
    with open(sys.argv[2], "rb") as f:
        cookie = f.read().hex()
    for command in (f"AUTHENTICATE {cookie}", "SETEVENTS STREAM CIRC"):
        s.sendall(command.encode() + b"\r\n")
        said = lines.readline()
        if not said.startswith("250 "):
            sys.exit(said.strip())
    print("ready", flush=True)
    for line in lines:
        print(line.strip(), flush=True)


if __name__ == "__main__":
    main()
