// tuf-js reads an outlet: read.mjs FOLDER KEPT OUT TARGET...
// FOLDER is served as it is, on loopback. KEPT is what the client keeps; it
// begins with KEPT/root.json. Each TARGET is written to OUT/1, OUT/2, ...
// On success prints one line: what was asked for, names without versions and
// hashes in their order. Exit status 1 and a reason when it refuses.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.cwd(), 'foreign', 'x'));
const { Updater } = require('tuf-js');

const [folder, kept, out, ...targets] = process.argv.slice(2);
const asked = [];

async function answer(request, response) {
	const name = path.normalize(decodeURIComponent(request.url));

	asked.push(request.url);
	try {
		const body = await readFile(path.join(folder, name));

		response.writeHead(200, { 'Content-Length': body.length });
		response.end(body);
	} catch {
		response.writeHead(404);
		response.end();
	}
}

const server = createServer(answer);
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const base = `http://127.0.0.1:${server.address().port}`;
const updater = new Updater({
	metadataDir: kept,
	metadataBaseUrl: `${base}/m`,
	targetDir: out,
	targetBaseUrl: `${base}/t`,
	config: { fetchRetries: 0, fetchTimeout: 20000 },
});

try {
	await updater.refresh();
	for (const [i, target] of targets.entries()) {
		const info = await updater.getTargetInfo(target);

		if (!info)
			throw new Error(`${target} is not listed`);
		await updater.downloadTarget(info, path.join(out, `${i + 1}`));
	}
	console.log(asked.join(' '));
} catch (error) {
	console.error(`${error.name}: ${error.message}`);
	process.exitCode = 1;
}
server.closeAllConnections();
server.close();
