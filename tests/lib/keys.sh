# For tests of a newsroom's keys. Sourced after tap.sh.
conform=$ERIKA_BIN/tests/conform/erika-conform

# mirror ROOM FOLDER: publish there, as mirror FOLDER.
mirror() {
	mkdir -p "$2"
	cat >"$1/mirrors.ini" <<-INI
	[mirror "$2"]
	to = $PWD/$2
	url = https://$2.example/e/
	INI
}

# article NAME: a page, whose path is printed.
article() {
	[ -f "$PWD/$1.html" ] || cat >"$PWD/$1.html" <<-PAGE
	<html lang="en"><head><title>On $1</title></head><body><article>
	<h1>On $1</h1><p>All there is to say on $1.</p></article></body></html>
	PAGE
	echo "$PWD/$1.html"
}

# newkey NAME: an unencrypted pair here; prints the public file.
newkey() {
	[ -f "$1.pub" ] ||
		erika-press key new --no-passphrase "./$1" >/dev/null 2>&1
	echo "./$1.pub"
}

# version MIRROR [ROLE]: of its timestamp, or of a role in the newest snapshot.
version() {
	python3 - "$1" "${2-}" <<-'PY'
	import json, sys
	folder, role = sys.argv[1:]
	t = json.load(open(folder + "/m/timestamp.json"))["signed"]
	if not role:
	    print(t["version"])
	else:
	    v = t["meta"]["snapshot.json"]["version"]
	    s = json.load(open("%s/m/%d.snapshot.json" % (folder, v)))["signed"]
	    print(s["meta"][role + ".json"]["version"])
	PY
}

# bundle_path MIRROR SEQUENCE [DESK]: target path of a bundle.
bundle_path() {
	(cd "$1/t" && ls b/"${3-news}"/*/*."$2".ekb) | head -n 1 |
		sed 's|/[0-9a-f]*\.\([0-9]*\.ekb\)$|/\1|'
}

# follows MIRROR [STATE]: a reader refreshes from the folder; STATE ("reader")
# is what it keeps, begun with the mirror's first root.
follows() {
	local state=${2-reader}
	[ -d "$state" ] ||
		"$conform" --metadata-dir "$state" init "$1/m/1.root.json" ||
		return
	"$conform" --metadata-url "$PWD/$1/m/" --metadata-dir "$state" refresh
}

# target MIRROR PATH [STATE]: the same, and downloads a target to got/.
target() {
	local state=${3-reader}
	[ -d "$state" ] ||
		"$conform" --metadata-dir "$state" init "$1/m/1.root.json" ||
		return
	mkdir -p got
	"$conform" --metadata-url "$PWD/$1/m/" --metadata-dir "$state" \
		--target-name "$2" --target-dir got \
		--target-base-url "$PWD/$1/t/" download
}
