/** `validation:` of experiment.yaml: what is measured after each step. */
import { z } from 'zod';

/** Longest time limit that a timer can hold (2³¹−1 milliseconds, 24.8 days); above it a timer would fire at once. */
export const MAX_SECONDS = 2_147_483;

const seconds = z.number().positive().max(MAX_SECONDS);
const stepId = z.number().int().positive();

/** What a successful step must leave in the workspace. Paths and globs are relative to it; a pattern without `/` fits any depth. */
const ArtifactRules = z.strictObject({
  require: z.array(z.string().min(1)).default([]).describe('Paths or globs. After the step, each must match at least one file.'),
  ignore: z
    .array(z.string().min(1))
    .default([])
    .describe('Paths or globs of files that do not count as work, such as "*.md". A step that changed no other file has failed.'),
});

/** How the service that the framework builds is started. */
export const AppConfig = z.strictObject({
  command: z
    .array(z.string())
    .min(1)
    .describe('Program and arguments, started in the workspace. {port} is replaced by a free port.'),
  port_env: z.string().min(1).default('PORT').describe('Environment variable that tells the program its port.'),
  health_path: z
    .string()
    .startsWith('/')
    .default('/health')
    .describe('Path that answers with a status of 200 to 299 when the service is ready.'),
  start_timeout_seconds: seconds.default(30).describe('Seconds that the service may take until `health_path` answers.'),
  request_timeout_seconds: seconds
    .default(10)
    .describe('Time limit of one health check or HTTP check, in seconds, from connecting to the last byte.'),
  from_step: stepId.default(1).describe('Id of the first step after which the service is started.'),
});
export type AppConfig = z.infer<typeof AppConfig>;

const CheckOperation = z.enum(['create', 'read', 'list', 'update', 'delete', 'other']);

/**
 * One request of the flow and what is expected of its answer. `{{name}}` in path, headers, body and expectation stands for
 * a value saved by an earlier check, or for `{{unique}}` (letters and digits, new for each step) and `{{step}}`.
 */
export const HttpCheck = z.strictObject({
  name: z.string().min(1).describe('Name of the check in logs and summary.'),
  entity: z.string().default('').describe('What the request is about, such as student. Results are grouped by it.'),
  operation: CheckOperation.default('other').describe('What the request does. All but `other` count in the CRUD metrics.'),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET').describe('HTTP method.'),
  path: z
    .string()
    .regex(/^\//)
    .describe('Path of the request, with its query if it has one. Values inserted for {{name}} are URL-encoded.'),
  headers: z.record(z.string(), z.string()).default({}).describe('Headers to send in addition to those for JSON.'),
  body: z
    .unknown()
    .optional()
    .describe('Body, sent as JSON. A string that is only "{{name}}" becomes the saved value with its type.'),
  expect: z
    .strictObject({
      status: z
        .union([z.number().int().min(100).max(599), z.array(z.number().int().min(100).max(599)).min(1)])
        .optional()
        .describe('The accepted status, or a list of them. Default: 200 to 299.'),
      json: z
        .unknown()
        .optional()
        .describe('What the JSON answer must contain: every key with its value, and every element of a list, in any order.'),
    })
    .prefault({})
    .describe('What the answer must be.'),
  save: z
    .record(z.string(), z.string())
    .default({})
    .describe(
      'Values to save for later checks: a name, and the path of the value in the JSON answer, such as id, data.id or items[0].id.',
    ),
  from_step: stepId.default(1).describe('Id of the first step after which the check applies.'),
  until_step: stepId.optional().describe('Id of the last step after which the check applies. Default: no end.'),
});
export type HttpCheck = z.infer<typeof HttpCheck>;

const artifacts = z.union([z.enum(['changed', 'none']), ArtifactRules]);
const http = z.array(HttpCheck);

export const ValidationConfig = z.strictObject({
  artifacts: artifacts
    .default('changed')
    .describe(
      '`changed`: a step that adds and changes no file has failed. `none`: files are not checked. Rules: see their keys.',
    ),
  app: AppConfig.optional().describe('The service to start and check after each step. Without it only files are checked.'),
  http: http.default([]).describe('The HTTP checks in the order in which they are sent.'),
});
export type ValidationConfig = z.infer<typeof ValidationConfig>;

/** Of one framework: each section that is given replaces the experiment's. */
export const OwnValidation = z.strictObject({
  artifacts: artifacts.optional().describe('Replaces `validation.artifacts` for this framework.'),
  app: AppConfig.optional().describe('Replaces `validation.app` for this framework.'),
  http: http.optional().describe('Replaces the whole list `validation.http` for this framework.'),
});
export type OwnValidation = z.infer<typeof OwnValidation>;
