export { effectOnce } from './effect.js';
export { forgetAnswers, once } from './once.js';
