/** Reasons stay one line, however long the chain behind them. */
import { walk, type StepStatus, type StepStatuses } from '../../spec/walker.js';
import { waitingReasons } from '../../workflows/waiting-reasons.js';
import { documentToGraph, graphOf, hostNames } from './graphs.js';

function reasons(graph: ReturnType<typeof graphOf>, statuses: StepStatuses): Map<string, string> {
  const { waiting, blocked } = walk(graph, statuses);
  return waitingReasons([...waiting, ...blocked], (id) => statuses.get(id)?.reason);
}

test('at most three are named, and the rest counted', () => {
  const graph = graphOf({ 'h1/a': [], 'h1/b': [], 'h1/c': [], 'h1/d': [], 'h1/e': [], 'h2/z': ['h1/a', 'h1/b', 'h1/c', 'h1/d', 'h1/e'] });
  const running: StepStatuses = new Map(['h1/a', 'h1/b', 'h1/c', 'h1/d', 'h1/e'].map((id) => [id, { state: 'running' }]));
  expect(reasons(graph, running).get('h2/z')).toBe('waiting for a on h1; b on h1; c on h1 and 2 more');
});

test('twenty sequential hosts with twenty components: no reason is longer than a few lines, and every one knows the cause', () => {
  const hosts = hostNames(20);
  const components = Object.fromEntries(Array.from({ length: 20 }, (_, index): [string, string[]] => [`c${index + 1}`, []]));
  const graph = documentToGraph(hosts, components, [`hosts: [${hosts.join(', ')}], components: [${Object.keys(components).join(', ')}], strategy: sequential`]);
  const statuses = new Map<string, StepStatus>(Object.keys(components).map((id) => [`h1/${id}`, { state: 'succeeded' }]));
  statuses.set('h1/c1', { state: 'failed', reason: 'healthcheck http 503 (3 of 3)' });
  const found = reasons(graph, statuses);
  expect(found.size).toBe(19 * 20);
  for (const reason of found.values()) {
    expect(reason).toContain('healthcheck http 503 (3 of 3)');
    expect(reason.length).toBeLessThan(400);
  }
});

test('a circle ends all the same', () => {
  expect(waitingReasons([{ id: 'h1/a', blocked_by: ['h1/b'], reason: '' }, { id: 'h1/b', blocked_by: ['h1/a'], reason: '' }], () => undefined).size).toBe(2);
});
