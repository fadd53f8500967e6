/** A unit that is to be changed without an interruption: what it needs for that, and the port that is published. */
import type { Healthcheck, SystemdRun } from '../desired.js';
import type { Component } from '../document/index.js';
import { mayHoldMark } from '../secrets/marks.js';
import { portToken, slotPorts, unitNames } from '../slots.js';
import type { ReportProblem } from './problems.js';

/** `address`: of the host; null: not known. What is missing is told at its key; the run section stays as it is then. */
export function withSlots(component: Component, run: SystemdRun, healthcheck: Healthcheck | null, address: string | null, report: ReportProblem): SystemdRun {
  refuseNames(run, report);
  refuseFixedPort(component, run, report);
  const port = publishedPort(healthcheck, address, report);
  return port === null ? run : { ...run, slots: { port } };
}

const longestName = 255;

function refuseNames(run: SystemdRun, report: ReportProblem): void {
  const at = { path: ['run', 'unit_name'] };
  if (run.unit_name.includes('@')) report({ ...at, message: 'a unit with "@" in its name is an instance of a template, and deploy_mode blue_green makes two units beside it', fix: 'Give it a unit_name without "@", or use deploy_mode: cold.' });
  if (unitNames({ ...run, slots: { port: 0 } }).some((name) => name.length > longestName)) report({ ...at, message: 'the name is too long for deploy_mode blue_green, which adds "-blue" and "-green" to it', fix: 'Use a shorter unit_name.' });
}

function refuseFixedPort({ run: written }: Component, { command, env }: SystemdRun, report: ReportProblem): void {
  for (const [name, value] of Object.entries(written.env)) {
    if (mayHoldMark(value) && value.includes(portToken)) report({ path: ['run', 'env', name], message: `a variable with a secret in it cannot hold ${portToken}: both units read it from one file`, fix: 'Put the port into a variable of its own.' });
  }
  if (command.includes(portToken) || Object.values(env).some((value) => value.includes(portToken))) return;
  report({
    path: ['run', 'command'], message: `deploy_mode blue_green runs the old and the new one side by side, each on a port of its own, and ${portToken} is nowhere in run.command or run.env`,
    fix: `Let the program listen on ${portToken}, for example "/usr/bin/shop --port ${portToken}", or use deploy_mode: cold.`,
  });
}

/** The port that people ask is the one that the health check asks. */
function publishedPort(check: Healthcheck | null, address: string | null, report: ReportProblem): number | null {
  const fix = 'Add a healthcheck of type http or tcp at localhost: its port is the one that is published.';
  if (check === null) {
    report({ path: ['deploy_mode'], message: 'deploy_mode blue_green of a unit needs a healthcheck, which says which port is published', fix });
    return null;
  }
  if (check.type === 'command') {
    report({ path: ['healthcheck', 'type'], message: 'deploy_mode blue_green of a unit needs a healthcheck of type http or tcp, and this one is a command', fix });
    return null;
  }
  const asked = check.type === 'tcp' ? check : urlOf(check.url);
  if (asked === null) return null;
  const path = ['healthcheck', check.type === 'tcp' ? 'host' : 'url'];
  if (!isHere(asked.host, address)) {
    report({ path, message: `the healthcheck asks ${asked.host}, and deploy_mode blue_green publishes the port of a healthcheck of this host`, fix: 'Ask localhost, or the address of the host.' });
    return null;
  }
  if (asked.port >= slotPorts.first && asked.port <= slotPorts.last) {
    report({ path: ['healthcheck', check.type === 'tcp' ? 'port' : 'url'], message: `port ${asked.port} is one of those that units of deploy_mode blue_green listen on themselves (${slotPorts.first} to ${slotPorts.last})`, fix: 'Publish another port.' });
    return null;
  }
  return asked.port;
}

/** null: told by whoever reads the health check. */
function urlOf(url: string): { host: string; port: number } | null {
  const [, scheme = '', authority = ''] = /^(https?):\/\/([^/?#]+)/.exec(url) ?? [];
  const [, host = '', port] = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? [];
  return host === '' ? null : { host, port: port === undefined ? (scheme === 'https' ? 443 : 80) : Number(port) };
}

const isHere = (host: string, address: string | null): boolean => host === 'localhost' || host === address || /^127(?:\.\d{1,3}){3}$/.test(host);
