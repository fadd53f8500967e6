/** The small documents that the fragments of docs/diagnostics.md stand in. */
const indented = (fragment: string, by: number): string => fragment.split('\n').map((line) => (line === '' ? line : ' '.repeat(by) + line)).join('\n');

const head = 'api_version: maestro/v1\nproject: shop\n';
const hosts = 'hosts:\n  h1: {}\n  h2: { tags: [blue] }\n';
const web = 'components:\n  web:\n    run: { type: docker, image: nginx }\n';
const placed = (components: string): string => `deployment:\n  - host: h1\n    components: [${components}]\n`;

const component = (fragment: string): string => {
  const run = /^▸?run:/m.test(fragment) ? '' : '    run: { type: docker, image: nginx }\n';
  return `${head}${hosts}components:\n  web:\n${indented(fragment, 4)}\n${run}${placed('web')}`;
};

export const frames = {
  'a whole document': (fragment: string) => fragment,
  'top level': (fragment: string) => `${head}${hosts}${web}${placed('web')}${fragment}\n`,
  'hosts.h1': (fragment: string) => `${head}hosts:\n  h1:\n${indented(fragment, 4)}\n${web}${placed('web')}`,
  components: (fragment: string) => `${head}${hosts}components:\n${indented(fragment, 2)}\n${placed('db, web')}`,
  'components.web': component,
  'components.web.run': (fragment: string) => component(`run:\n${indented(fragment, 2)}`),
  deployment: (fragment: string) => `${head}${hosts}${web}deployment:\n${indented(fragment, 2)}\n`,
} as const satisfies Record<string, (fragment: string) => string>;

export type Frame = keyof typeof frames;
