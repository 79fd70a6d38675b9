/** Cassettes: a run's exchanges with models are recorded, and another run is answered from them without any model. */
export { readCassette, type Cassette } from './read.ts';
export { createRecorder, type RecorderOptions } from './recorder.ts';
export { startReplay } from './server.ts';
