/** stepwell-process.ts without root's rights, from which no path is hidden. Arguments: CONFIG RUNS_DIR FRAMEWORK… */
import { NOBODY } from './nobody.ts';

if (process.getuid?.() === 0) {
  process.setgroups!([]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
}
await import('./stepwell-process.ts');
