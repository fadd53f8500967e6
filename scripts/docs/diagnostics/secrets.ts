/** References to secrets: where they may stand, and what may be done with them. The vault of the examples has db/password, git/token, registry/login, and registry/bound, which is for registry.example.com alone. */
import type { DiagnosticEntry } from './entry.js';

const docker = 'type: docker\nimage: nginx\n';
const password = 'components.web.run.env.PASSWORD';
const env = (value: string): string => `${docker}env:\n  PASSWORD: ${value}`;
const good = env('"{{ vault://db/password }}"');
const config = (template: string, secret = '"{{ vault://db/password }}"'): string => `config:\n  secrets: { PASSWORD: ${secret} }\n  templates:\n    - { source: ${template}, dest: /etc/app.conf }`;
const login = 'components.web.source.credentials_ref';
const ofRegistry = (image: string, reference: string): string => `source: { type: docker, image: ${image}, credentials_ref: ${reference} }\nrun: { type: docker }`;
const ofRepository = (repo: string, reference: string): string => `source: { type: git, repo: "${repo}", credentials_ref: ${reference} }\nrun: { type: systemd, command: /bin/app }`;
const files = { 'app.conf.j2': 'password = {{ PASSWORD }}\n', 'looking.j2': '{{ PASSWORD | upper }}\n' };

export const secretEntries: DiagnosticEntry[] = [
  {
    name: 'secret-would-show', meaning: 'A secret in a command line, a name or an address would show in process lists or logs; also by way of a variable.', frame: 'components.web.run',
    bad: `${docker}command: ▸"app --password={{ vault://db/password }}"`, good: `${docker}command: app\nenv:\n  PASSWORD: "{{ vault://db/password }}"`, path: 'components.web.run.command', message: /a secret would show here/,
  },
  {
    name: 'no-such-secret', meaning: 'The vault has no secret of this path. Every one that is missing is told.', frame: 'components.web.run',
    bad: env('▸"{{ vault://db/pasword }}"'), good, path: password, message: /there is no secret "db\/pasword" in the vault/,
  },
  {
    name: 'not-a-secret-path', meaning: 'The path of a secret is names parted by "/".', frame: 'components.web.run',
    bad: env('▸"{{ vault://db//password }}"'), good, path: password, message: /is not the path of a secret/,
  },
  {
    name: 'not-a-secret-reference', meaning: 'A reference stands for itself; what is to be done with the value is done in a template.', frame: 'components.web.run',
    bad: env('▸"{{ vault://db/password | upper }}"'), good, path: password, message: /with nothing else inside/,
  },
  {
    name: 'secret-in-clear', meaning: 'config.secrets holds references; a value in the document would be readable for everybody who may read it.', frame: 'components.web', files,
    bad: config('app.conf.j2', '▸hunter2'), good: config('app.conf.j2'), path: 'components.web.config.secrets.PASSWORD', message: /does not belong into the document/,
  },
  {
    name: 'secret-looked-at', meaning: 'Templates know no values: a secret can be written, joined to other text, and written with the filters urlencode and dump; it cannot be compared or changed.', frame: 'components.web', files,
    bad: config('▸looking.j2'), good: config('app.conf.j2'), path: 'components.web.config.templates[0].source', message: /the value of a secret is not known here/,
  },
  {
    name: 'secret-sign', meaning: 'The characters U+E000 and U+E001 stand for secrets while a text is rendered.', frame: 'components.web.run',
    bad: env('▸"\\uE000"'), good, path: password, message: /reserved for secrets/,
  },
  {
    name: 'not-a-login-reference', meaning: 'A login is a secret of the vault, named with nothing else; its value does not belong into the document, and is not told.', frame: 'components.web',
    bad: ofRegistry('registry.example.com/shop', '▸registry'), good: ofRegistry('registry.example.com/shop', '"vault://registry/login"'), path: login, message: /is not the reference to a secret/,
  },
  {
    name: 'not-a-login', meaning: 'The secret has another form than a login of this kind.', frame: 'components.web',
    bad: ofRegistry('registry.example.com/shop', '▸"vault://git/token"'), good: ofRegistry('registry.example.com/shop', '"vault://registry/login"'), path: login, message: /is no login for registry\.example\.com/,
  },
  {
    name: 'login-of-another-place', meaning: 'Whoever set the secret has bound it to another repository server or registry.', frame: 'components.web',
    bad: ofRegistry('registry.example.org/shop', '▸"vault://registry/bound"'), good: ofRegistry('registry.example.com/shop', '"vault://registry/bound"'), path: login, message: /is for another place/,
  },
  {
    name: 'login-for-a-folder', meaning: 'A repository in a folder of the host is read as root.', frame: 'components.web',
    bad: ofRepository('file:///srv/git/shop.git', '▸"vault://git/token"'), good: ofRepository('https://example.com/shop.git', '"vault://git/token"'), path: login, message: /asks for no login/,
  },
  {
    name: 'login-for-another-registry', meaning: 'The login goes to the registry of source.image alone, and run.image names another one.', frame: 'components.web',
    bad: ofRegistry('registry.example.com/shop', '▸"vault://registry/login"').replace('run: { type: docker }', 'run: { type: docker, image: nginx }'), good: ofRegistry('registry.example.com/shop', '"vault://registry/login"'), path: login, message: /run\.image is pulled from docker\.io/,
  },
  {
    name: 'credentials-place', meaning: 'credentials_ref names a sealed file of the bundle, or a part of the vault that all references of the document are in.', frame: 'top level',
    bad: 'credentials_ref: ▸prod', good: 'credentials_ref: vault://prod', path: 'credentials_ref', message: /neither a file of the bundle nor a part of the vault/,
  },
  {
    name: 'no-credentials-file', meaning: 'The bundle has no file of this name.', frame: 'top level',
    bad: 'credentials_ref: ▸./credentials.yaml', good: 'description: the shop', path: 'credentials_ref', message: /the bundle has no file "credentials.yaml"/,
  },
];
