#!/bin/sh
# Install the Debian packages that are missing, saying so first.
# Usage: packages.sh build|test|bench ...   Each set contains those before it.
set -eu
build="gcc libc6-dev make pkg-config libsodium-dev nettle-dev zlib1g-dev
	libjansson-dev libexpat1-dev libsqlite3-dev libcurl4-openssl-dev
	libxml2-dev libunistring-dev libqrencode-dev"
test="libssl-dev faketime time minisign nginx-light mandoc python3 openssl
	curl libjpeg-turbo-progs webp netpbm libimage-exiftool-perl
	iproute2 iptables zbar-tools dnsmasq-base tcpdump util-linux
	systemd caddy tor strace procps"
bench="zstd gzip tar libjpeg62-turbo-dev aria2 wrk lighttpd"
# Node for the foreign TUF clients: Debian's, or whatever is there already.
command -v node >/dev/null 2>&1 || test="$test nodejs"
command -v npm >/dev/null 2>&1 || test="$test npm"

want=
for set in "$@"; do
	case $set in
	build) want="$want $build" ;;
	test) want="$want $build $test" ;;
	bench) want="$want $build $test $bench" ;;
	*)
		echo "packages.sh: no set named $set" >&2
		exit 2
		;;
	esac
done

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "This is not Debian. erika needs, by Debian's names:" $want
	exit 0
fi
missing=
for p in $want; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null |
		grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
echo "Installing Debian packages:$missing"
sudo=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "Run as root: apt-get install$missing" >&2
		exit 1
	fi
	sudo=sudo
fi
export DEBIAN_FRONTEND=noninteractive
# Servers among them (nginx, caddy, tor, lighttpd) must not start by being
# installed: tests start their own. Whoever has a policy keeps it.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap '$sudo rm -f $policy' EXIT
	trap 'exit 130' INT TERM
	printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
	$sudo chmod 755 $policy
fi
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
