/** The house: who may import whom. One rule a room; see README for what lives in each. */
const only = (room, allowed, comment) => ({
  name: `${room}-imports`,
  comment,
  severity: 'error',
  from: { path: `^${room}/` },
  to: { pathNot: [`^${room}/`, ...allowed] },
});
const npm = (...names) => names.map((name) => `node_modules/${name}(/|$)`);

module.exports = {
  forbidden: [
    only('spec', npm('zod', 'yaml', '@noble'), 'The language is pure: no I/O, no node, no clock, no random.'),
    only('workflows', ['^spec/', '^activities/', ...npm('@temporalio')], 'Workflows are deterministic runbooks over spec/; of activities they see only types (next rule).'),
    { name: 'workflows-activities-types-only', severity: 'error', from: { path: '^workflows/' }, to: { path: '^(activities|host-worker)/', dependencyTypesNot: ['type-only'] } },
    { name: 'control-rooms', severity: 'error', from: { path: '^control/' }, to: { path: ['^(api|workflows|activities|workers|host-worker|gateway|web)/', ...npm('express', '@temporalio', 'dockerode')] } },
    { name: 'activities-rooms', severity: 'error', from: { path: '^activities/' }, to: { path: ['^(api|workers|host-worker|gateway|web)/', ...npm('express', 'dockerode')] } },
    { name: 'workers-rooms', severity: 'error', from: { path: '^workers/' }, to: { path: ['^(api|host-worker|gateway|web)/', ...npm('express', 'dockerode')] } },
    { name: 'host-worker-rooms', severity: 'error', from: { path: '^host-worker/' }, to: { path: ['^(control|prisma|api|gateway|activities|workers|web)/', ...npm('express', '@prisma')] } },
    { name: 'gateway-rooms', severity: 'error', from: { path: '^gateway/' }, to: { path: ['^(web|api|host-worker|workflows|activities|workers)/', ...npm('dockerode')] } },
    { name: 'api-rooms', severity: 'error', from: { path: '^api/' }, to: { path: ['^(host-worker|activities|workers)/', '^workflows/(?!shared)', ...npm('dockerode', '@temporalio/worker')] } },
    { name: 'web-rooms', severity: 'error', from: { path: '^web/' }, to: { path: '^(control|prisma|api|gateway|workflows|activities|workers|host-worker)/' } },
    { name: 'cli-rooms', comment: 'Of the pages it has the generated types of the API alone.', severity: 'error', from: { path: '^cli/' }, to: { path: ['^(control|prisma|api|gateway|workflows|activities|workers|host-worker)/', '^web/(?!src/api/schema)', ...npm('@temporalio', 'express', 'dockerode')] } },
    { name: 'prisma-room', severity: 'error', from: { path: '^prisma/' }, to: { path: '^(spec|control|api|gateway|workflows|activities|workers|host-worker|web)/' } },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|\\.next|generated)/' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
