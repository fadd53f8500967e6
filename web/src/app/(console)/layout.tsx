import type { ReactNode } from 'react';
import { SessionGate } from '../../features/session/session-gate.js';
import { AppFrame } from '../../features/shell/app-frame.js';
import { LiveProvider } from '../../features/shell/live-provider.js';

export default function ConsoleLayout({ children }: { children: ReactNode }) {
  return (
    <SessionGate>
      <LiveProvider>
        <AppFrame>{children}</AppFrame>
      </LiveProvider>
    </SessionGate>
  );
}
