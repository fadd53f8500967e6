/**
 * The server's clock as far as the browser knows it. Durations that tick compare server timestamps with "now";
 * a laptop whose clock is off must not show a step that has run for minus four minutes.
 */
let skewMs = 0;
/** The Date header counts whole seconds; smaller differences are noise. */
const noiseMs = 2_000;

export function noteServerTime(dateHeader: string | null, receivedAtMs: number = Date.now()): void {
  const server = dateHeader === null ? Number.NaN : Date.parse(dateHeader);
  if (Number.isNaN(server)) return;
  const difference = server - receivedAtMs;
  skewMs = Math.abs(difference) > noiseMs ? difference : 0;
}

/** Milliseconds since the epoch, by the server's clock. */
export const serverNow = (): number => Date.now() + skewMs;
