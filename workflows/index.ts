/** Every workflow of the control plane; the workflow type is the function's name. */
export { logs } from './logs.js';
export { operate } from './operate.js';
export { plan } from './plan.js';
export { rollout } from './rollout.js';
export { teardown } from './teardown.js';
