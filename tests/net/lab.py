#!/usr/bin/env python3
"""A network for tests: a reader, a censor and mirrors, joined to nothing else.

    reader --veth-- censor --lagd-- mirrors (nginx over TLS, and worse)

Three network namespaces without names: they live as long as their holders,
and those as long as this process, so that nothing is left behind whatever
happens. Mirrors are m01.lab.test, m02.lab.test, ... at 198.18.1.1 and up.
198.18.0.0/15 is for such tests (RFC 2544).

As a program it takes commands on standard input, a line each, and answers
each by "ok ..." or "error ...":

    set MIRROR BEHAVIOUR...   how m01 behaves from now on; "normal" is good
    all BEHAVIOUR...          how all do
    shape MIRROR RTT KBIT     milliseconds, kbit/s
    link KBIT                 the reader's access
    bytes                     sent by the mirrors, headers included

BEHAVIOURS below has all of them. `lab.py --check` says why there can be no
namespaces here, or nothing.
"""
import argparse
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DOMAIN = "lab.test"
READER, CENSOR = "198.18.0.2", "198.18.0.1"
BOGUS = "198.19.0.1"  # routed, and dropped
DOH, PROXY, FRONT = "198.18.1.200", "198.18.1.201", "198.18.1.202"
HTTPS, HTTP = 443, 80

# What a censor does to packets. {ip} is the mirror's address, {name} its name.
FILTERS = {
    "blackhole": ["-d {ip} -j DROP"],
    "rst": ["-d {ip} -p tcp --syn -j REJECT --reject-with tcp-reset"],
    # The handshake of TCP gets through, and no byte after it.
    "synack-silence": ["-d {ip} -p tcp ! --syn -m length --length 90:65535 "
                       "-j DROP"],
    "sni-rst": ["-d {ip} -p tcp --dport 443 -m string --algo bm "
                "--string {name} -j REJECT --reject-with tcp-reset"],
    "sni-drop": ["-d {ip} -p tcp --dport 443 -m string --algo bm "
                 "--string {name} -j DROP"],
    # A connection is frozen for good after 16 KB from the mirror.
    "freeze": ["{way} {ip} -p tcp -m connbytes --connbytes 16384: "
               "--connbytes-dir reply --connbytes-mode bytes -j DROP"],
}
# Which of its names tells a lie.
DNS = {"nxdomain": None, "bogus-address": BOGUS}
# RTT and rate stay, but for:
THROTTLE = 128  # kbit/s
LOSS = {"loss-5": 50, "loss-10": 100, "loss-20": 200}
# What a server does: nginx's own ports, then those of behave.py.
NGINX = {
    "block-page": "default_type 'text/html; charset=utf-8'; "
                  "location / { return 200 '<!DOCTYPE html><html><body>"
                  "<h1>Access to this resource is restricted</h1></body>"
                  "</html>'; }",
    "status-403": "location / { return 403; }",
    "status-451": "location / { return 451; }",
    "redirect": "location / { return 302 https://198.18.1.203/blocked; }",
    "tampered": "root {tampered};",
    "stale": "root {stale};",
}
BEHAVE = ["truncated", "endless", "slow-body", "slow-head", "silent",
          "gzip-bomb", "garbage-tls", "mute", "bit-flip"]
# Can be set, but are not in the list: other ways to be endless.
EXTRA = ["endless-chunked", "endless-announced", "one-more", "te-bomb",
         "head-bomb", "continue-bomb", "trailer-bomb"]
BEHAVIOURS = (list(FILTERS) + list(DNS) + ["throttle"] + list(LOSS) +
              list(NGINX) + BEHAVE)


