/** Calls the tool with which an agent runs shell commands. Its name and arguments differ between agents. */
import { z } from 'zod';
import type { OfferedTool, Reply } from './model-request.ts';

const SHELL_TOOLS = ['bash', 'shell', 'shell_command', 'exec_command', 'run_shell_command', 'execute_bash'];
const COMMAND_ARGUMENTS = ['command', 'cmd'];

const Type = z.string().transform((type) => type.toLowerCase());
const Parameter = z.object({ type: Type.optional().catch(undefined), enum: z.array(z.unknown()).optional() });
const Schema = z.object({
  properties: z.record(z.string(), Parameter),
  required: z.array(z.string()).default([]),
});

/** A tool call that runs `command`, or null when the client offers no shell tool. */
export function shellCall(tools: readonly OfferedTool[], command: string): Extract<Reply, { kind: 'call' }> | null {
  for (const { name, schema } of tools) {
    if (!SHELL_TOOLS.includes(name.toLowerCase())) continue;
    const parsed = Schema.safeParse(schema);
    if (!parsed.success) continue;
    const { properties, required } = parsed.data;
    const argument = COMMAND_ARGUMENTS.find((key) => key in properties);
    if (argument === undefined) continue;
    const args: Record<string, unknown> = {};
    args[argument] = properties[argument]?.type === 'array' ? ['sh', '-c', command] : command;
    for (const key of required) args[key] ??= placeholderFor(properties[key] ?? {});
    return { kind: 'call', tool: name, args };
  }
  return null;
}

/** A valid value for a required argument that does not matter here. */
function placeholderFor({ type, enum: choices }: z.infer<typeof Parameter>): unknown {
  if (choices?.[0] !== undefined) return choices[0];
  if (type === 'boolean') return false;
  if (type === 'integer' || type === 'number') return 1;
  return type === 'array' ? [] : 'rehearsal';
}
