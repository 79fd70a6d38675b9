/** child.ts without root's rights, which would hide every forbidden path: `node ordinary.ts CONFIG RUNS_DIR FRAMEWORK…`. */
import { NOBODY } from './nobody.ts';

if (process.getuid?.() === 0) {
  process.setgroups!([]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}
await import('./child.ts');
