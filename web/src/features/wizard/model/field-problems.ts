/** Which field a finding of the server is about. */
import type { Diagnostic } from '../../../../../spec/errors.js';
import type { Answers } from './answers.js';
import type { Field } from './steps.js';

/** Below the component; the longest that fits counts. */
const inComponent: Record<string, Field> = {
  'depends_on': 'depends_on', 'source.image': 'image', 'source.tag': 'tag', 'source.repo': 'repo', 'source.ref': 'ref', 'source.path': 'archive', 'source.artifact_id': 'artifact', 'source.subpath': 'subpath', 'source.credentials_ref': 'credentials',
  'run.container_name': 'name', 'run.unit_name': 'name', 'run.command': 'command', 'run.working_directory': 'working_directory', 'run.user': 'user', 'run.restart': 'restart', 'run.ports': 'ports', 'run.volumes': 'volumes', 'run.env': 'env',
  'healthcheck.url': 'health_url', 'healthcheck.expect_status': 'health_status', 'healthcheck.port': 'health_port', 'healthcheck.command': 'health_command', 'healthcheck.start_period': 'health_start_period',
};
const whole: Record<string, Field> = { project: 'project', hosts: 'hosts', deployment: 'hosts' };
/** A required key that is missing is told at what it belongs to. */
const missing: Record<string, Record<Answers['source'], Field | null>> = {
  source: { docker: 'image', git: 'repo', archive: 'archive', artifact: 'artifact', none: null },
};

const isBelow = (path: string, prefix: string): boolean => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`);

export function fieldOf({ path }: Pick<Diagnostic, 'path'>, { component, source }: Pick<Answers, 'component' | 'source'>): Field | null {
  const below = `components.${component.trim()}`;
  if (isBelow(path, below)) {
    const rest = path.slice(below.length + 1);
    const found = Object.keys(inComponent).find((prefix) => isBelow(rest, prefix));
    if (found !== undefined) return inComponent[found] ?? null;
    return missing[rest]?.[source] ?? (rest === '' ? 'component' : null);
  }
  if (/^deployment\[\d+\]\.(strategy|canary)/.test(path)) return 'strategy';
  const found = Object.keys(whole).find((prefix) => isBelow(path, prefix));
  return found === undefined ? (path.startsWith('components') && component.trim() === '' ? 'component' : null) : whole[found] ?? null;
}

export type FieldProblems = Partial<Record<Field, string>>;

/** What is said at each field, errors first; the fix with it. */
export function fieldProblems(findings: readonly Diagnostic[], answers: Answers): FieldProblems {
  const said: FieldProblems = {};
  for (const finding of findings) {
    const field = fieldOf(finding, answers);
    if (field !== null) said[field] = [said[field], `${finding.message}. ${finding.suggested_fix}`.trim()].filter(Boolean).join(' ');
  }
  return said;
}
