/** Runs one case in this process and prints its seconds, and the bytes of its files, as JSON. `node bench/log/case.ts NAME DIRECTORY` */
import { cases } from './cases.ts';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LINES } from './workload.ts';

const [name = '', directory = ''] = process.argv.slice(2);
const prepare = cases[name];
if (prepare === undefined) throw new Error(`no case ${name}`);
const run = await prepare(directory);
const WARM_UP = Math.ceil(LINES / 15);
await run(WARM_UP);
const cpu = process.cpuUsage();
const start = process.hrtime.bigint();
await run(LINES);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const { user, system } = process.cpuUsage(cpu);
const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) => statSync(join(directory, path)));
const bytes = paths.reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6, lineBytes: bytes / (LINES + WARM_UP) })}\n`);
process.exit(0);
