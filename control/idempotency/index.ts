export { forgetAnswers, once } from './once.js';
