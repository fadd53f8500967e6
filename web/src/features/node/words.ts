export const nodeWords = {
  title: 'Nodes',
  lead: 'The Linux hosts on which a host worker runs. A document names them under hosts.',
  columns: { name: 'Name', state: 'State', docker: 'Docker', systemd: 'systemd', means: 'What that means', version: 'Worker' },
  online: 'Online',
  offline: 'Offline',
  since: 'last seen',
  found: 'Found',
  missing: 'Missing',
  means: {
    ready: 'Ready for every kind of component.',
    noDocker: 'Components that run in Docker cannot run here. Install Docker and start its service; the worker notices by itself.',
    noSystemd: 'Components that run under systemd cannot run here.',
    nothing: 'Nothing can run here until Docker or systemd is there.',
    offline: 'Rollouts that touch this host wait for it. Check that the machine is up and that maestro-host runs.',
    other: (names: string[]) => `Also missing: ${names.join(', ')}.`,
  },
  empty: {
    title: 'No host has reported yet',
    sentence: 'A node appears here by itself as soon as a host worker runs on it and reaches this control plane; started with npm start, this machine is the first one.',
    action: 'Look again',
  },
} as const;
