/** Programs do not outlive a process that exits: what still runs then is ended at once. SIGKILL leaves that to `recover`. */
import { endTreeNow } from './end.ts';
import type { ProcessTree } from './tree.ts';

const running = new Set<ProcessTree>();

/** Until the returned function is called. */
export function endWithThisProcess(tree: ProcessTree): () => void {
  if (running.size === 0) process.on('exit', endAll);
  running.add(tree);
  return () => {
    running.delete(tree);
    if (running.size === 0) process.off('exit', endAll);
  };
}

function endAll(): void {
  for (const tree of running) endTreeNow(tree);
}
