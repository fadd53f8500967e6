/** What a machine fetches to become a host. Public, since it is not one yet: nothing here is secret, and what is fetched is checked there. */
import { z } from 'zod';
import { route, Streamed } from '../route.js';

const fileName = z.string().max(160).regex(/^[0-9A-Za-z][0-9A-Za-z.-]*$/, 'must be the name of a file');

export const downloadRoutes = [
  route({
    method: 'get', path: '/install.sh', operationId: 'getInstallScript', tag: 'hosts', summary: 'The script that installs the host worker of this control plane, for: curl -fsSL …/install.sh | sudo sh -s -- --token …', right: 'public',
    errors: ['unavailable'], produces: ['text/x-shellscript'], response: null,
    handler: async ({ context: { hostBundles } }) => {
      const script = Buffer.from(await hostBundles.script());
      return new Streamed('text/x-shellscript; charset=utf-8', (async function* () { yield script; })(), script.length);
    },
  }),
  route({
    method: 'get', path: '/download/{file}', operationId: 'download', tag: 'hosts',
    summary: 'The host bundle `maestro-host-<version>-<platform>.tar.gz`, its `.sha256`, and its `.release.json` (DSSE, signed with Ed25519, good for a day); `<platform>.release.json` is the newest of a platform', right: 'public',
    params: z.strictObject({ file: fileName }), errors: ['unavailable'], produces: ['application/gzip', 'text/plain', 'application/json'], response: null,
    handler: async ({ params: { file }, context: { hostBundles } }) => {
      const { mediaType, chunks, bytes } = await hostBundles.file(file);
      return new Streamed(mediaType, chunks, bytes);
    },
  }),
];
