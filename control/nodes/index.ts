export { onlineMs, seen, sweepNodes, type Sighting } from './seen.js';
export { getNode, listNodes, nodesByName, type NodeView } from './views.js';
