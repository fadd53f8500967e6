/** A systemd unit file from a run section: pure text, so that planner and host agree on it byte by byte. */
import type { SystemdRun } from './desired.js';
import { inForm } from './secrets/marks.js';

/** In unit files `%` starts a specifier and a line end ends the setting. */
const escapeSpecifiers = (text: string): string => text.replaceAll('%', '%%');

/** `Environment="KEY=value"`: C-style escapes inside double quotes; `$` needs none here (no expansion in Environment=). */
export function quoteEnvironment(key: string, value: string): string {
  const escaped = escapeSpecifiers(value)
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll('\r', '\\r');
  return `"${key}=${escaped}"`;
}

const optional = (name: string, value: string | number | null): string[] => (value === null ? [] : [`${name}=${value}`]);

/** Where the variables that hold secrets are, 0600, beside nothing else. */
export const environmentFilePath = (unitName: string): string => `/etc/maestro/units/${unitName}.env`;

const openValue = /["\\`$]/g;

/** As EnvironmentFile= takes a value inside double quotes. */
export const quoteInEnvironmentFile = (text: string): string => text.replace(openValue, '\\$&');

/** `KEY="value"` lines, with marks where the secrets come to stand. */
export function renderEnvironmentFile(env: Readonly<Record<string, string>>): string {
  return Object.keys(env).sort().map((key) => `${key}="${inForm(env[key] ?? '', 'environment_file', quoteInEnvironmentFile)}"\n`).join('');
}

/** `command` is written as the user gave it (systemd's own quoting rules apply), with specifiers kept literal. */
export function renderUnit(component: string, project: string, run: Omit<SystemdRun, 'type' | 'unit_text'>): string {
  const { memory_bytes: memory, cpus } = run.resources;
  const lines = [
    '# Made by Maestro; a change by hand shows as drift and is put right by the next apply.',
    '[Unit]',
    `Description=${escapeSpecifiers(component)} (${escapeSpecifiers(project)})`,
    'After=network-online.target',
    'Wants=network-online.target',
    '',
    '[Service]',
    'Type=exec',
    `ExecStart=${escapeSpecifiers(run.command)}`,
    ...optional('ExecReload', run.reload_command === undefined ? null : escapeSpecifiers(run.reload_command)),
    ...optional('WorkingDirectory', run.working_directory === null ? null : escapeSpecifiers(run.working_directory)),
    ...optional('User', run.user),
    ...optional('Group', run.group),
    ...Object.keys(run.env).sort().map((key) => `Environment=${quoteEnvironment(key, run.env[key] ?? '')}`),
    ...optional('EnvironmentFile', run.environment_file ?? null),
    `Restart=${run.restart}`,
    `RestartSec=${Number(run.restart_sec.toFixed(3))}`,
    ...optional('MemoryMax', memory),
    ...optional('CPUQuota', cpus === null ? null : `${Math.round(cpus * 100)}%`),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ];
  return lines.join('\n');
}
