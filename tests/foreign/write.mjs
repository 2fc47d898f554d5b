// @tufjs/models makes an outlet anew: write.mjs FROM TO
// FROM/m is an outlet of erika-press; TO/m gets metadata by other keys and by
// other people's code, which lists the same targets (copy FROM/t to TO/t).
// Also, for other TUF clients than readers of news: h/* in eight bins by hash
// prefix, and n/* through three roles, the middle one of two keys.
// All keys are made here and forgotten.
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.cwd(), 'foreign', 'x'));
const tuf = require('@tufjs/models');
const { canonicalize } = require('@tufjs/canonical-json');

const [from, to] = process.argv.slice(2);
const sha256 = (data) => createHash('sha256').update(data).digest('hex');

function expires(days) {
	const when = new Date(Date.now() + days * 86400000);

	return when.toISOString().replace(/\.\d+Z$/, 'Z');
}

const common = (version, days) => ({
	version,
	specVersion: '1.0.34',
	expires: expires(days),
});

// ---- keys

function makeKey() {
	const pair = generateKeyPairSync('ed25519');
	const { x } = pair.publicKey.export({ format: 'jwk' });
	const object = {
		keytype: 'ed25519',
		scheme: 'ed25519',
		keyval: { public: Buffer.from(x, 'base64url').toString('hex') },
	};
	const keyID = sha256(canonicalize(object));

	return {
		secret: pair.privateKey,
		key: new tuf.Key({
			keyID,
			keyType: 'ed25519',
			scheme: 'ed25519',
			keyVal: object.keyval,
		}),
	};
}

function signed(body, ...keys) {
	const metadata = new tuf.Metadata(body);

	for (const { key, secret } of keys)
		metadata.sign(
			(data) =>
				new tuf.Signature({
					keyID: key.keyID,
					sig: sign(null, data, secret).toString('hex'),
				}),
			true,
		);
	return metadata;
}

const roots = [makeKey(), makeKey(), makeKey(), makeKey()];
const [timestampKey, snapshotKey] = [makeKey(), makeKey()];
const targetsKeys = [makeKey(), makeKey()];

// ---- files

const files = {};
mkdirSync(path.join(to, 'm'), { recursive: true });

function put(name, metadata, style = 1) {
	// Written for people, as many TUF tools do; only "signed" is canonical.
	const text = JSON.stringify(metadata.toJSON(), null, style);

	const file = path.join(to, 'm', name);

	mkdirSync(path.dirname(file), { recursive: true });
	writeFileSync(file, text);
	files[name] = Buffer.from(text);
}

function listed(name, exact) {
	const data = files[name];

	return new tuf.MetaFile({
		version: Number(name.split('.')[0]),
		...(exact && {
			length: data.length,
			hashes: { sha256: sha256(data), sha512: sha512(data) },
		}),
	});
}

function sha512(data) {
	return createHash('sha512').update(data).digest('hex');
}

// ---- root: 2 of 3, then one of them replaced

function grant(threshold, ...keys) {
	return { keyids: keys.map(({ key }) => key.keyID), threshold };
}

function keyTable(keys) {
	return Object.fromEntries(
		keys.map(({ key }) => [key.keyID, key.toJSON()]),
	);
}

function root(version, holders, more = {}) {
	return tuf.Root.fromJSON({
		_type: 'root',
		spec_version: '1.0.34',
		version,
		expires: expires(365),
		consistent_snapshot: true,
		keys: keyTable([
			...holders,
			...targetsKeys,
			timestampKey,
			snapshotKey,
		]),
		roles: {
			root: grant(2, ...holders),
			timestamp: grant(1, timestampKey),
			snapshot: grant(1, snapshotKey),
			targets: grant(2, ...targetsKeys),
		},
		...more,
	});
}

const outlet = { 'x-erika-outlet': { name: 'Made by others' } };
const anchor = root(1, roots.slice(0, 3), outlet);
put('1.root.json', signed(anchor, roots[0], roots[2]));
put(
	'2.root.json',
	signed(root(2, roots.slice(1), outlet), roots[1], roots[2], roots[3]),
);

// ---- targets and delegations

// A delegation, and who signs for it.
function role(name, keys, options) {
	return {
		name,
		keys,
		role: {
			name,
			...grant(keys.length, ...keys),
			terminating: true,
			...options,
		},
	};
}

function delegations(list) {
	return {
		keys: keyTable(list.flatMap(({ keys }) => keys)),
		roles: list.map(({ role }) => role),
	};
}

// What the newest file of a role lists in the outlet we begin with.
function theirs(name) {
	const pattern = new RegExp(`^\\d+\\.${name}\\.json$`);
	const newest = readdirSync(path.join(from, 'm'))
		.filter((file) => pattern.test(file))
		.sort((a, b) => parseInt(a) - parseInt(b))
		.at(-1);

	return JSON.parse(readFileSync(path.join(from, 'm', newest))).signed;
}

const snapshot = {};

function publish(version, entry, targets, list, exact = true) {
	const name = `${version}.${entry.name}.json`;
	const body = tuf.Targets.fromJSON({
		_type: 'targets',
		spec_version: '1.0.34',
		version,
		expires: expires(30),
		targets,
		...(list && { delegations: delegations(list) }),
	});

	put(name, signed(body, ...entry.keys));
	snapshot[`${entry.name}.json`] = listed(name, exact);
	return entry;
}

// A small file of our own, listed under its name.
function small(name) {
	const data = Buffer.from(`the file ${name}\n`);
	const folder = path.join(to, 't', path.dirname(name));

	mkdirSync(folder, { recursive: true });
	writeFileSync(
		path.join(folder, `${sha256(data)}.${path.basename(name)}`),
		data,
	);
	return { [name]: { length: data.length, hashes: { sha256: sha256(data) } } };
}

// The same tree of delegations, by new keys.
function rebuilt(d) {
	const { targets, delegations: tree } = theirs(d.name);

	return publish(
		7,
		role(d.name, [makeKey()], {
			paths: d.paths,
			terminating: d.terminating,
		}),
		targets,
		tree && tree.roles.map(rebuilt),
	);
}

const list = theirs('targets').delegations.roles.map(rebuilt);

for (let i = 0; i < 8; i++) {
	const first = [2 * i, 2 * i + 1].map((n) => n.toString(16));
	const names = Array.from({ length: 12 }, (_, n) => `h/${n}.txt`);
	const mine = names.filter((n) => first.includes(sha256(n)[0]));

	list.push(
		publish(
			3,
			role(`bin-${i}`, [makeKey()], {
				path_hash_prefixes: first,
				terminating: false,
			}),
			Object.assign({}, ...mine.map(small)),
			null,
			false,
		),
	);
}

const third = publish(
	1,
	role('n three/@', [makeKey()], { paths: ['n/a/*'] }),
	small('n/a/deep file.txt'),
);
const second = publish(
	2,
	role('n-two', [makeKey(), makeKey()], { paths: ['n/*/*'] }),
	{},
	[third],
);
list.push(publish(1, role('n-one', [makeKey()], { paths: ['n/*/*'] }), {}, [second]));
publish(
	4,
	{ name: 'targets', keys: targetsKeys },
	small('top.txt'),
	list,
);

// ---- snapshot and timestamp

put(
	'5.snapshot.json',
	signed(new tuf.Snapshot({ ...common(5, 7), meta: snapshot }), snapshotKey),
);
put(
	'timestamp.json',
	signed(
		new tuf.Timestamp({
			...common(9, 7),
			snapshotMeta: listed('5.snapshot.json', true),
		}),
		timestampKey,
	),
);
