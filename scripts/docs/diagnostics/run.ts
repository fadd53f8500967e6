/** How a component is to run, and what two of them cannot share. */
import type { DiagnosticEntry } from './entry.js';

const docker = 'type: docker\nimage: nginx\n';
const unit = 'type: systemd\ncommand: /bin/app\n';
const at = (key: string): string => `components.web.run.${key}`;
const rendered = (value: string): string => `config: { vars: { name: ${value} } }\nrun:\n  type: systemd\n  command: /bin/app\n`;
const two = (db: string, web: string): string => `db:\n  run: { ${db} }\nweb:\n  run: { ${web} }`;
const apart = (db: string, web: string): string => two(db, web);
const copy = (dest: string): string => `  config: { files: [{ source: app.conf, dest: ${dest} }] }\n`;
const copies = (db: string, web: string): string => `db:\n${copy(db)}  run: { type: docker, image: postgres }\nweb:\n${web}  run: { type: docker, image: nginx }`;

export const runEntries: DiagnosticEntry[] = [
  {
    name: 'proto-key', meaning: 'No key is called __proto__.', frame: 'components.web.run',
    bad: 'type: docker\n▸__proto__: { image: nginx }', good: docker.trim(), path: at('__proto__'), message: /a key cannot be called "__proto__"/,
  },
  {
    name: 'no-image', meaning: 'A container without a docker source needs an image of its own.', frame: 'components.web.run',
    bad: '▸type: docker', good: docker.trim(), path: at('image'), message: /"image" is missing: there is no Docker source/,
  },
  {
    name: 'not-an-image', meaning: 'Docker does not take this name.', frame: 'components.web.run',
    bad: 'type: docker\nimage: ▸"shop web:1"', good: 'type: docker\nimage: shop/web:1', path: at('image'), message: /"shop web:1" is not the name of an image/,
  },
  {
    name: 'not-a-container-name', meaning: 'Docker does not take this name.', frame: 'components.web.run',
    bad: `${docker}container_name: ▸shop/web`, good: `${docker}container_name: shop-web`, path: at('container_name'), message: /"shop\/web" is not a container name/,
  },
  {
    name: 'not-a-network', meaning: 'Docker does not take this name.', frame: 'components.web.run',
    bad: `${docker}networks: [▸"--driver"]`, good: `${docker}networks: [back]`, path: at('networks[0]'), message: /"--driver" is not the name of a network/,
  },
  {
    name: 'nul-in-a-value', meaning: 'No program can be given a NUL character in its environment.', frame: 'components.web.run',
    bad: `${docker}env:\n  SITE: ▸"shop\\0"`, good: `${docker}env:\n  SITE: shop`, path: at('env.SITE'), message: /NUL character/,
  },
  {
    name: 'open-quote', meaning: 'A command line is split into words like in a shell, and a quote or backslash in it is left open.', frame: 'components.web.run',
    bad: `${docker}command: ▸echo it's`, good: `${docker}command: echo "it's"`, path: at('command'), message: /a quote or a backslash is left open/,
  },
  {
    name: 'not-a-port-mapping', meaning: 'Ports are published as host:container.', frame: 'components.web.run',
    bad: `${docker}ports: [▸"8080"]`, good: `${docker}ports: ["8080:80"]`, path: at('ports[0]'), message: /"8080" is not a port mapping/,
  },
  {
    name: 'too-many-ports', meaning: 'A container publishes at most 256 ports.', frame: 'components.web.run',
    bad: `${docker}ports: ▸["1000-1255:1000-1255", "80:80"]`, good: `${docker}ports: ["80:80"]`, path: at('ports'), message: /at most 256 ports/,
  },
  {
    name: 'not-a-volume', meaning: 'Volumes are mounted as source:target.', frame: 'components.web.run',
    bad: `${docker}volumes: [▸"/srv/data"]`, good: `${docker}volumes: ["/srv/data:/data"]`, path: at('volumes[0]'), message: /"\/srv\/data" is not a volume/,
  },
  {
    name: 'no-selinux-labels', code: 'unsupported_feature', warning: true, meaning: 'Folders are not labelled for SELinux.', frame: 'components.web.run',
    bad: `${docker}volumes: [▸"/srv/data:/data:Z"]`, good: `${docker}volumes: ["/srv/data:/data"]`, path: at('volumes[0]'), message: /SELinux/,
  },
  {
    name: 'not-a-unit-name', meaning: 'systemd does not take this name.', frame: 'components.web.run',
    bad: `${unit}unit_name: ▸shop/web`, good: `${unit}unit_name: shop-web`, path: at('unit_name'), message: /"shop\/web" is not the name of a service unit/,
  },
  {
    name: 'not-an-absolute-path', meaning: 'The working directory is a path from the root, without "..".', frame: 'components.web.run',
    bad: `${unit}working_directory: ▸app`, good: `${unit}working_directory: /opt/app`, path: at('working_directory'), message: /"app" is not an absolute path/,
  },
  {
    name: 'backslash-at-the-end', meaning: 'systemd would read the next line of the unit as a part of this one.', frame: 'components.web.run',
    bad: 'type: systemd\ncommand: ▸/bin/app \\', good: 'type: systemd\ncommand: /bin/app', path: at('command'), message: /must not end in a backslash/,
  },
  {
    name: 'rendered-to-nothing', meaning: 'A template gives an empty text where one is needed.', frame: 'components.web',
    bad: `${rendered('""')}  user: ▸"{{ vars.name }}"`, good: `${rendered('deploy')}  user: "{{ vars.name }}"`, path: at('user'), message: /user is empty/,
  },
  {
    name: 'rendered-to-control-characters', meaning: 'A template gives a character that a terminal would take for a command.', frame: 'components.web',
    bad: `${rendered('"deploy\\e[2J"')}  user: ▸"{{ vars.name }}"`, good: `${rendered('deploy')}  user: "{{ vars.name }}"`, path: at('user'), message: /user must not have control characters/,
  },
  {
    name: 'rendered-to-more-than-one-line', meaning: 'A template gives a line break where one line is needed.', frame: 'components.web',
    bad: `${rendered('"deploy\\nGroup=root"')}  user: ▸"{{ vars.name }}"`, good: `${rendered('deploy')}  user: "{{ vars.name }}"`, path: at('user'), message: /user must be one line/,
  },
  {
    name: 'rendered-to-no-port', meaning: 'A template gives something that is not a port.', frame: 'components.web',
    bad: 'config: { vars: { port: 0 } }\nhealthcheck: { type: tcp, port: ▸"{{ vars.port }}" }', good: 'config: { vars: { port: 80 } }\nhealthcheck: { type: tcp, port: "{{ vars.port }}" }', path: 'components.web.healthcheck.port', message: /"0" is not a port/,
  },
  {
    name: 'not-an-address', meaning: 'The address of an http health check starts with http:// or https://.', frame: 'components.web',
    bad: 'healthcheck: { type: http, url: ▸localhost }', good: 'healthcheck: { type: http, url: "http://localhost/" }', path: 'components.web.healthcheck.url', message: /is not an http or https address/,
  },
  {
    name: 'no-way-to-reload-a-unit', meaning: 'A unit is changed while it runs by a reload, for which it has to say how.', frame: 'components.web',
    bad: `run:\n  type: systemd\n  command: /bin/app\ndeploy_mode: ▸hot`, good: `run:\n  type: systemd\n  command: /bin/app\n  reload_command: /bin/kill -HUP $MAINPID\ndeploy_mode: hot`,
    path: 'components.web.deploy_mode', message: /deploy_mode hot of a unit is a reload, and run.reload_command is missing/,
  },
  {
    name: 'no-way-to-reload', meaning: 'A change is to be brought in by a reload, for which the component has to say how.', frame: 'components.web',
    bad: 'run: { type: docker, image: nginx }\nreload_triggers: { config: ▸hot }', good: 'run: { type: docker, image: nginx, reload_command: nginx -s reload }\nreload_triggers: { config: hot }',
    path: 'components.web.reload_triggers.config', message: /reload_triggers.config is hot, and run.reload_command is missing/,
  },
  {
    name: 'reload-with-nothing', meaning: 'A command has words.', frame: 'components.web.run',
    bad: `${docker}reload_command: ▸" "`, good: `${docker}reload_command: nginx -s reload`, path: at('reload_command'), message: /reload_command is empty/,
  },
  {
    name: 'no-neighbours-in-the-hosts-network', code: 'unsupported_feature', warning: true, meaning: 'The old and the new container run side by side for a while, each with ports of its own.', frame: 'components.web',
    bad: 'run: { type: docker, image: nginx, networks: [host] }\ndeploy_mode: ▸hot', good: 'run: { type: docker, image: nginx, ports: ["80:80"] }\ndeploy_mode: hot', path: 'components.web.deploy_mode', message: /the network "host"/,
  },
  {
    name: 'no-switch-of-ip-six', code: 'unsupported_feature', warning: true, meaning: 'Ports that are switched from one container to another are published on IPv4 addresses.', frame: 'components.web',
    bad: 'run: { type: docker, image: nginx, ports: ▸["[::1]:80:80"] }\ndeploy_mode: hot', good: 'run: { type: docker, image: nginx, ports: ["127.0.0.1:80:80"] }\ndeploy_mode: hot', path: at('ports'), message: /IPv4 addresses only/,
  },
  {
    name: 'no-port-to-listen-on', meaning: 'The old and the new unit run side by side for a while, each on a port of its own, which the program has to be given.', frame: 'components.web',
    bad: 'run: { type: systemd, command: ▸/usr/bin/shop --port 80 }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green',
    good: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green', path: 'components.web.run.command', message: /MAESTRO_PORT. is nowhere in run.command or run.env/,
  },
  {
    name: 'no-published-port', meaning: 'Which port leads to the unit that serves is told by its health check.', frame: 'components.web',
    bad: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\ndeploy_mode: ▸blue_green',
    good: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: http, url: "http://localhost:8080/health" }\ndeploy_mode: blue_green', path: 'components.web.deploy_mode', message: /needs a healthcheck, which says which port is published/,
  },
  {
    name: 'no-published-port-of-a-command', meaning: 'A command does not tell which port leads to the unit that serves.', frame: 'components.web',
    bad: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: ▸command, command: /bin/true }\ndeploy_mode: blue_green',
    good: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green', path: 'components.web.healthcheck.type', message: /and this one is a command/,
  },
  {
    name: 'port-of-another-host', meaning: 'The port that is published is one of the component\'s own host.', frame: 'components.web',
    bad: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: http, url: ▸"http://example.com/" }\ndeploy_mode: blue_green',
    good: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: http, url: "http://localhost/" }\ndeploy_mode: blue_green', path: 'components.web.healthcheck.url', message: /asks example.com/,
  },
  {
    name: 'port-of-a-unit', meaning: 'The two units of a component listen on ports of this range themselves.', frame: 'components.web',
    bad: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: ▸20080 }\ndeploy_mode: blue_green',
    good: 'run: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: 8080 }\ndeploy_mode: blue_green', path: 'components.web.healthcheck.port', message: /port 20080 is one of those/,
  },
  {
    name: 'port-beside-a-secret', meaning: 'Variables that hold secrets are in one file, which both units read.', frame: 'components.web',
    bad: 'config: { secrets: { token: "{{ vault://db/password }}" } }\nrun: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}", env: { URL: ▸"http://{{ secrets.token }}@localhost:${MAESTRO_PORT}" } }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green',
    good: 'config: { secrets: { token: "{{ vault://db/password }}" } }\nrun: { type: systemd, command: "/usr/bin/shop --port ${MAESTRO_PORT}", env: { TOKEN: "{{ secrets.token }}" } }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green', path: 'components.web.run.env.URL', message: /a variable with a secret in it cannot hold/,
  },
  {
    name: 'instance-of-a-template', meaning: 'Two units are made beside the one in the document, with names made of its name.', frame: 'components.web',
    bad: 'run: { type: systemd, unit_name: ▸shop@1, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green',
    good: 'run: { type: systemd, unit_name: shop-1, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green', path: 'components.web.run.unit_name', message: /is an instance of a template/,
  },
  {
    name: 'name-without-room', meaning: 'Two units are made beside the one in the document, with names that are a little longer.', frame: 'components.web',
    bad: `run: { type: systemd, unit_name: ▸${'a'.repeat(245)}, command: "/usr/bin/shop --port \${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green`,
    good: 'run: { type: systemd, unit_name: shop, command: "/usr/bin/shop --port ${MAESTRO_PORT}" }\nhealthcheck: { type: tcp, port: 80 }\ndeploy_mode: blue_green', path: 'components.web.run.unit_name', message: /too long for deploy_mode blue_green/,
  },
  {
    name: 'same-container', code: 'conflict', meaning: 'Two components have a container of the same name on one host.', frame: 'components',
    bad: two('type: docker, image: postgres, container_name: shop', 'type: docker, image: nginx, container_name: ▸shop'), good: apart('type: docker, image: postgres', 'type: docker, image: nginx'),
    path: 'components.web.run.container_name', message: /the container shop on h1 is also used by db/,
  },
  {
    name: 'same-unit', code: 'conflict', meaning: 'Two components have a unit of the same name on one host.', frame: 'components',
    bad: two('type: systemd, command: /bin/db, unit_name: shop', 'type: systemd, command: /bin/web, unit_name: ▸shop'), good: apart('type: systemd, command: /bin/db', 'type: systemd, command: /bin/web'),
    path: 'components.web.run.unit_name', message: /the unit shop.service on h1 is also used by db/,
  },
  {
    name: 'same-port', code: 'conflict', meaning: 'Two containers publish the same port on one host.', frame: 'components',
    bad: two('type: docker, image: postgres, ports: ["80:5432"]', 'type: docker, image: nginx, ports: [▸"80:80"]'), good: apart('type: docker, image: postgres, ports: ["5432:5432"]', 'type: docker, image: nginx, ports: ["80:80"]'),
    path: 'components.web.run.ports[0]', message: /port 80\/tcp on h1 is also used by db/,
  },
  {
    name: 'same-file', code: 'conflict', meaning: 'Two components write the same file on one host.', frame: 'components', files: { 'app.conf': 'listen 80\n' },
    bad: copies('/etc/app.conf', copy('▸/etc/app.conf')), good: copies('/etc/app.conf', copy('/etc/web.conf')), path: 'components.web.config.files[0].dest', message: /\/etc\/app.conf on h1 is also used by db/,
  },
  {
    name: 'same-file-twice', code: 'conflict', meaning: 'A component writes the same file twice.', frame: 'components.web', files: { 'app.conf': 'listen 80\n', 'web.conf': 'listen 81\n' },
    bad: 'config:\n  files:\n    - { source: app.conf, dest: /etc/app.conf }\n    - { source: web.conf, dest: ▸/etc/app.conf }',
    good: 'config:\n  files:\n    - { source: app.conf, dest: /etc/app.conf }\n    - { source: web.conf, dest: /etc/web.conf }', path: 'components.web.config.files[1].dest', message: /\/etc\/app.conf on h1 is used twice/,
  },
];
