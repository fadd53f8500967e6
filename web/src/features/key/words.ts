import type { ApiKey } from '../../api/types.js';
import { plural } from '../../ui/plural.js';
import { accessWords } from '../access/words.js';

type Limits = ApiKey['limits'];

export const keyWords = {
  title: 'API keys',
  lead: 'For programs and agents. A key never has more than its owner has at that moment, and is shown once.',
  make: 'Make a key',
  columns: { name: 'Name', owner: 'Owner', rights: 'May', limits: 'Limits', expires: 'Expires', used: 'Last used', acts: 'Actions' },
  rights: (count: number) => plural(count, 'right'),
  limits: ({ plan_only: plans, hosts_per_day: hosts, ...grants }: Limits): string[] => [
    ...(plans === true ? ['plans only'] : []),
    ...(hosts === undefined ? [] : [`${plural(hosts, 'host')} a day`]),
    ...(accessWords.summary(grants) === accessWords.everything ? [] : [accessWords.summary(grants)]),
  ],
  none: 'none',
  never: 'never',
  notUsed: 'not yet',
  expired: 'expired',
  name: 'Name',
  nameHint: 'Who or what will use it.',
  chosen: 'What it may do',
  chosenHint: 'At most what you may. Managing users is for people alone.',
  expiry: 'Good for',
  expiries: [['30', '30 days'], ['90', '90 days'], ['365', 'a year'], ['', 'ever']],
  planOnly: 'Plans only',
  planOnlyHint: 'May read, validate, submit and diff, and change nothing on a host.',
  hosts: 'Hosts a day',
  hostsHint: 'On how many different hosts it may act in a day (UTC). Empty: any number.',
  create: 'Make the key',
  made: (name: string) => `The key ${name}`,
  once: 'It is shown this once. Keep it where secrets are kept; who has it can do what it may.',
  copy: 'Copy the key',
  more: 'Show older ones',
  use: 'How to use it',
  curl: (origin: string) => `curl -fsS ${origin}/api/deploys -H "Authorization: Bearer $MAESTRO_KEY"`,
  done: 'Done',
  revoke: 'Revoke…',
  revokeOf: (name: string) => `Revoke the key ${name}…`,
  revokeTitle: (name: string) => `Revoke the key ${name}?`,
  revokeEffect: 'It is worth nothing from the next request on, and what it has open is closed within a second. This cannot be undone.',
  revokeConfirm: 'Revoke the key',
  empty: { title: 'No keys yet', sentence: 'A key lets a program or an agent use the API as you, with as few rights as it needs.' },
} as const;
