# Debian's minisign and erika read each other's keys and signatures.
. "$SRC/tests/lib/tap.sh"

tool=$ERIKA_BIN/tests/tool/signtool
pass='a test passphrase, пароль'
seed=0707070707070707070707070707070707070707070707070707070707070707

tools_or_skip "minisign interoperation" minisign

printf 'hello, reader\n' >file
: >empty

# Ours, read by minisign.
"$tool" key "$seed" >plain.sec
"$tool" key "$seed" "$pass" >locked.sec
run 0 "public half of our plain key" "$tool" pub plain.sec
printf '%s\n' "$out" >ours.pub
run 0 "public half of our encrypted key" "$tool" pub locked.sec "$pass"
is "$out" "$(cat ours.pub)" "is the same"
run 0 "minisign recreates our public key" \
	minisign -R -s plain.sec -p theirs.pub
is "$(tail -n 1 theirs.pub)" "$(tail -n 1 ours.pub)" "byte for byte"
longest=$(head -c 8173 /dev/zero | tr '\0' x)
for f in file empty; do
	"$tool" sign plain.sec $f "path=$f €" >$f.minisig
	run 0 "minisign verifies our signature of $f" \
		minisign -V -p ours.pub -m $f
	like "$out" "^Trusted comment: path=$f €\$" "and shows our comment"
	run 0 "with the key on the command line" \
		minisign -V -P "$(tail -n 1 ours.pub)" -m $f
	"$tool" sign locked.sec $f "path=$f €" "$pass" >$f.again
	run 0 "the encrypted key signs the same bytes" \
		cmp $f.again $f.minisig
done
"$tool" sign plain.sec file "$longest" >long.minisig
run 0 "minisign verifies our longest comment" \
	minisign -V -p ours.pub -m file -x long.minisig
run 15 "one byte more is refused" "$tool" sign plain.sec file "${longest}x"
run 15 "an empty comment is refused" "$tool" sign plain.sec file ""
printf 'hello, reader!\n' >other
run 1 "minisign refuses our signature of another file" \
	minisign -V -p ours.pub -m other -x file.minisig

# Our secret keys, used by minisign, which reads a passphrase from stdin.
run 0 "minisign signs with our plain key" \
	minisign -S -s plain.sec -m file -x plain.minisig
printf '%s\n' "$pass" | minisign -S -s locked.sec -m file -x locked.minisig \
	-t 'with a passphrase' >/dev/null 2>&1
ok $? "minisign signs with our encrypted key"
for s in plain locked; do
	run 0 "we verify what it signed with our $s key" \
		"$tool" verify ours.pub file $s.minisig
	run 1 "which is not taken for erika-press's writing" \
		"$tool" strict $s.minisig
done
is "$out" "" "nothing on stdout"
run 0 "our own is" "$tool" strict file.minisig
run 11 "a wrong passphrase" "$tool" pub locked.sec "not $pass"
like "$err" "wrong passphrase" "is said"
run 2 "no passphrase" "$tool" pub locked.sec
run 11 "an empty passphrase" "$tool" pub locked.sec ""

# Theirs, read by us.
minisign -G -W -s their-plain.sec -p their-plain.pub >/dev/null 2>&1 </dev/null
ok $? "minisign makes a plain key"
printf '%s\n%s\n' "$pass" "$pass" |
	minisign -G -s their-locked.sec -p their-locked.pub >/dev/null 2>&1
ok $? "minisign makes an encrypted key"
run 0 "we open its plain key" "$tool" pub their-plain.sec
is "$out" "$(cat their-plain.pub)" "and write its public key file"
run 0 "we open its encrypted key" "$tool" pub their-locked.sec "$pass"
is "$out" "$(cat their-locked.pub)" "and write its public key file"
run 11 "not with another passphrase" "$tool" pub their-locked.sec "$pass "
"$tool" sign their-plain.sec file "signed by erika" >by-us.minisig
run 0 "minisign verifies what we signed with its key" \
	minisign -V -p their-plain.pub -m file -x by-us.minisig
run 0 "minisign signs, with its default comment" \
	minisign -S -s their-plain.sec -m file -x theirs.minisig
run 0 "we verify it" "$tool" verify their-plain.pub file theirs.minisig
like "$out" "^timestamp:[0-9]+	file:file	hashed\$" \
	"and give its comment, tabs included"
run 10 "not for another file" "$tool" verify their-plain.pub other theirs.minisig
run 11 "not by another key" "$tool" verify ours.pub file theirs.minisig
like "$err" "signed by key [0-9A-F]{16}, not by [0-9A-F]{16}" "which is named"
run 0 "minisign signs the old way" \
	minisign -S -l -s their-plain.sec -m file -x old.minisig
run 15 "we refuse that" "$tool" verify their-plain.pub file old.minisig
like "$err" "old kind.*minisign -S -H" "and say what to do"
sed 's/$/\r/' theirs.minisig >crlf.minisig
run 15 "line ends of DOS are refused" \
	"$tool" verify their-plain.pub file crlf.minisig
plan
