/** Cassettes: a run's exchanges with models are kept, and another run is answered from them without any model. */
export { readCassette, type Cassette, type DamagedExchange } from './cassette/read.ts';
export { createRecorder, type Recorder, type RecorderOptions } from './cassette/recorder.ts';
export type { ReplayedRun } from './cassette/deck.ts';
export { startReplay, type Replay, type ReplayOptions, type ReplayUpstream } from './cassette/server.ts';
export type { OwnText } from './cassette/substitutions.ts';
