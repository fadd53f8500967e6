import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, which holds the lockfile and node_modules; naming it keeps Next from guessing. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Relative imports name `.js` files that are `.ts` here, as in every room. The bundler only looks for these when the
 * configuration it reads says NodeNext, with which the types of `next/link` do not work; so it gets one of its own, and the
 * types are checked with tsconfig.json by `npm test` and not by the build.
 *
 * @type {import('next').NextConfig}
 */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  outputFileTracingRoot: root,
  turbopack: { root },
  typescript: { tsconfigPath: 'tsconfig.next.json', ignoreBuildErrors: true },
};

export default config;
