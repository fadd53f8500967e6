/** What must hold of the table before anything is served: the default is no, so a row that forgot something stops the start. */
import { rights } from '../spec/words.js';
import { isMutation, type Route } from './route.js';

const known = new Set<string>([...rights, 'public', 'session']);
const nameOf = ({ method, path }: Route): string => `${method.toUpperCase()} ${path}`;

function twice(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

/** Throws an Error that names every bad row. */
export function checkTable(routes: readonly Route[]): void {
  const faults = [
    ...routes.filter(({ right }) => !known.has(right)).map((row) => `${nameOf(row)} declares no right`),
    ...routes.filter(({ method, audit }) => isMutation(method) && (audit?.action ?? '') === '').map((row) => `${nameOf(row)} is a mutation without an audit verb`),
    ...twice(routes.map(nameOf)).map((name) => `${name} is there twice`),
    ...twice(routes.map(({ operationId }) => operationId)).map((id) => `operationId ${id} is there twice`),
  ];
  if (faults.length > 0) throw new Error(`The table of routes is not complete: ${faults.join('; ')}`);
}
