/** The parts of a configuration that the pages on frameworks show are taken by stepwell as they stand. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { FrameworkSettings } from '../../src/schema/index.ts';
import { blocksOf } from './blocks.ts';
import { root } from '../checkout.ts';

const Part = z.looseObject({ frameworks: z.record(z.string(), FrameworkSettings) });

for (const document of ['docs/adapters.md', ...globSync('docs/frameworks/*.md', { cwd: root }).toSorted()]) {
  for (const block of blocksOf(readFileSync(join(root, document), 'utf8'))) {
    if (block.language !== 'yaml' || !block.text.startsWith('frameworks:')) continue;
    test(`${relative('.', document)}:${block.line} is a valid section`, () => {
      const parsed = Part.safeParse(parse(block.text));
      assert.ok(parsed.success, parsed.error?.message);
    });
  }
}
