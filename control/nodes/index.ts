export { onlineMs, seen, sweepNodes, type Sighting } from './seen.js';
export { listNodes, nodesByName, type NodeView } from './views.js';
