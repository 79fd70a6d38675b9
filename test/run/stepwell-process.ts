/** stepwell as a process of its own: `node stepwell-process.ts CONFIG RUNS_DIR FRAMEWORK…`. Prints the run directories as they begin. */
import { interruptOnSignals, runExperiment } from '../../src/experiment/index.ts';

const [config = '', runsDir = '', ...frameworks] = process.argv.slice(2);
using interruption = interruptOnSignals({ onFirst: (signal) => console.log(`first ${signal}`) });
const { exitCode } = await runExperiment({
  config,
  runsDir,
  frameworks,
  signal: interruption.signal,
  onProgress: (event) => {
    if (event.type === 'run_started') console.log(`started ${event.run.runDir}`);
    else if (event.type === 'record') console.log(`record ${event.record.step ?? '-'} ${event.record.event}`);
    else console.log(event.type);
  },
});
process.exitCode = interruption.exitCode ?? exitCode;
