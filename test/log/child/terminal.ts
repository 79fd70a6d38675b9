/** Logs without a run: what a person sees on a terminal. */
import { getLogger } from '../../../src/log/index.ts';

const log = getLogger('terminal', { component: 'adapter' });
log.warn('be\u001B[31mware\u0007 of \u001B]0;title\u0007this', { metadata: { count: 2 } });
log.error('failed', { error: new Error('no answer') });
