export { refusalOf, tooLarge, type Problem, type Refusal } from '../../control/problem.js';
