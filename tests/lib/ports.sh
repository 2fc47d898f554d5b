# Ports for servers that cannot choose one and tell it. Source after tap.sh.

# free_ports N: as many of loopback, below those that a system gives to
# connections going out (Linux: from 32768), or one of those could take it
# before the server does.
free_ports() {
	python3 - "$1" <<'PY'
import random, socket, sys
found = []
while len(found) < int(sys.argv[1]):
    try:
        found.append(socket.create_server(
            ("127.0.0.1", random.randrange(10240, 32768))))
    except OSError:
        pass
print(*[s.getsockname()[1] for s in found])
PY
}
