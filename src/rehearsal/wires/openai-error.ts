export function openAiError(_status: number, code: string, message: string): object {
  return { error: { message, type: 'invalid_request_error', param: null, code } };
}
