/** `stepwell schema`: the JSON Schemas that the package carries. */
import { readdirSync, readFileSync } from 'node:fs';
import { ExitCode } from '../../errors/index.ts';
import { print, write } from '../output.ts';
import { cliError } from '../errors.ts';

const FOLDER = new URL('../../../schemas/', import.meta.url);
const ENDING = '.schema.json';

export async function run([name]: readonly string[]): Promise<number> {
  const known = readdirSync(FOLDER)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();
  if (name === undefined) await print(...known);
  else if (known.includes(name)) await write(readFileSync(new URL(name + ENDING, FOLDER), 'utf8'));
  else throw cliError('UNKNOWN_NAME', { kind: 'schema', value: name, known });
  return ExitCode.ok;
}
