'use client';

import { Crash } from '../features/shell/crash.js';

export default function ErrorPage({ error, reset }: { error: Error; reset: () => void }) {
  return <Crash error={error} onRetry={reset} />;
}
