/** `validation:` of experiment.yaml: what is measured after each step. */
import { z } from 'zod';

/** Longest time limit that a timer can hold (2³¹−1 milliseconds, 24.8 days); above it a timer would fire at once. */
export const MAX_SECONDS = 2_147_483;

const seconds = z.number().positive().max(MAX_SECONDS);
const stepId = z.number().int().positive();

/** What a successful step must leave in the workspace. Paths and globs are relative to it; a pattern without `/` fits any depth. */
const ArtifactRules = z.strictObject({
  require: z.array(z.string().min(1)).default([]).describe('Paths or globs; each must fit at least one file after the step.'),
  ignore: z
    .array(z.string().min(1))
    .default([])
    .describe('Paths or globs that do not count as work, such as "*.md": a step that changed nothing else has failed.'),
});

/** How the service that the framework builds is started. */
export const AppConfig = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe('Program and arguments, started in the workspace; {port} stands for the free port that was chosen.'),
  port_env: z.string().min(1).default('PORT').describe('Environment variable in which the program finds that port.'),
  health_path: z
    .string()
    .startsWith('/')
    .default('/health')
    .describe('Answers with a status of 200 to 299 when the service is ready.'),
  start_timeout_seconds: seconds.default(30).describe('How long it may take until the health path answers.'),
  request_timeout_seconds: seconds.default(10).describe('Limit of one health poll or check, from connecting to the last byte.'),
  from_step: stepId.default(1).describe('Id of the first step after which there is a service to start.'),
});
export type AppConfig = z.infer<typeof AppConfig>;

const CheckOperation = z.enum(['create', 'read', 'list', 'update', 'delete', 'other']);

/**
 * One request of the flow and what is expected of its answer. `{{name}}` in path, headers, body and expectation stands for
 * a value saved by an earlier check, or for `{{unique}}` (letters and digits, new for each step) and `{{step}}`.
 */
export const HttpCheck = z.strictObject({
  name: z.string().min(1).describe('How the check is called in logs and summary.'),
  entity: z.string().default('').describe('What the request is about, such as student; groups the results.'),
  operation: CheckOperation.default('other').describe('All but `other` count in the CRUD metrics.'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET').describe('HTTP method.'),
  path: z.string().regex(/^\//).describe('With query, if any. Values put in for {{name}} are URL-encoded.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Sent with the request, besides those for JSON.'),
  body: z.unknown().optional().describe('Sent as JSON. A string that is only "{{name}}" keeps the type of the value.'),
  expect: z
    .strictObject({
      status: z
        .union([z.number().int().min(100).max(599), z.array(z.number().int().min(100).max(599)).min(1)])
        .optional()
        .describe('One status or a list of accepted ones; default: 200 to 299.'),
      json: z
        .unknown()
        .optional()
        .describe(
          'Partial match: every key named must be there with its value; every element of a list must be found, in any order.',
        ),
    })
    .prefault({})
    .describe('What the answer has to be.'),
  save: z
    .record(z.string(), z.string())
    .default({})
    .describe('Name → where the value stands in the JSON answer, such as id, data.id or items[0].id.'),
  from_step: stepId.default(1).describe('Id of the first step after which the check applies.'),
  until_step: stepId.optional().describe('Id of the last step after which the check applies; default: all later ones.'),
});
export type HttpCheck = z.infer<typeof HttpCheck>;

const artifacts = z.union([z.enum(['changed', 'none']), ArtifactRules]);
const http = z.array(HttpCheck);

export const ValidationConfig = z.strictObject({
  artifacts: artifacts
    .default('changed')
    .describe('`changed`: a step that adds and changes no file has failed. `none` switches that off. Rules refine it.'),
  app: AppConfig.optional().describe('The service to start and probe after each step; without it only files are checked.'),
  http: http.default([]).describe('Checks in the order in which they are sent.'),
});
export type ValidationConfig = z.infer<typeof ValidationConfig>;

/** Of one framework: each section that is given stands in the place of the experiment's. */
export const OwnValidation = z.strictObject({
  artifacts: artifacts.optional().describe('In the place of `validation.artifacts`.'),
  app: AppConfig.optional().describe('In the place of `validation.app`.'),
  http: http.optional().describe('In the place of `validation.http`, all of it.'),
});
export type OwnValidation = z.infer<typeof OwnValidation>;
