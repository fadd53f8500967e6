export { onlineMs, seen, sweepNodes, type Sighting } from './seen.js';
export { factsOf, getNode, listNodes, nodesByName, type NodeView } from './views.js';
