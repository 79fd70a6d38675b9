/** Cassettes: a run's exchanges with models are kept, and another run is answered from them without any model. */
export { readCassette, type Cassette } from './cassette/read.ts';
export { createRecorder, type RecorderOptions } from './cassette/recorder.ts';
export { startReplay } from './cassette/server.ts';
