#!/bin/bash
# Secrets in memory and on disk: erika-press leaves no core dump, cannot be
# looked into, locks passphrases in memory, and refuses key files that others
# can read.
. "$SRC/tests/lib/tap.sh"
umask 077 # passphrases
. "$SRC/tests/lib/keys.sh"
pass='seventeen small herrings'
echo "$pass" >pass
erika-press init --name Quiet --apart --root-keys 2 --threshold 2 \
	--passphrase-file pass room >/dev/null 2>&1
ok $? "a newsroom with encrypted keys"
mirror room m
run 0 "all of them" sh -c 'grep -L "^untrusted" room/keys/*.key | wc -l'
for k in room/keys/*.key; do
	grep -qF "$pass" "$k" && echo "$k"
done >leaks
is "$(cat leaks)" "" "no passphrase in a key file"

# ---- a process that waits with a passphrase buffer: a pipe nobody writes to
if [ -r /proc/self/limits ]; then
	mkfifo fifo
	(
		ulimit -c unlimited
		exec erika-press publish -C room --passphrase-file fifo
	) 2>waiting.err &
	pid=$!
	for _ in $(seq 200); do
		grep -q '^VmFlags:.* lo' /proc/$pid/smaps 2>/dev/null && break
		sleep 0.02
	done
	like "$(cat /proc/$pid/limits)" '^Max core file size +0 +0 ' \
		"no core dump, whatever the shell allows"
	if [ "$(ulimit -l)" = unlimited ] || [ "$(ulimit -l)" -ge 64 ]; then
		like "$(grep VmFlags /proc/$pid/smaps)" ' lo .*dd' \
			"the passphrase is locked in memory, and never dumped"
	else
		skip "locked memory" "ulimit -l is $(ulimit -l)"
	fi
	if [ "$(id -u)" -eq 0 ]; then
		# The runner's folder is for its user alone.
		theirs=$(mktemp -d "${TMPDIR:-/tmp}/erika-secret.XXXXXX")
		trap 'rm -rf "$theirs"' EXIT
		cp -r room "$(command -v erika-press)" "$theirs/"
		mkfifo "$theirs/fifo"
		chown -R nobody "$theirs"
		setpriv --reuid nobody --clear-groups "$theirs/erika-press" \
			publish -C "$theirs/room" --passphrase-file \
			"$theirs/fifo" 2>other.err &
		other=$!
		for _ in $(seq 500); do
			# Before setpriv it is root's, too.
			[ "$(cat /proc/$other/comm)" = erika-press ] &&
				[ "$(stat -c %U /proc/$other/mem)" = root ] &&
				break
			sleep 0.02
		done
		is "$(stat -c %U /proc/$other/mem)" root \
			"its memory is not its user's to read"
		run 1 "not by that user either" setpriv --reuid nobody \
			--clear-groups head -c 1 /proc/$other/mem
		kill $other
		wait $other 2>/dev/null
	else
		is "$(stat -c %U /proc/$pid/mem)" root \
			"its memory is not its user's to read"
	fi
	kill -ABRT $pid
	wait $pid 2>/dev/null
	is "$(find . -name 'core*')" "" "killed by an abort, it leaves no core"
else
	skip "a waiting process" "no /proc"
fi

# ---- where no memory can be locked, that is said once
tight() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --bounding-set=-ipc_lock --inh-caps=-ipc_lock \
			bash -c 'ulimit -l 0 && exec "$@"' - "$@"
	else
		bash -c 'ulimit -l 0 && exec "$@"' - "$@"
	fi
}
if tight true 2>/dev/null; then
	run 0 "publish, where no memory is locked" tight erika-press publish \
		-q -C room --passphrase-file pass
	is "$(grep -c 'cannot be locked in memory.*swap (ulimit -l)' <<<"$err")" \
		1 "is warned of that, once for all its keys"
	run 0 "what unlocks no key" tight erika-press status -C room
	unlike "$err" 'locked' "is not"
else
	skip "unlocked memory" "the limit cannot be set"
fi
if [ "$(ulimit -l)" = unlimited ] || [ "$(ulimit -l)" -ge 1024 ]; then
	run 0 "publish, where memory is locked" erika-press publish \
		-q -C room --passphrase-file pass
	unlike "$err" 'locked' "says nothing of it"
fi

# ---- every command that unlocks a key refuses one that others can read
chmod 644 room/keys/root-1.key room/keys/targets.key
erika-press root new -C room --passphrase-file pass -o p threshold root 1 \
	>/dev/null 2>&1
run 15 "root sign" erika-press root sign -C room --passphrase-file pass p
like "$err" 'root-1.key can be read by others \(mode 644\)' "says which"
run 15 "root sign --key" erika-press root sign --passphrase-file pass \
	--key room/keys/root-1.key p
run 15 "desk rotate" erika-press desk rotate -C room --passphrase-file pass \
	--key room/keys/desk-news.pub news
like "$(erika-press key list -C room)" '^targets +[0-9A-F]+  encrypted 644' \
	"key list shows the mode"
chmod 600 room/keys/*.key
run 0 "with mode 600" erika-press root sign -C room --passphrase-file pass p

# ---- keys with passphrases of their own
echo "another one" >pass2
rm room/keys/root-2.*
run 0 "a key with its own passphrase, anywhere" erika-press key new \
	--passphrase-file pass2 ./alice
is "$(stat -c %a alice.key)" 600 "is 0600"
run 1 "key new does not write over one" erika-press key new \
	--passphrase-file pass2 ./alice
run 0 "joins" erika-press root new -C room -o q add root ./alice.pub
run 11 "not with another's passphrase" erika-press root sign \
	--passphrase-file pass --key alice.key q
run 0 "but with its own" erika-press root sign --passphrase-file pass2 \
	--key alice.key q
head -c 1100 /dev/zero | tr '\0' x >long
run 15 "a passphrase over 1,023 bytes is refused" erika-press root sign \
	--passphrase-file long --key alice.key q
run 2 "a key name that leaves the folder" erika-press key new -C room \
	--no-passphrase ../oops/..
plan
