/** What is wrong with a document as YAML, before anything of it is understood. */
import { mark, type DiagnosticEntry } from './entry.js';

const docker = 'type: docker\nimage: nginx\n';
const whole = 'api_version: maestro/v1\nproject: shop\nhosts: { h1: {} }\ncomponents: { web: { run: { type: docker, image: nginx } } }\ndeployment: [{ host: h1, components: [web] }]\n';
const list = (item: string, count: number): string => `[${Array.from({ length: count }, () => item).join(', ')}]`;
const level = (name: string, of: string): string => `${name}: &${name} ${list(`*${of}`, 9)}\n`;

export const yamlEntries: DiagnosticEntry[] = [
  {
    name: 'invalid-yaml', meaning: 'The text is not YAML 1.2. Often it is a colon or a quote in a value without quotes, or an indentation that does not fit.', frame: 'top level',
    bad: 'description: ▸the shop: front', good: 'description: "the shop: front"', path: '', message: /^not valid YAML: .*mappings/i,
  },
  {
    name: 'second-document', meaning: 'A file holds one document.', frame: 'top level',
    bad: '▸---\nproject: other', good: '# the end of the document', path: '', message: /a second YAML document starts here/,
  },
  {
    name: 'document-too-large', meaning: 'A document has at most 1 MiB; large contents belong in bundle files.', frame: 'a whole document',
    bad: { shown: 'a document of more than 1 MiB', text: `${mark}# ${'x'.repeat(1024 * 1024)}` }, good: whole, path: '', message: /larger than 1 MiB/,
  },
  {
    name: 'too-many-words', meaning: 'A document has at most 160,000 words and marks of YAML.', frame: 'a whole document',
    bad: { shown: 'a list of 100,000 numbers', text: `a: [${'1,'.repeat(53_331)}1${mark}${',1'.repeat(46_669)}]` }, good: whole, path: '', message: /too many keys and values/,
  },
  {
    name: 'empty-entries', meaning: 'At most 500 commas have nothing before them.', frame: 'a whole document',
    bad: { shown: 'a list of 502 commas', text: `a: [${','.repeat(501)}${mark},]` }, good: whole, path: '', message: /more than 500 commas have nothing before them/,
  },
  {
    name: 'wrong-escapes', meaning: 'At most 500 escapes in quoted texts mean nothing.', frame: 'a whole document',
    bad: { shown: 'a quoted text with 501 times \\q', text: `a: ${mark}"${'\\q'.repeat(501)}"` }, good: whole, path: '', message: /more than 500 escapes that mean nothing/,
  },
  {
    name: 'too-deep', meaning: 'Maps and lists stand in each other at most 64 levels deep.', frame: 'a whole document',
    bad: { shown: '65 levels of maps and lists', text: `a: ${'['.repeat(64)}${mark}1${']'.repeat(64)}` }, good: whole, path: '', message: /nested deeper than 64 levels/,
  },
  {
    name: 'too-many-aliases', meaning: 'A document has at most 100 aliases.', frame: 'a whole document',
    bad: { shown: 'a list of 101 aliases', text: `a: &x 1\nb: [${'*x, '.repeat(100)}${mark}*x]\n` }, good: whole, path: 'b[100]', message: /more than 100 aliases/,
  },
  {
    name: 'aliases-of-aliases', meaning: 'With every alias written out a document has at most 100,000 values.', frame: 'a whole document',
    bad: { shown: 'lists of aliases of lists of aliases', text: `${mark}a: &a ${list('x', 20)}\n${level('b', 'a')}${level('c', 'b')}${level('d', 'c')}${level('e', 'd')}` }, good: whole, path: '', message: /more than 100000 values/,
  },
  {
    name: 'alias-of-nothing', meaning: 'An alias stands for what was marked with its name before it.', frame: 'components.web.run',
    bad: `${docker}restart: ▸*usual`, good: `${docker}restart: always`, path: 'components.web.run.restart', message: /there is no &usual before this alias/,
  },
  {
    name: 'alias-in-itself', meaning: 'An alias cannot stand inside of what it refers to.', frame: 'components.web',
    bad: 'config:\n  vars: &vars\n    copy: ▸*vars', good: 'config:\n  vars:\n    copy: a text', path: 'components.web.config.vars.copy', message: /inside of what it refers to/,
  },
  {
    name: 'key-not-text', meaning: 'A key is a word, not a list, a map or nothing.', frame: 'components.web.run',
    bad: `${docker}? ▸[env, volumes]\n: {}`, good: `${docker}env: {}\nvolumes: []`, path: 'components.web.run', message: /a key must be plain text/,
  },
  {
    name: 'key-twice', meaning: 'A key stands once in its map.', frame: 'components.web.run',
    bad: `${docker}▸image: httpd`, good: docker.trim(), path: 'components.web.run.image', message: /written twice/,
  },
  {
    name: 'merge-key', meaning: 'The merge key << belongs to YAML 1.1; defaults.component and defaults.host do the same.', frame: 'components.web',
    bad: 'config:\n  vars:\n    ▸<<: { site: shop }', good: 'config:\n  vars:\n    site: shop', path: 'components.web.config.vars.<<', message: /no merge keys/,
  },
];
