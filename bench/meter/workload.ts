/** What is asked of each target. */
export const MODEL = 'gpt-4o-mini';
/** Events of a stream, and the time between two of them. */
export const EVENTS = 50;
export const EVENT_MS = 20;

const PROMPT = 'Write a service with students, courses and teachers. '.repeat(60);

export function requestBody(stream: boolean): string {
  return JSON.stringify({
    model: MODEL,
    messages: [
      { role: 'system', content: 'You write software.' },
      { role: 'user', content: PROMPT },
    ],
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  });
}
