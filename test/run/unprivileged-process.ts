/** stepwell-process.ts without root's rights, from which no path is hidden. Arguments: CONFIG RUNS_DIR FRAMEWORK… */
import { UNPRIVILEGED_ID } from './unprivileged-user.ts';

if (process.getuid?.() === 0) {
  process.setgroups!([]);
  process.setgid!(UNPRIVILEGED_ID);
  process.setuid!(UNPRIVILEGED_ID);
}
await import('./stepwell-process.ts');
