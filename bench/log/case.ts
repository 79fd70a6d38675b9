/** Runs one case in this process and prints its seconds as JSON. `node bench/log/case.ts NAME DIRECTORY` */
import { cases } from './cases.ts';
import { LINES } from './workload.ts';

const [name = '', directory = ''] = process.argv.slice(2);
const prepare = cases[name];
if (prepare === undefined) throw new Error(`no case ${name}`);
const run = await prepare(directory);
await run(Math.ceil(LINES / 15));
const cpu = process.cpuUsage();
const start = process.hrtime.bigint();
await run(LINES);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const { user, system } = process.cpuUsage(cpu);
process.stdout.write(`${JSON.stringify({ seconds, cpuSeconds: (user + system) / 1e6 })}\n`);
process.exit(0);
