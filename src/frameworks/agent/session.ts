/** Records the session that an agent writes below its HOME, since HOME is removed after the attempt. */
import { type Logger, runRedactor } from '../../log/index.ts';
import type { EventMetadata } from '../../schema/index.ts';
import type { AgentMessage } from './preset.ts';

/** Limits: characters of one message; messages and characters of one attempt. */
const LIMITS = { message: 64 * 1024, messages: 10_000, total: 16 * 1024 * 1024 };

export interface SessionRecorder {
  readonly record: (message: AgentMessage, file: string) => void;
  end(): void;
}

export function createSessionRecorder(log: Logger): SessionRecorder {
  const redactor = runRedactor();
  const seen = { messages: 0, recorded: 0, bytes: 0 };
  let kept = 0;
  return {
    record({ role, tools, content }, file) {
      const json = JSON.stringify(content);
      const bytes = Buffer.byteLength(json);
      seen.messages += 1;
      seen.bytes += bytes;
      if (seen.recorded >= LIMITS.messages || kept >= LIMITS.total) return;
      // Redact before truncating: half a secret would no longer be recognized.
      const text = redactor.redact(json);
      const message = text.slice(0, LIMITS.message);
      kept += message.length;
      seen.recorded += 1;
      const metadata = {
        file,
        role,
        tools: [...tools],
        bytes,
        cut: message.length < text.length,
      } satisfies EventMetadata<'agent_message'>;
      log.info(message, { event: 'agent_message', metadata });
    },
    end() {
      if (seen.messages === 0) return;
      const { messages, recorded } = seen;
      const rest = recorded < messages ? `; the first ${recorded} were recorded` : '';
      const metadata = seen satisfies EventMetadata<'agent_session'>;
      log[recorded < messages ? 'warn' : 'info'](`The agent's session has ${messages} messages${rest}`, {
        event: 'agent_session',
        metadata,
      });
    },
  };
}
