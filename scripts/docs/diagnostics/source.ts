/** Where a component comes from, and how it is built. */
import type { DiagnosticEntry } from './entry.js';

const at = (key: string): string => `components.web.source.${key}`;
const source = (keys: string): string => `source:\n  type: git\n  ${keys.replaceAll('\n', '\n  ')}`;
const git = (bad: string, good: string): Pick<DiagnosticEntry, 'frame' | 'bad' | 'good'> => ({ frame: 'components.web', bad: source(bad), good: source(good) });
const inComponent = (steps: string, directory = ''): string => `source: { type: git, repo: "https://example.com/shop.git" }\n${steps}\nrun: { type: systemd, command: /bin/app${directory} }`;

export const sourceEntries: DiagnosticEntry[] = [
  {
    name: 'not-a-repository', meaning: 'Repositories are fetched over https or ssh, or from a folder of the host.', ...git('repo: ▸example.com/shop', 'repo: https://example.com/shop.git'),
    path: at('repo'), message: /is not the address of a repository/,
  },
  {
    name: 'repository-like-an-option', meaning: 'git would take it for an option.', ...git('repo: ▸"--upload-pack=touch"', 'repo: git@example.com:shop.git'),
    path: at('repo'), message: /looks like an option/,
  },
  {
    name: 'repository-like-a-program', meaning: 'Addresses such as ext::… make git run a program.', ...git('repo: ▸"ext::/bin/sh"', 'repo: ssh://git@example.com/shop.git'),
    path: at('repo'), message: /would make git run another program/,
  },
  {
    name: 'unencrypted-repository', meaning: 'What is fetched over http can be changed on the way.', ...git('repo: ▸http://example.com/shop.git', 'repo: https://example.com/shop.git'),
    path: at('repo'), message: /would be fetched unencrypted/,
  },
  {
    name: 'credentials-in-a-repository', meaning: 'An address is shown in plans and logs, so it holds no credentials.', ...git('repo: ▸https://user:password@example.com/shop.git', 'repo: https://example.com/shop.git'),
    path: at('repo'), message: /has credentials in it/,
  },
  {
    name: 'ref-like-an-option', meaning: 'git would take it for an option.', ...git('repo: https://example.com/shop.git\nref: ▸"--output=x"', 'repo: https://example.com/shop.git\nref: main'),
    path: at('ref'), message: /looks like an option/,
  },
  {
    name: 'not-a-ref', meaning: 'A ref is the name of a branch or a tag, or the full id of a commit.', ...git('repo: https://example.com/shop.git\nref: ▸"main~1"', 'repo: https://example.com/shop.git\nref: v1.10'),
    path: at('ref'), message: /is not the name of a branch, a tag or a commit/,
  },
  {
    name: 'not-a-subpath', meaning: 'The subpath is a folder of the repository.', ...git('repo: https://example.com/shop.git\nsubpath: ▸../other', 'repo: https://example.com/shop.git\nsubpath: server'),
    path: at('subpath'), message: /is not a folder below the repository/,
  },
  {
    name: 'not-a-working-dir', meaning: 'Build steps run in the source directory or below it.', frame: 'components.web',
    bad: inComponent('build: [{ command: make, working_dir: ▸/srv }]'), good: inComponent('build: [{ command: make, working_dir: server }]'),
    path: 'components.web.build[0].working_dir', message: /is not a folder below the source directory/,
  },
  {
    name: 'not-a-component-directory', meaning: 'The component directory of a git source becomes a link to its release.', frame: 'components.web',
    bad: inComponent('build: []', ', working_directory: ▸/proc/app'), good: inComponent('build: []', ', working_directory: /opt/app'),
    path: 'components.web.run.working_directory', message: /is not a place a deploy may put a release at/,
  },
  {
    name: 'file-in-a-release', code: 'unsupported_feature', warning: true, meaning: 'The component directory of a git source is a release as it was built; configuration stands beside it.', frame: 'components.web', files: { 'app.conf': 'listen 80\n' },
    bad: inComponent('config: { files: [{ source: app.conf, dest: ▸app.conf }] }'), good: inComponent('config: { files: [{ source: app.conf, dest: /etc/app.conf }] }'),
    path: 'components.web.config.files[0].dest', message: /inside of the component directory/,
  },
];
