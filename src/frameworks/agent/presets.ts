/** The agents that stepwell knows. A new one is one file in `presets/` and one line here. */
import type { AgentPreset } from './preset.ts';
import { claude } from './presets/claude.ts';
import { codex } from './presets/codex.ts';
import { copilot } from './presets/copilot.ts';
import { gemini } from './presets/gemini.ts';
import { mini } from './presets/mini.ts';
import { opencode } from './presets/opencode.ts';
import { pi } from './presets/pi.ts';
import { qwen } from './presets/qwen.ts';

export const PRESETS = {
  pi,
  codex,
  opencode,
  'mini-swe-agent': mini,
  claude,
  gemini,
  qwen,
  copilot,
} satisfies Record<string, AgentPreset>;
