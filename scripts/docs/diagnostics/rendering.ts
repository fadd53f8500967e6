/** Expressions, templates, bundle files and places on the host. */
import type { DiagnosticEntry } from './entry.js';

const docker = 'type: docker\nimage: nginx\n';
const site = 'components.web.run.env.SITE';
const env = (value: string): string => `${docker}env:\n  SITE: ${value}`;
const vars = (written: string): string => `config:\n  vars:\n    ${written}`;
const template = (source: string): string => `config:\n  templates:\n    - { source: ${source}, dest: /etc/app.conf }`;
const file = (written: string): string => `config:\n  files:\n    - { ${written} }`;
const source = 'components.web.config.templates[0].source';
const files = { 'app.conf': 'listen 80\n', 'app.conf.j2': 'listen {{ hosts[host_id].port }}\n' };

export const renderingEntries: DiagnosticEntry[] = [
  {
    name: 'not-defined', meaning: 'A name or attribute in {{ }} does not exist. It is never taken for an empty text; default() gives one where that is meant.', frame: 'components.web.run',
    bad: env('▸"{{ vars.site }}"'), good: env('"{{ component_id }}"'), path: site, message: /^"vars.site" is not defined$/,
  },
  {
    name: 'not-an-expression', meaning: 'What stands between {{ and }} cannot be read.', frame: 'components.web.run',
    bad: env('▸"{{ host_id + }}"'), good: env('"{{ host_id }}"'), path: site, message: /\S/,
  },
  {
    name: 'not-a-text', meaning: 'A map has no text of its own: one of its members is meant.', frame: 'components.web.run',
    bad: env('▸"{{ hosts.h1 }}"'), good: env('"{{ hosts.h1.port }}"'), path: site, message: /a map cannot be written/,
  },
  {
    name: 'not-allowed-in-a-template', meaning: 'Templates see the names of the language and nothing of the program that renders them.', frame: 'components.web.run',
    bad: env('▸"{{ hosts.constructor }}"'), good: env('"{{ hosts.h1.port }}"'), path: site, message: /not allowed in a template/,
  },
  {
    name: 'circle-of-templates', meaning: 'Texts refer to each other in a circle, which the message shows whole.', frame: 'components.web',
    bad: vars('site: ▸"{{ vars.site }}"'), good: vars('site: "{{ host_id }}"'), path: 'components.web.config.vars.site', message: /in a circle: .*→/,
  },
  {
    name: 'template-of-another-component', meaning: 'A text that is a template itself is known in its own component only.', frame: 'components',
    bad: 'db:\n  run: { type: docker, image: postgres, env: { SITE: "{{ host_id }}" } }\nweb:\n  run: { type: docker, image: nginx, env: { SITE: ▸"{{ components.db.run.env.SITE }}" } }',
    good: 'db:\n  run: { type: docker, image: postgres, env: { SITE: shop } }\nweb:\n  run: { type: docker, image: nginx, env: { SITE: "{{ components.db.run.env.SITE }}" } }', path: site, message: /is a template itself/,
  },
  {
    name: 'no-such-template', meaning: 'The bundle has no file of this name.', frame: 'components.web', files,
    bad: 'config:\n  templates:\n    - { source: ▸api.conf.j2, dest: /etc/app.conf }', good: template('app.conf.j2'), path: source, message: /the bundle has no file "api.conf.j2"/,
  },
  {
    name: 'template-too-large', meaning: 'A template is a text of at most 256 KiB; larger and binary files are copied with config.files.', frame: 'components.web', files: { ...files, 'large.j2': 'x'.repeat(300_000) },
    bad: template('▸large.j2'), good: template('app.conf.j2'), path: source, message: /"large.j2" is not a text of at most 256 KiB/,
  },
  {
    name: 'template-fails', meaning: 'A template cannot be rendered; the message has the file, the line and the reason.', frame: 'components.web', files: { ...files, 'wrong.j2': 'one\n{{ site }}\n' },
    bad: template('▸wrong.j2'), good: template('app.conf.j2'), path: source, message: /^wrong.j2: "site" is not defined \(line 2\)$/,
  },
  {
    name: 'template-renders-too-much', meaning: 'A rendered text has at most 1 MiB.', frame: 'components.web', files: { ...files, 'much.j2': '{{ "x".repeat(1100000) }}' },
    bad: template('▸much.j2'), good: template('app.conf.j2'), path: source, message: /larger than 1 MiB/,
  },
  {
    name: 'template-stopped', meaning: 'A template that does not end, or needs too much memory, is ended.', frame: 'components.web',
    files: { ...files, 'endless.j2': '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}' },
    bad: template('▸endless.j2'), good: template('app.conf.j2'), path: source, message: /the template was stopped: /, varies: true,
  },
  {
    name: 'no-such-file', meaning: 'The bundle has no file or folder of this name.', frame: 'components.web', files,
    bad: file('source: ▸api.conf, dest: /etc/app.conf'), good: file('source: app.conf, dest: /etc/app.conf'), path: 'components.web.config.files[0].source', message: /the bundle has no file or folder "api.conf"/,
  },
  {
    name: 'link-for-a-file', meaning: 'atomic_symlink keeps releases of a folder; a single file is replaced with atomic.', frame: 'components.web', files,
    bad: file('source: app.conf, dest: /etc/app.conf, strategy: ▸atomic_symlink'), good: file('source: app.conf, dest: /etc/app.conf, strategy: atomic'), path: 'components.web.config.files[0].strategy', message: /atomic_symlink is for folders/,
  },
  {
    name: 'unsafe-place', meaning: 'A deploy does not write to /proc, /sys, /dev and the folders of Maestro and Docker, and not to a path with "..".', frame: 'components.web', files,
    bad: file('source: app.conf, dest: ▸/proc/app.conf'), good: file('source: app.conf, dest: /etc/app.conf'), path: 'components.web.config.files[0].dest', message: /is not a place a deploy may write to/,
  },
];
