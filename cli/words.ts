/** What the command line says. */
import type { EnrollmentStepName } from '../spec/enrollment-steps.js';

export const usage = `maestro <command> [options]

  maestro enroll [NAME]     let a host in: prints the one command to run on it, then tells what happens
  maestro nodes             the hosts there are

Where and who:
  --url URL                 the control plane (or MAESTRO_URL; http://127.0.0.1:8080 unless given)
  --key-file FILE           an API key in a file (or the key itself in MAESTRO_KEY); never an argument
  --json                    machine-readable: one JSON object a line
  --help                    this, or the options of a command

Exit codes: 0 done, 1 failed, 2 wrong usage, 4 not signed in or not allowed, 5 conflict, 124 time is over, 130 detached`;

export const enrollUsage = `maestro enroll [NAME] [options]

  maestro enroll web-01                 one host, under that name
  maestro enroll 'web-*' --uses 3       three hosts, each under a name of its own that fits
  maestro enroll --watch enr_…          go on watching one that was made before

  --uses N        how many hosts may come in by it (1)
  --ttl TIME      how long it is good: 90s, 30m, 2h, 1d (30m)
  --replace       may take the name of a living host, which is cut off by that
  --no-wait       print the command and end
  --watch ID      make nothing; watch this enrollment

The key needs the right node.enroll; with deploy.read and node.read it is told at once what happens, and otherwise looks every 5 seconds.`;

export const nodesUsage = `maestro nodes [options]

  maestro nodes             a line for each host: name, state, what it has, version
  maestro nodes --json      one JSON object a line

The key needs the right node.read.`;

export const stepWords: Record<EnrollmentStepName, string> = {
  token: 'token made', asked: 'has asked to come in', certificate: 'was given a certificate', heard: 'its worker was heard', docker: 'Docker found', systemd: 'systemd found',
};
export const lackingWords: Partial<Record<EnrollmentStepName, string>> = {
  docker: 'Docker not found: components that run in Docker cannot run there yet', systemd: 'systemd not found: components that run under systemd cannot run there',
};

export const silenceWords = {
  unreached: (url: string, gateway: string) => `nothing has come for a minute. On the host, see what the command printed, and try: curl -fsS ${url}/healthz; curl -ksS -o /dev/null -w '%{http_code}\\n' ${gateway}/enroll`,
  unheard: 'it is in, but says nothing. On the host, look at: journalctl -u maestro-host -n 20',
};

export const endWords = {
  open: '', expired: 'The command has expired, and nobody came in. Make a new one.', revoked: 'The command was ended; nobody can come in by it any more.', used: 'Who came in by it was revoked, or enrolled anew, since.',
};
