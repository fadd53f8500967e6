/** What is measured, for every tool that can do it, and how often. */
import type { Summary } from './series.js';

export const cases = ['first', 'first_ordered', 'noop', 'config', 'image', 'dry_run', 'submit'] as const;
export type Case = (typeof cases)[number];
export type Figures = Partial<Record<Case, Summary>>;

export const titles: Record<Case, string> = {
  first: 'first deploy',
  first_ordered: 'first deploy, in dependency order',
  noop: 'no-op',
  config: 'one config',
  image: 'one image',
  dry_run: 'diff (dry run)',
  submit: 'submit a version',
};

export const runs = { first: 5, small: 7 } as const;
export const peerRuns = { pyinfra: { first: 5, small: 5 }, ansible: { first: 3, small: 3 } } as const;
