/** A deploy in which secrets stand wherever they may, and everything that has them prints them. */
import { shapes } from './values.js';

const names = shapes.map((_, index) => `c${String(index).padStart(2, '0')}`);
export const pathOf = (index: number): string => `canary/${names[index] ?? ''}`;
/** systemd takes no control characters in a variable, except for line ends. */
const inUnit = names.filter((_, index) => index !== 19);

const env = (of: readonly string[], indent: number): string => of.map((name) => `${' '.repeat(indent)}CANARY_${name}: "{{ vault://canary/${name} }}"`).join('\n');
export const program = '/srv/canaries/print.py';
const print = `python3 ${program}`;
/** While it is there, checks fail. */
export const sick = '/srv/canaries/sick';
const all = '/etc/canaries/all.txt';

export const files = {
  'all.txt.j2': names.map((name) => `{{ ${name} }}`).join('\n--\n'),
  'quoted.json.j2': `{${names.map((name) => `"${name}": {{ ${name} | dump }}, "${name}_url": "{{ ${name} | urlencode }}"`).join(', ')}}`,
};

export interface Variant { broken?: boolean; repo: string; registry: string }

/** Broken: what is built, what is started and what is tested fails, each after it has printed all that it has. */
export const document = ({ broken = false, repo, registry }: Variant): string => `api_version: maestro/v1
project: canaries
hosts: { h1: {} }
components:
  app:
    source: { type: git, repo: "${repo}", ref: main, credentials_ref: "vault://canary/git" }
    build:
      - command: ${print} ${broken ? 'fail' : 'once'}
        env:
${env(names, 10)}
    run: { type: systemd, unit_name: canary-app, command: /usr/bin/python3 -m http.server 8299, working_directory: /opt/canary-app }
  unit:
    config:
      secrets:
${names.map((name) => `        ${name}: "{{ vault://canary/${name} }}"`).join('\n')}
      templates:
        - { source: all.txt.j2, dest: ${all}, mode: "0644" }
        - { source: quoted.json.j2, dest: /etc/canaries/quoted.json, mode: "0600" }
    run:
      type: systemd
      unit_name: canary-unit
      command: /usr/bin/python3 ${program} serve
      env:
${env(inUnit, 8)}
    healthcheck: { type: command, command: "${print} check ${sick} ${all}", interval: 1s, retries: 1, start_period: 0s, timeout: 20s }
    tests:
      before: { command: "${print} once none ${all}", when: pre_deploy }
      after: { command: "${print} ${broken ? 'fail' : 'once'} none ${all}" }
  web:
    source: { type: docker, image: "${registry}/demo/printer", tag: "1", credentials_ref: "vault://canary/registry" }
    run:
      type: docker
      container_name: canary-web
      restart: no
      command: [python3, ${program}, ${broken ? 'fail' : 'serve'}]
      volumes: ["/srv/canaries:/srv/canaries:ro"]
      env:
${env(names, 8)}
    healthcheck: { type: command, command: "python3 ${program} check ${sick}", interval: 1s, retries: 1, start_period: 0s, timeout: 20s }
    tests:
      inside: { command: "python3 ${program} once" }
deployment:
  - { host: h1, components: [app, unit, web], strategy: parallel }
`;

/** With a sealed file of the bundle in place of the vault. */
export const sealed = (tag: string): string => `api_version: maestro/v1
project: sealed
credentials_ref: ./credentials.yaml
hosts: { h1: {} }
components:
${['web', 'side'].map((id, index) => `  ${id}:
    source: { type: docker, image: demo/web, tag: "${tag}" }
    run: { type: docker, container_name: sealed-${id}, ports: ["${String(18_380 + index)}:8080"], env: { CONFIG: /server, SEALED: "{{ vault://sealed/${id} }}" } }
    healthcheck: { type: http, url: "http://localhost:${String(18_380 + index)}/health" }
`).join('')}deployment:
  - { host: h1, components: [web, side], strategy: parallel }
`;

/** One that tells what it is given, as it is. */
export const plain = (text: string): string => `api_version: maestro/v1
project: planted
description: ${text}
hosts: { h1: {} }
components:
  web:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: planted, env: { CONFIG: /server } }
    tests: { say: { command: "echo ${text}", when: pre_deploy } }
deployment: [{ host: h1, components: [web] }]
`;
