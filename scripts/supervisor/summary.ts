import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostReport } from './processes.js';
import type { Settings } from './settings.js';
import type { Stack } from './stack.js';

const consequences: Readonly<Record<string, string>> = {
  docker: 'components of kind container cannot run on this machine; other hosts are not affected',
  systemd: 'components of kind process cannot run on this machine; other hosts are not affected',
  git: 'sources in git repositories cannot be fetched on this machine',
};

function missingLines(report: HostReport): string[] {
  const names = new Set(report.missing);
  if (!report.docker) names.add('docker');
  if (!report.systemd) names.add('systemd');
  return [...names].map((name) => `                 missing: ${name}${consequences[name] ? ` – ${consequences[name]}` : ''}`);
}

function thisMachine(settings: Settings, report: HostReport | undefined): string[] {
  if (!report) return ['  This machine   runs no host worker'];
  const yes = (value: boolean) => (value ? 'yes' : 'no');
  return [`  This machine   host "${settings.node}": Docker ${yes(report.docker)}, systemd ${yes(report.systemd)}`, ...missingLines(report)];
}

/** While there is no administrator the API keeps the code in this file. */
function setupLines(settings: Settings, apiUrl: string): string[] {
  try {
    const code = readFileSync(join(settings.dataDir, 'keys', 'setup-code'), 'utf8').trim();
    return ['', '  There is no administrator yet. Make the first one:', `    ${apiUrl}/setup   setup code ${code}`, ''];
  } catch {
    return [];
  }
}

/** The block an operator reads once everything is up. */
export function summary(stack: Stack, settings: Settings, report: HostReport | undefined, seconds: number): string {
  const { addresses } = stack;
  return [
    '',
    `Maestro is running (ready after ${seconds.toFixed(1)} s).`,
    `  Page and API   ${addresses.apiUrl}`,
    `  Hosts' door    ${addresses.gatewayUrl}`,
    ...(addresses.temporalUiUrl ? [`  Temporal Web   ${addresses.temporalUiUrl}`] : []),
    `  Data           ${settings.dataDir}  (logs in logs/)`,
    ...thisMachine(settings, report),
    ...setupLines(settings, addresses.apiUrl),
    '  Ctrl-C stops everything.',
    '',
  ].join('\n');
}
