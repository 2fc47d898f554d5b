# A Tor network of its own on this machine: three directory authorities, two
# relays, and the tors of those who use it. Source after tap.sh. No packet
# leaves the machine: all of them know only each other, by 127.0.0.1.
tor_pids=
tor_relays="a1 a2 a3 r1 r2"
PATH=$PATH:/usr/sbin

tor_or_skip() {
	tools_or_skip "$1" tor tor-gencert python3
}

# tor_common NAME: what all have in common. Neither long-lived guards nor
# circuits in advance fit a network that small.
tor_common() {
	cat <<-TORRC
	TestingTorNetwork 1
	DataDirectory $PWD/tor/$1
	Log notice file $PWD/tor/$1.log
	VanguardsLiteEnabled 0
	TORRC
}

tor_relay() {
	local or_dir
	read -ra or_dir <<<"$2"
	tor_common "$1"
	cat <<-TORRC
	Nickname $1
	Address 127.0.0.1
	ORPort 127.0.0.1:${or_dir[0]}
	DirPort 127.0.0.1:${or_dir[1]}
	SocksPort 0
	ExitRelay 0
	AssumeReachable 1
	TORRC
}

# A consensus as often as tor lets a test have it.
tor_authority() {
	tor_relay "$1" "$2"
	cat <<-TORRC
	ContactInfo nobody@example.org
	AuthoritativeDirectory 1
	V3AuthoritativeDirectory 1
	TestingV3AuthInitialVotingInterval 5
	TestingV3AuthInitialVoteDelay 2
	TestingV3AuthInitialDistDelay 2
	V3AuthVotingInterval 10
	V3AuthVoteDelay 2
	V3AuthDistDelay 2
	V3AuthNIntervalsValid 2
	TestingDirAuthVoteGuard *
	TestingDirAuthVoteHSDir *
	TORRC
}

# tor_introduce NAME "OR-PORT DIR-PORT": makes an authority's keys, and the
# line by which others know it.
tor_introduce() {
	local at=tor/$1 id print or_dir
	read -ra or_dir <<<"$2"
	mkdir -m 700 -p "$at/keys"
	(cd "$at/keys" && echo test | tor-gencert --create-identity-key \
		-m 1 --passphrase-fd 0) >"$at.gencert" 2>&1 || return
	id=$(sed -n 's/^fingerprint //p' "$at/keys/authority_certificate")
	tor_authority "$1" "$2" >"$at.torrc"
	print=$(tor --defaults-torrc /dev/null -f "$at.torrc" --quiet \
		--DirAuthority "x 127.0.0.1:1 $(printf %040d 0)" \
		--list-fingerprint 2>>"$at.gencert" | tail -n 1)
	print=${print#* }
	echo "DirAuthority $1 orport=${or_dir[0]} v3ident=$id" \
		"127.0.0.1:${or_dir[1]} ${print// /}" >"$at.known"
}

# tor_run NAME: starts tor/NAME.torrc, to which it adds the authorities.
tor_run() {
	mkdir -m 700 -p "tor/$1"
	cat tor/*.known >>"tor/$1.torrc"
	tor --defaults-torrc /dev/null -f "tor/$1.torrc" --quiet &
	tor_pids="$tor_pids $!"
}

# tor_keys: those of the network; takes some seconds, and can be done aside.
tor_keys() {
	local ports n i=0
	mkdir -m 700 tor
	read -ra ports <<<"$(free_ports 10)"
	for n in $tor_relays; do
		echo "${ports[i]} ${ports[i + 1]}" >"tor/$n.ports"
		i=$((i + 2))
	done
	for n in a1 a2 a3; do
		tor_introduce $n "$(cat tor/$n.ports)" &
	done
	for n in r1 r2; do
		tor_relay $n "$(cat tor/$n.ports)" >tor/$n.torrc
	done
	wait
}

# tor_network: starts it and waits until its directory has all relays.
tor_network() {
	local n
	[ "$(cat tor/*.known | wc -l)" = 3 ] || return
	for n in $tor_relays; do
		tor_run "$n"
	done
	for _ in $(seq 600); do
		[ "$(grep -c '^r ' tor/a1/cached-microdesc-consensus \
			2>/dev/null)" = 5 ] && return 0
		sleep 0.1
	done
	return 1
}

# tor_up NAME...: they have found their way in.
tor_up() {
	local n
	for n in "$@"; do
		for _ in $(seq 600); do
			grep -q 'Bootstrapped 100%' "tor/$n.log" 2>/dev/null &&
				continue 2
			sleep 0.1
		done
		return 1
	done
}

# At once: they have nothing to save, and one in hundreds that is asked to end
# hangs for good while it does.
tor_stop() {
	local p
	for p in $tor_pids; do kill -KILL "$p" 2>/dev/null; done
	for p in $tor_pids; do wait "$p" 2>/dev/null; done
	tor_pids=
}
