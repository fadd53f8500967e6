import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout, which holds the lockfile and node_modules; naming it keeps Next from guessing. */
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** @type {import('next').NextConfig} */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  outputFileTracingRoot: root,
  turbopack: { root },
  typescript: { tsconfigPath: 'tsconfig.next.json', ignoreBuildErrors: true },
};

export default config;
