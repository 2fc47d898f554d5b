#!/bin/sh
# Install the foreign clients into FOLDER, as package-lock.json has them, and
# write FOLDER/why when that cannot be done. Never fails: the test that needs
# them says why it is skipped. Usage: install.sh FOLDER
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1" && cd "$1" || exit 0
if cmp -s "$here/package-lock.json" installed.json; then
	exit 0
fi
rm -rf node_modules why installed.json
cp "$here/package.json" "$here/package-lock.json" .
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
	echo "node or npm is not installed" >why
elif ! timeout 240 npm ci --ignore-scripts --no-audit --no-fund \
	>install.log 2>&1; then
	echo "npm ci failed, see build/foreign/install.log" >why
	# Half an installation is worse than none.
	rm -rf node_modules
else
	cp package-lock.json installed.json
fi
exit 0
