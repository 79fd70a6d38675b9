import { PRESETS } from '../agent/presets.ts';
import type { Recipe } from '../../setup/index.ts';

/** Spec Kit comes from PyPI, and pi, which it drives unless another agent is named, from npm. */
export const GHSPEC = {
  name: 'ghspec',
  repository: null,
  commit: '1.2.3',
  pythons: ['3.12', '3.11', '3.13', '3.14'],
  packages: ['specify-cli==1.2.3'],
  leaveOut: [],
  imports: ['specify_cli'],
  requires: ['specify'],
  agent: { program: 'pi', npmPackage: '@mariozechner/pi-coding-agent@0.73.1', known: Object.keys(PRESETS) },
} satisfies Recipe;
