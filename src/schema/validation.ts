/** `validation:` of experiment.yaml: what is measured after each step. */
import { z } from 'zod';

export const ValidationConfig = z.strictObject({
  artifacts: z
    .enum(['changed', 'none'])
    .default('changed')
    .describe('`changed`: a step that adds and changes no file has failed. `none` switches that off.'),
});
export type ValidationConfig = z.infer<typeof ValidationConfig>;
