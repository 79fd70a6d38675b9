/**
 * Which settings can influence a result: how a run ends, what it makes, and what is measured of it. Runs are comparable where these
 * are the same. Key paths of the file (`<name>`: any name, `[]`: any entry), then names of the settings outside the file.
 */

/** Endpoints and checks can be declared for the experiment and for a framework. */
const endpoint = (at: string): string[] => [`${at}endpoint.base_url`, `${at}endpoint.ask_stream_usage`];
/** Billing, and the usage API asked afterward. */
const account = (at: string): string[] =>
  [
    'api_key',
    ...['provider', 'base_url', 'admin_key', 'api_key_id', 'project_id', 'workspace_id'].map((key) => `usage_api.${key}`),
  ].map((key) => `${at}endpoint.${key}`);
const CHECK_KEYS = ['entity', 'operation', 'method', 'path', 'headers', 'body', 'expect.status', 'expect.json', 'save'];
const APP_KEYS = ['command', 'port_env', 'health_path', 'start_timeout_seconds', 'request_timeout_seconds', 'from_step'];
const validation = (at: string): string[] =>
  [
    ...['require', 'ignore'].map((key) => `artifacts.${key}`),
    ...APP_KEYS.map((key) => `app.${key}`),
    ...[...CHECK_KEYS, 'from_step', 'until_step'].map((key) => `http[].${key}`),
  ].map((key) => `${at}validation.${key}`);
const OWN = 'frameworks.<name>.';

export const INFLUENTIAL: readonly string[] = [
  'model',
  ...endpoint(''),
  'random_seed',
  ...['adapter', 'model', 'command', 'agent', 'commit_hash', 'python', 'env'].map((key) => `${OWN}${key}`),
  ...endpoint(OWN),
  ...validation(OWN),
  // The framework sees number and name; of a prompt and of the fixed answer, the text counts, not the path.
  'steps[].id',
  'steps[].name',
  'steps[].prompt_file',
  'steps[].enabled',
  'hitl_path',
  'timeouts.step_timeout_seconds',
  'timeouts.shutdown_grace_seconds',
  'timeouts.health_check_interval_seconds',
  'retries.max_retries',
  'retries.initial_backoff_seconds',
  'retries.backoff_multiplier',
  'on_step_failure',
  ...validation(''),
  // Prices determine the cost, and a cost limit ends steps.
  ...['input_price', 'cached_price', 'cache_write_price', 'cache_write_1h_price', 'output_price'].map(
    (key) => `pricing.models.<name>.${key}`,
  ),
  ...['run', 'experiment'].flatMap((scope) =>
    ['max_calls', 'max_tokens', 'max_cost_usd'].map((limit) => `budgets.${scope}.${limit}`),
  ),
  'steps',
  'rehearse',
  'replay',
  'replayLoose',
  // Runs at the same time share the machine, and a provider's rate limits.
  'jobs',
];

export const NOT_INFLUENTIAL: readonly string[] = [
  ...account(''),
  `${OWN}enabled`,
  // Where the commit is fetched from and stored; the commit itself is listed above.
  `${OWN}repo_url`,
  `${OWN}install_dir`,
  ...account(OWN),
  `${OWN}validation.http[].name`,
  'validation.http[].name',
  'archive.exclude',
  ...['required_readings', 'interval_minutes', 'threshold_percent', 'min_age_minutes', 'max_age_hours'].map(
    (key) => `reconciliation.${key}`,
  ),
  'config',
  'runsDir',
  'frameworksDir',
  'rounds',
  'record',
  'console',
  'minAgeMinutes',
  'maxAgeHours',
  'intervalMinutes',
  'requiredReadings',
  'apiKeyId',
  'projectId',
  'workspaceId',
];
