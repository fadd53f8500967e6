/** Documents and archives for the tests of the API. */
import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';

/** One nginx on each host. */
export const web = (project = 'hello-web', hosts: readonly string[] = ['web-01']): string => `# kept as written
api_version: maestro/v1
project: ${project}
hosts:
${hosts.map((host) => `  ${host}: { address: 10.0.0.10 }`).join('\n')}
components:
  web:
    source: { type: docker, image: nginx, tag: "1.27-alpine" }
    run: { type: docker, container_name: ${project} }
deployment:
  - hosts: [${hosts.join(', ')}]
    components: [web]
`;

/** The same with one template and one file of the bundle. */
export const webWithFiles = (project = 'with-files'): string => `api_version: maestro/v1
project: ${project}
hosts:
  web-01: { address: 10.0.0.10 }
components:
  web:
    source: { type: docker, image: nginx, tag: "1.27-alpine" }
    run: { type: docker, container_name: ${project} }
    config:
      vars: { greeting: hello }
      templates:
        - { source: templates/app.conf.j2, dest: /etc/${project}/app.conf }
      files:
        - { source: static/logo.bin, dest: /etc/${project}/logo.bin, mode: 0644 }
deployment:
  - host: web-01
    components: [web]
`;

export const template = 'greeting = {{ greeting }} from {{ host_id }}\n';
export const binary = Buffer.from([0, 1, 2, 253, 254, 255]);

export interface Entry extends Partial<Omit<Header, 'name'>> { name: string; content?: string | Buffer }

/** A tar as tools write it, or as they never would. */
export async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export const targz = async (entries: readonly Entry[]): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(gzipSync(await tar(entries)));
