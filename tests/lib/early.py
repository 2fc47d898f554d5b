#!/usr/bin/env python3
"""A front that asks for every body, breaks off under the first long ones, and
says 204 to all others before they come: the mirror behind it has everything.
Prints its URL, then "PUT LENGTH CAME" for each of more than 64 KiB.
Usage: early.py LONG-ONES-TO-BREAK"""
import socket
import socketserver
import struct
import sys

to_break = int(sys.argv[1])


class Front(socketserver.StreamRequestHandler):
    def handle(self):
        while self.request_one():
            pass

    def request_one(self):
        global to_break
        length = 0
        first = self.rfile.readline().split()
        while (line := self.rfile.readline().strip()):
            key, _, value = line.partition(b":")
            if key.lower() == b"content-length":
                length = int(value)
        if not first:
            return False
        if first[0] == b"GET":
            self.wfile.write(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return True
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if length > 65536 and to_break > 0:
            to_break -= 1
            self.rfile.read1(65536)
            # Zero seconds of linger: it ends with a reset.
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    struct.pack("ii", 1, 0))
            return False
        self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        came = 0
        while came < length:
            data = self.rfile.read1(min(65536, length - came))
            if not data:
                break
            came += len(data)
        if length > 65536:
            print("PUT", length, came, flush=True)
        return came == length


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def server_bind(self):
        # Small, so that little is under way when the answer comes.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        super().server_bind()


server = Server(("127.0.0.1", 0), Front)
print("http://127.0.0.1:%d/" % server.server_address[1], flush=True)
server.serve_forever()
