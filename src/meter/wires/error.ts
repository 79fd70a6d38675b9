/** Error bodies that stepwell itself sends, in the format of each provider. */
import type { Provider } from './wire.ts';

/** `code` is stepwell's own error code; formats without a field for it omit it. */
interface LocalError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export function errorBody(provider: Provider, { status, code, message }: LocalError): string {
  switch (provider) {
    case 'openai':
      return JSON.stringify({
        error: {
          message,
          type: OPENAI_TYPES[status] ?? defaultType(status, 'invalid_request_error', 'server_error'),
          param: null,
          code,
        },
      });
    case 'anthropic':
      return JSON.stringify({
        type: 'error',
        error: { type: ANTHROPIC_TYPES[status] ?? defaultType(status, 'invalid_request_error', 'api_error'), message },
      });
    case 'gemini':
      return JSON.stringify({
        error: { code: status, message, status: GEMINI_STATUSES[status] ?? defaultType(status, 'INVALID_ARGUMENT', 'INTERNAL') },
      });
    default:
      return provider satisfies never;
  }
}

function defaultType(status: number, client: string, server: string): string {
  return status < 500 ? client : server;
}

const OPENAI_TYPES: Readonly<Record<number, string>> = { 429: 'insufficient_quota' };

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

const GEMINI_STATUSES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};