class Trouble(Exception):
    """The laboratory cannot do that; says why."""


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def be_root():
    """Without being root: root of a user namespace, which is enough."""
    if os.geteuid() == 0:
        return
    p = subprocess.run([find("unshare"), "-U", "-r", "true"],
                       stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if p.returncode != 0:
        raise Trouble("not root, and no user namespaces: "
                      + p.stderr.decode().strip().split("\n")[-1])
    os.execv(find("unshare"), ["unshare", "-U", "-r", sys.executable]
             + sys.argv)


def find(program):
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if path is None:
        raise Trouble(f"{program} is not installed")
    return path


def check():
    """Why there can be no laboratory here; None: there can."""
    try:
        for program in ("ip", "iptables-restore", "nginx", "dnsmasq",
                        "unshare", "nsenter", "openssl", "curl"):
            find(program)
    except Trouble as t:
        return str(t)
    try:
        with open("/dev/net/tun", "rb"):
            pass
    except OSError as e:
        return f"/dev/net/tun: {e.strerror}"
    p = subprocess.run([find("unshare"), "-n", "-m", "true"],
                       stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    if p.returncode != 0:
        return "no namespaces: " + p.stderr.decode().strip().split("\n")[-1]
    rules = "*filter\n-A FORWARD -m string --algo bm --string x -j DROP\n" \
            "-A FORWARD -m connbytes --connbytes 1: --connbytes-dir reply " \
            "--connbytes-mode bytes -j DROP\nCOMMIT\n"
    p = subprocess.run([find("unshare"), "-n", find("iptables-restore")],
                       input=rules.encode(), stderr=subprocess.PIPE)
    if p.returncode != 0:
        return "no packet filter: " + \
            p.stderr.decode().strip().split("\n")[-1]
    return None


class Mirror:
    def __init__(self, i, rtt, kbit):
        self.label = f"m{i:02}"
        self.name = f"{self.label}.{DOMAIN}"
        self.ip = f"198.18.1.{i}"
        self.rtt = rtt
        self.kbit = kbit
        self.how = []

    def url(self, tls=True):
        return f"http{'s' if tls else ''}://{self.name}/"


class Lab:
    """Served are ROOT, and ROOT.tampered and ROOT.stale where they exist."""

    def __init__(self, work, tools, root, mirrors=12, link=100000,
                 shapes=None, services=()):
        self.work = os.path.abspath(work)
        self.tools = os.path.abspath(tools)
        self.root = os.path.abspath(root)
        self.link = link
        self.children = []
        self.mirrors = {}
        for i in range(1, mirrors + 1):
            rtt, kbit = shapes[i - 1] if shapes else (20, 50000)
            m = Mirror(i, rtt, kbit)
            self.mirrors[m.label] = m
        os.makedirs(self.work, exist_ok=True)
        self.holder = {n: self.hold() for n in ("reader", "censor", "mirrors")}
        try:
            for name, p in self.holder.items():
                self.replace(f"{name}.pid", [str(p.pid)])
            self.certificates()
            self.wire()
            self.start_servers(services)
            self.apply()
            self.dress_reader()
        except BaseException:
            self.close()
            raise

    # ---- processes

    def hold(self):
        """A process in new namespaces, which end with it."""
        p = subprocess.Popen(
            [find("unshare"), "-n", "-m", "--propagation", "private", "sh",
             "-c", "echo here; exec cat"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        if p.stdout.readline() != b"here\n":
            raise Trouble("no namespaces")
        self.children.append(p)
        return p

    def inside(self, where):
        """The words before a command that is to run there."""
        return [find("nsenter"), "-t", str(self.holder[where].pid), "-n",
                "-m", "env", "-C", os.getcwd()]

    def do(self, where, command, text=None):
        p = subprocess.run(self.inside(where) + ["sh", "-ec", command],
                           input=text.encode() if text else b"",
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if p.returncode != 0:
            raise Trouble(f"{where}: {command}: "
                          + p.stdout.decode(errors="replace")[-2000:])
        return p.stdout.decode()

    def spawn(self, where, command, name, stdin=subprocess.DEVNULL):
        """Start a server; what it says goes to WORK/NAME.log."""
        with open(f"{self.work}/{name}.log", "wb") as log:
            p = subprocess.Popen(
                (self.inside(where) if where else []) + command, stdin=stdin,
                stdout=log, stderr=log, preexec_fn=die_with_parent)
        self.children.append(p)
        return p

    def wait_for(self, what, test, process=None):
        for _ in range(400):
            if test():
                return
            if process is not None and process.poll() is not None:
                break
            time.sleep(0.025)
        raise Trouble(f"{what} did not start; see {self.work}")

    def said(self, name, word):
        with open(f"{self.work}/{name}.log") as f:
            return word in f.read()

    def close(self):
        for p in reversed(self.children):
            if p.poll() is None:
                p.kill()
        for p in self.children:
            p.wait()
            for pipe in (p.stdin, p.stdout):
                if pipe:
                    pipe.close()
        self.children = []

    # ---- set-up

    def certificates(self):
        """An authority of this run's own, and one key for all servers."""
        names = [f"DNS:{m.name},IP:{m.ip}" for m in self.mirrors.values()]
        names += [f"DNS:doh.{DOMAIN},IP:{DOH}", f"DNS:front.{DOMAIN}"]
        with open(f"{self.work}/leaf.ext", "w") as f:
            f.write("subjectAltName=" + ",".join(names) + "\n")
        script = """
        key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
        key ca.key
        openssl req -x509 -new -key ca.key -days 2 -subj '/CN=lab authority' \
            -addext basicConstraints=critical,CA:TRUE -out ca.pem
        key leaf.key
        openssl req -new -key leaf.key -subj '/CN=lab' |
            openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial \
            -days 2 -extfile leaf.ext -out leaf.pem
        rm ca.key
        openssl x509 -in leaf.pem -pubkey -noout |
            openssl pkey -pubin -outform der |
            openssl dgst -sha256 -binary | base64 >pin
        """
        p = subprocess.run(["sh", "-ec", script], cwd=self.work,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if p.returncode != 0:
            raise Trouble("openssl: " + p.stdout.decode(errors="replace"))
        with open(f"{self.work}/pin") as f:
            self.pin = "sha256//" + f.read().strip()

    def wire(self):
        for name in self.holder:
            self.do(name, """
            ip link set lo up
            for which in all default; do
                it=/proc/sys/net/ipv6/conf/$which/disable_ipv6
                [ ! -e $it ] || echo 1 >$it
            done
            """)
        reader = self.holder["reader"].pid
        self.do("censor", f"""
        cd /proc/sys/net
        echo 1 >ipv4/ip_forward
        echo 1 >netfilter/nf_conntrack_acct
        echo 0 >ipv4/conf/all/rp_filter
        echo 0 >ipv4/conf/default/rp_filter
        ip link add r0 type veth peer name uplink netns {reader}
        ip addr add {CENSOR}/24 dev r0
        ip link set r0 up
        """)
        # BBR, where it is the default, hides loss.
        self.do("reader", f"""
        ip addr add {READER}/24 dev uplink
        ip link set uplink up
        ip route add default via {CENSOR} congctl cubic
        """)
        self.write_shapes()
        lag = self.spawn(None, [
            f"{self.tools}/lagd", f"{self.work}/shapes",
            f"/proc/{self.holder['censor'].pid}/ns/net", "away",
            f"/proc/{self.holder['mirrors'].pid}/ns/net", "uplink"], "lagd")
        self.lagd = lag
        self.wait_for("lagd", lambda: self.said("lagd", "ready"), lag)
        self.do("censor", f"""
        ip link set away txqueuelen 2000 up
        ip route add 198.18.1.0/24 dev away congctl cubic
        ip route add 198.19.0.0/16 dev away
        """)
        every = [m.ip for m in self.mirrors.values()] + [DOH, PROXY, FRONT]
        self.do("mirrors", "ip -batch -", "".join(
            f"addr add {ip}/32 dev lo\n" for ip in every) +
            "link set uplink txqueuelen 2000 up\n"
            f"route add 198.18.0.0/24 dev uplink src {every[0]} "
            "congctl cubic\n")

    def ports(self):
        """Behaviour -> where its server listens: TLS, and 1000 up, plain."""
        return {b: 8000 + i for i, b in enumerate(list(NGINX) + BEHAVE
                                               + EXTRA)}

    def nginx_config(self):
        files = {"tampered": self.root + ".tampered",
                 "stale": self.root + ".stale"}
        servers = [f"server {{ listen {HTTPS} ssl backlog=1024; "
                   f"listen {HTTP} backlog=1024; root {self.root}; }}"]
        names = " ".join(m.name for m in self.mirrors.values())
        servers.append(
            f"server {{ listen {FRONT}:{HTTPS} ssl; server_name _ "
            f"front.{DOMAIN}; return 404; }}\nserver {{ listen "
            f"{FRONT}:{HTTPS} ssl; server_name {names}; root {self.root}; }}")
        for behaviour, says in NGINX.items():
            port = self.ports()[behaviour]
            for what, folder in files.items():
                says = says.replace("{%s}" % what, folder)
            servers.append(f"server {{ listen {port} ssl; listen "
                           f"{port + 1000}; {says} }}")
        w = self.work
        return f"""
user root root; daemon off; master_process off; pid {w}/nginx.pid; error_log {w}/nginx.err;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  log_format seen '$server_addr|$scheme|$host|$request|$status|$http_range|'
    '$body_bytes_sent|$connection|$http_user_agent|$ssl_server_name';
  access_log {w}/access.log seen;
  default_type application/octet-stream;
  server_names_hash_max_size 4096; server_names_hash_bucket_size 128;
  sendfile on; tcp_nopush on;
  ssl_certificate {w}/leaf.pem; ssl_certificate_key {w}/leaf.key;
  client_body_temp_path {w}/t1; proxy_temp_path {w}/t2;
  fastcgi_temp_path {w}/t3; uwsgi_temp_path {w}/t4; scgi_temp_path {w}/t5;
  {chr(10).join(servers)}
}}
"""

    def start_servers(self, services):
        with open(f"{self.work}/nginx.conf", "w") as f:
            f.write(self.nginx_config())
        nginx = self.spawn("mirrors", [
            find("nginx"), "-p", self.work, "-e", f"{self.work}/nginx.err",
            "-c", f"{self.work}/nginx.conf"], "nginx")
        python = [sys.executable, "-B"]
        tls = ["--tls", f"{self.work}/leaf.pem", f"{self.work}/leaf.key"]
        ports = [f"{b}={p}" for b, p in self.ports().items() 
                 if b in BEHAVE + EXTRA]
        behave = self.spawn("mirrors", python + [
            f"{HERE}/behave.py", "--root", self.root] + tls + ports, "behave")
        self.write_hosts()
        dns = self.spawn("censor", [
            find("dnsmasq"), "-k", "--no-resolv", "--no-hosts", "-C",
            "/dev/null", "--user=root", "--group=", "--pid-file=", "--local=/" + DOMAIN + "/",
            "--address=/#/", f"--addn-hosts={self.work}/hosts",
            f"--listen-address={CENSOR}", "--bind-interfaces",
            "--log-queries", "--log-facility=-", "--max-ttl=0"], "dns")
        self.dnsmasq = dns
        if "doh" in services:
            doh = self.spawn("mirrors", python + [
                f"{HERE}/doh.py", "--address", DOH, "--port", "7443",
                "--hosts", f"{self.work}/hosts.true"] + tls, "doh")
            self.wait_for("doh.py", lambda: self.said("doh", "ready\n"), doh)
        if "proxy" in services:
            proxy = self.spawn("mirrors", python + [
                f"{HERE}/socks.py", "--address", PROXY, "--port", "9050",
                "--hosts", f"{self.work}/hosts.true"], "proxy")
            self.wait_for("socks.py", lambda: self.said("proxy", "ready\n"),
                          proxy)
        self.wait_for("behave.py", lambda: self.said("behave", "ready\n"),
                      behave)
        self.wait_for("dnsmasq", lambda: self.said("dns", "started"), dns)
        self.wait_for("nginx", lambda: ":0050 " in self.proc_tcp(), nginx)

    def proc_tcp(self):
        with open(f"/proc/{self.holder['mirrors'].pid}/net/tcp") as f:
            return f.read()

    def dress_reader(self):
        """Its resolver and its authorities, seen by it alone."""
        with open(f"{self.work}/resolv.conf", "w") as f:
            f.write(f"nameserver {CENSOR}\noptions timeout:2 attempts:2\n")
        with open(f"{self.work}/nsswitch.conf", "w") as f:
            f.write("hosts: files dns\n")
        resolv = os.path.realpath("/etc/resolv.conf")
        self.do("reader", f"""
        mount --bind {self.work}/resolv.conf {resolv}
        mount --bind {self.work}/nsswitch.conf /etc/nsswitch.conf
        mount -t tmpfs -o size=4m lab /etc/ssl/certs
        cp {self.work}/ca.pem /etc/ssl/certs/ca-certificates.crt
        """)

    # ---- what can change

    def set(self, label, *behaviours):
        for b in behaviours:
            if b != "normal" and b not in BEHAVIOURS + EXTRA:
                raise Trouble(f"no behaviour {b}")
        if label not in self.mirrors:
            raise Trouble(f"no mirror {label}")
        self.mirrors[label].how = [b for b in behaviours if b != "normal"]

    def apply(self):
        """Make what was set so."""
        censor = []
        # nginx has this port of every address.
        nat = [f"-A PREROUTING -d {DOH} -p tcp --dport {HTTPS} -j DNAT "
               f"--to-destination {DOH}:7443"]
        for m in self.mirrors.values():
            for b in m.how:
                for rule in FILTERS.get(b, []):
                    for way in ("-s", "-d") if "{way}" in rule else ("",):
                        censor.append("-A FORWARD " + rule.format(
                            ip=m.ip, name=m.name, way=way))
                port = self.ports().get(b)
                if port:
                    for to, real in ((HTTPS, port), (HTTP, port + 1000)):
                        nat.append(f"-A PREROUTING -d {m.ip} -p tcp --dport "
                                   f"{to} -j DNAT --to-destination "
                                   f"{m.ip}:{real}")
        # Something that reads counters of connections must be there, or
        # those of connections that are open by then count from too late.
        censor.append("-A FORWARD -m connbytes --connbytes 0: "
                      "--connbytes-dir both --connbytes-mode bytes -j ACCEPT")
        restore = find("iptables-restore")
        self.do("censor", restore,
                "*filter\n" + "\n".join(censor) + "\nCOMMIT\n")
        self.do("mirrors", restore, "*nat\n" + "".join(
            r + "\n" for r in nat) + "COMMIT\n")
        self.write_shapes()
        self.lagd.send_signal(signal.SIGHUP)
        self.write_hosts()
        seen = self.dns_reads()
        self.dnsmasq.send_signal(signal.SIGHUP)
        self.wait_for("dnsmasq", lambda: self.dns_reads() > seen)

    def dns_reads(self):
        with open(f"{self.work}/dns.log") as f:
            return len(re.findall(r"read \S*hosts - ", f.read()))

    def write_shapes(self):
        lines = [f"link {self.link}"]
        for m in self.mirrors.values():
            kbit = THROTTLE if "throttle" in m.how else m.kbit
            loss = sum(LOSS.get(b, 0) for b in m.how)
            lines.append(f"{m.ip} {m.rtt} {kbit} {loss}")
        lines += [f"{ip} 20 100000 0" for ip in (DOH, PROXY, FRONT)]
        self.replace("shapes", lines)

    def write_hosts(self):
        lies, truth = [], [f"{DOH} doh.{DOMAIN}", f"{FRONT} front.{DOMAIN}"]
        for m in self.mirrors.values():
            ip = m.ip
            for b in m.how:
                ip = DNS.get(b, ip)
            if ip:
                lies.append(f"{ip} {m.name}")
            truth.append(f"{m.ip} {m.name}")
        self.replace("hosts", truth[:2] + lies)
        self.replace("hosts.true", truth)

    def replace(self, name, lines):
        with open(f"{self.work}/{name}.new", "w") as f:
            f.write("\n".join(lines) + "\n")
        os.rename(f"{self.work}/{name}.new", f"{self.work}/{name}")

    # ---- what happened

    def wire_bytes(self):
        """What the mirrors have put on the wire, all headers included."""
        with open(f"/proc/{self.holder['mirrors'].pid}/net/dev") as f:
            for line in f:
                name, _, rest = line.partition(":")
                if name.strip() == "uplink":
                    return int(rest.split()[8])
        raise Trouble("no uplink")


def serve_commands(lab):
    for line in sys.stdin:
        words = line.split()
        try:
            if words[0] in ("set", "all"):
                labels = [words[1]] if words[0] == "set" else list(lab.mirrors)
                for label in labels:
                    lab.set(label, *words[2 if words[0] == "set" else 1:])
                lab.apply()
                print("ok")
            elif words[0] == "sets":  # sets m01=rst m02=freeze ...
                for word in words[1:]:
                    label, _, how = word.partition("=")
                    lab.set(label, *how.split("+"))
                lab.apply()
                print("ok")
            elif words[0] == "shape":
                m = lab.mirrors[words[1]]
                m.rtt, m.kbit = int(words[2]), int(words[3])
                lab.apply()
                print("ok")
            elif words[0] == "link":
                lab.link = int(words[1])
                lab.apply()
                print("ok")
            elif words[0] == "bytes":
                print("ok", lab.wire_bytes())
            else:
                raise Trouble(f"no command {words[0]}")
        except (Trouble, IndexError, KeyError, ValueError) as e:
            print("error", repr(e))
        sys.stdout.flush()


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--check", action="store_true")
    p.add_argument("--list", action="store_true", help="all behaviours")
    p.add_argument("--work", default="lab")
    p.add_argument("--tools", default="build/tests/net")
    p.add_argument("--root", default="site")
    p.add_argument("--mirrors", type=int, default=2)
    p.add_argument("--services", default="", help="doh,proxy")
    args = p.parse_args()
    if args.list:
        print("\n".join(BEHAVIOURS))
        return 0
    try:
        be_root()
        why = check()
    except Trouble as t:
        why = str(t)
    if args.check:
        print(why or "")
        return 1 if why else 0
    if why:
        print("error", why, flush=True)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lab = None
    try:
        lab = Lab(args.work, args.tools, args.root, args.mirrors,
                  services=args.services.split(","))
        print("ok", lab.holder["reader"].pid, lab.pin, flush=True)
        serve_commands(lab)
    except Trouble as t:
        print("error", str(t).replace("\n", " "), flush=True)
        return 1
    finally:
        if lab:
            lab.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
