/** ChatDev knows models by names of its own, each of which stands for one name on the wire. */
import { chatdevError } from './errors.ts';

const NAMES: Readonly<Record<string, string>> = {
  'gpt-4o-mini': 'GPT_4O_MINI',
  'gpt-4o': 'GPT_4O',
  'gpt-4-turbo': 'GPT_4_TURBO',
  'gpt-4': 'GPT_4',
  'gpt-3.5-turbo-16k': 'GPT_3_5_TURBO',
  // The scripted model answers whatever it is called.
  rehearsal: 'GPT_4O_MINI',
};

/** For `--model`. @throws CHATDEV_MODEL_UNKNOWN */
export function modelName(model: string): string {
  const name = Object.hasOwn(NAMES, model) ? NAMES[model] : undefined;
  if (name === undefined) throw chatdevError('CHATDEV_MODEL_UNKNOWN', { model, known: Object.keys(NAMES) });
  return name;
}
