/** For each shape of a key, by its name in `src/secrets/shapes.ts`: keys, and ordinary text that comes near. */

/** So many letters and digits, as they stand in keys. */
const mixed = (length: number): string => 'aB3dE5fG7hJ9kL1m'.repeat(8).slice(0, length);
const hex = (length: number): string => '0123456789abcdef'.repeat(8).slice(0, length);

export interface Example {
  /** One for each way in which a key of the shape begins. */
  readonly keys: readonly string[];
  /** Ordinary text that comes near. */
  readonly harmless: readonly string[];
}

export const examples: Record<string, Example> = {
  'OpenAI, Anthropic, OpenRouter and others': {
    keys: [
      `sk-${mixed(48)}`,
      'sk-abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789ab',
      `sk-proj-${mixed(24)}`,
      `sk-ant-api03-${mixed(30)}-AA`,
      `sk-or-v1-${hex(64)}`,
    ],
    harmless: ['sk-fading-circle-container', 'the disk-usage-report-20261122-141503', 'sk-1'],
  },
  Groq: { keys: [`gsk_${mixed(52)}`], harmless: ['gsk_render_node_draw_with_a_long_name_2'] },
  xAI: { keys: [`xai-${mixed(80)}`], harmless: ['xai-sdk-python-2026-11-22-release-candidate-1'] },
  Perplexity: { keys: [`pplx-${mixed(48)}`], harmless: ['pplx-7b-online-with-a-long-name-and-more-of-it'] },
  Cerebras: { keys: [`csk-${mixed(48)}`], harmless: ['csk-fading-circle-container-with-a-long-name'] },
  NVIDIA: { keys: [`nvapi-${mixed(64)}`], harmless: ['nvapi-examples/and/more/of/them/in/a/directory'] },
  'Hugging Face': { keys: [`hf_${mixed(34)}`], harmless: ['hf_hub_download_with_a_very_long_name', `shelf_${mixed(34)}`] },
  Replicate: { keys: [`r8_${mixed(37)}`], harmless: ['r8_unorm_srgb_format_of_a_texture_in_code', `utfr8_${mixed(37)}`] },
  LangSmith: { keys: [`lsv2_pt_${hex(32)}_${hex(10)}`, `lsv2_sk_${hex(32)}_${hex(10)}`], harmless: ['lsv2_pt_short'] },
  Tavily: { keys: [`tvly-dev-${mixed(32)}`], harmless: ['tvly-python==1.2'] },
  AWS: { keys: ['AKIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE'], harmless: ['AKIAshort', 'EURASIA1234567890ABCDEF', 'ASIAN'] },
  'AWS Bedrock': { keys: [`ABSKQmVkcm9ja0FQSUtleS${mixed(100)}==`], harmless: ['ABSKQmVkcm9ja0FQSUtleS'] },
  'Google API': { keys: [`AIza${mixed(30)}`, `AIza${mixed(35)}`], harmless: ['AIzawa Prefecture', 'AIzaSyA'] },
  'Google OAuth': { keys: [`ya29.a0${mixed(60)}`, `GOCSPX-${mixed(28)}`], harmless: ['ya29.json', 'GOCSPX-secret'] },
  Azure: {
    keys: [`AccountKey=${mixed(86)}==`, `SharedAccessKey=${mixed(43)}=`],
    harmless: ['AccountKey=<the key of the account>', 'SharedAccessKey=${KEY}'],
  },
  DigitalOcean: {
    keys: [`dop_v1_${hex(64)}`, `doo_v1_${hex(64)}`, `dor_v1_${hex(64)}`],
    harmless: ['dop_v1_is_the_beginning_of_a_token_of_theirs'],
  },
  'HashiCorp Vault': { keys: [`hvs.${mixed(90)}`], harmless: ['hvs.example.com/and/so/on/and/on'] },
  Supabase: { keys: [`sbp_${hex(40)}`], harmless: ['sbp_blood_pressure_systolic_of_the_patient_x'] },
  GitHub: {
    keys: ['p', 'o', 'u', 's', 'r'].map((kind) => `gh${kind}_${mixed(36)}`),
    harmless: ['through high_level_ghosts', 'ghp_short', 'ghs_of_a_rather_long_name_2'],
  },
  'GitHub, fine-grained': { keys: [`github_pat_11ABCDEFG0${mixed(60)}`], harmless: ['github_pat_is_set'] },
  GitLab: {
    keys: ['glpat', 'gldt', 'glrt', 'glptt', 'glcbt'].map((kind) => `${kind}-${mixed(20)}`),
    harmless: ['glpat-token', 'gldt-1.2'],
  },
  npm: { keys: [`npm_${mixed(36)}`], harmless: ['npm_config_registry=https://registry.example.org', 'npm_package_name'] },
  PyPI: { keys: [`pypi-AgEIcHlwaS5vcmc${mixed(100)}`], harmless: ['pypi-AgEnt', 'pypi-server-2.3'] },
  'Docker Hub': { keys: [`dckr_pat_${mixed(27)}`], harmless: ['dckr_pat_token'] },
  Slack: {
    keys: [
      'xoxb-1234567890-abcdefghij',
      ...['a', 'c', 'e', 'p', 'r', 's'].map((kind) => `xox${kind}-1234567890-${mixed(24)}`),
      `xapp-1-A0123456789-1234567890-${hex(64)}`,
    ],
    harmless: ['xoxb-short', 'xoxo-hugs-and-kisses', 'xapp-gtk3-module-with-a-long-name', 'xapp-1-2'],
  },
  'Slack session': { keys: [`xoxd-${mixed(20)}%2B${mixed(20)}%3D`], harmless: ['xoxd-cookie'] },
  Stripe: { keys: [`sk_live_${mixed(24)}`, `rk_live_${mixed(24)}`], harmless: ['sk_live_updates_of_the_board', 'task_list'] },
  Atlassian: { keys: [`ATATT3xFfGF0${mixed(100)}=ABCDEF01`], harmless: ['ATATT3xFfGF0'] },
  'a JSON web token': {
    keys: [`eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ${mixed(30)}.${mixed(43)}`, `eyJ${mixed(10)}.eyJ${mixed(10)}`],
    harmless: ['eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9', 'eyJhbGciOiJI.dropped.eyJ', `keyJ${mixed(20)}.eyJ${mixed(20)}`],
  },
  'a bearer token': {
    keys: ['Bearer', 'bearer', 'BEARER'].map((word) => `${word} abcdefghijklmnop.qrstuvwxyz-0123456789_~+/==`),
    harmless: ['the bearer of this letter', 'Bearer authentication', 'BEARER TOKENS', 'Authorization: Bearer ${TOKEN}'],
  },
  'a private key': {
    keys: ['RSA PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'PRIVATE KEY', 'PGP PRIVATE KEY BLOCK'].map(
      (kind) => `-----BEGIN ${kind}-----\n${`${mixed(64)}\n`.repeat(4)}-----END ${kind}-----`,
    ),
    harmless: ['-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', '--- a/file\n+++ b/file\n-----'],
  },
};
