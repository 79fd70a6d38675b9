/**
 * A framework that asks a model: `node model-calling-framework.ts CALLS [wait]`. It prints the status of each answer and writes a file, whatever
 * the answers were. `wait`: it waits forever after a refusal.
 */
import { writeFileSync } from 'node:fs';

const [calls = '1', mode] = process.argv.slice(2);
const { OPENAI_BASE_URL, OPENAI_API_KEY, STEPWELL_MODEL, STEPWELL_STEP, STEPWELL_ATTEMPT } = process.env;
for (let call = 1; call <= Number(calls); call++) {
  const response = await fetch(`${OPENAI_BASE_URL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OPENAI_API_KEY}` },
    body: JSON.stringify({
      model: STEPWELL_MODEL,
      messages: [{ role: 'user', content: `Call ${call} of step ${STEPWELL_STEP}` }],
    }),
  });
  console.log(`${response.status} ${await response.text()}`);
  if (response.status === 429 && mode === 'wait') setInterval(() => {}, 1000);
  if (response.status === 429 && mode === 'wait') await new Promise(() => {});
}
writeFileSync(`step-${STEPWELL_STEP}.txt`, `built by attempt ${STEPWELL_ATTEMPT}\n`);
