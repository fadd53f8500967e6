export const secretWords = {
  title: 'Secrets',
  lead: 'Names and versions. Values go in and never come back: they are in clear only while a plan is rendered, and on the host that needs them.',
  columns: { path: 'Name', latest: 'Version', set: 'Set', versions: 'Versions' },
  version: (number: number) => `version ${number}`,
  versions: (count: number) => (count === 1 ? '1 version' : `${count} versions`),
  more: 'Show more',
  empty: { title: 'No secrets yet', sentence: 'Documents name secrets; their values are set over the API. This one asks for the value and keeps it out of the arguments:' },
  setOne: 'Set another one',
  command: (origin: string) => `read -rs VALUE; printf %s "$VALUE" | jq -Rs '{value: .}' | curl -fsS -X PUT ${origin}/api/secrets/shop/db-password -H "Authorization: Bearer $MAESTRO_KEY" -H 'content-type: application/json' -d @-`,
  copy: 'Copy the command',
} as const;
