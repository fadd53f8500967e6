import type { AuditVerdict } from '../../api/types.js';
import { plural } from '../../ui/plural.js';
import { formatExact } from '../../ui/format.js';
import type { Result } from './filter.js';

export const auditWords = {
  title: 'Audit',
  lead: 'Every change, sign-in, enrollment and refusal. Nothing can be changed or taken out of it without that being found.',
  filter: 'Filter',
  fields: { actor: 'Who', action: 'What', target: 'To what', result: 'Result', since: 'From', until: 'Before' },
  hints: { actor: 'Name or id', action: 'rollout.apply, or rollout.*', target: 'An id' },
  any: 'Any',
  show: 'Show',
  clear: 'Show everything',
  results: { ok: 'ok', refused: 'refused', failed: 'failed' } satisfies Record<Result, string>,
  columns: { time: 'When', actor: 'Who', action: 'What', target: 'To what', result: 'Result', details: 'More' },
  onlyActor: (name: string) => `Only what ${name} did`,
  onlyAction: (action: string) => `Only ${action}`,
  more: 'Show older ones',
  details: 'Details',
  detailsOf: (id: number) => `Details of entry ${id}`,
  entry: (id: number, hash: string) => `Entry ${id}, hash ${hash.slice(0, 16)}…`,
  kinds: { user: '', key: 'key', system: 'system', host: 'host' } as Record<string, string>,
  none: { title: 'Nothing like that was done', sentence: 'No entry fits the filter. Names and ids have to be whole; an action may end with .*', action: 'Show everything' },
  empty: { title: 'Nothing was done yet', sentence: 'Every change that anybody makes will stand here, with who made it and when.' },
  verify: {
    open: 'Verify the trail',
    again: 'Verify again',
    good: (entries: number) => `All ${plural(entries, 'entry', 'entries')} are as they were written.`,
    goodDetail: (anchor: AuditVerdict['anchor']) => (anchor === null
      ? 'Nothing was written down outside of the database yet; that happens every second once there is an entry.'
      : `What is kept outside of the database agrees: ${plural(anchor.entries, 'entry', 'entries')} up to ${formatExact(Date.parse(anchor.at))}, without a gap since ${formatExact(Date.parse(anchor.since))}.`),
    bad: (id: number, reason: string) => `The trail is broken at entry ${id}: ${reason}.`,
    badDetail: (entries: number) => `The ${plural(entries, 'entry', 'entries')} before it ${entries === 1 ? 'is' : 'are'} good. Find out who could write to the database, and compare with a backup.`,
  },
} as const;
