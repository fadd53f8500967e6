import '@mantine/core/styles.css';
import './globals.css';
import { ColorSchemeScript, mantineHtmlProps } from '@mantine/core';
import type { Metadata, Viewport } from 'next';
import { headers } from 'next/headers.js';
import type { ReactNode } from 'react';
import { Providers } from './providers.js';

export const metadata: Metadata = {
  title: { default: 'Maestro', template: '%s · Maestro' },
  description: 'Deploys named, versioned bundles of YAML to many Linux hosts, durably.',
  icons: { icon: '/icon.svg' },
};
export const viewport: Viewport = { colorScheme: 'light dark' };

/** Every page is made anew for whoever asks, since it carries the nonce of its answer (api/http/security-headers). */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? undefined;
  return (
    <html lang="en" {...mantineHtmlProps}>
      <head>
        <ColorSchemeScript defaultColorScheme="auto" {...(nonce === undefined ? {} : { nonce })} />
      </head>
      <body>
        <Providers nonce={nonce}>{children}</Providers>
      </body>
    </html>
  );
}
