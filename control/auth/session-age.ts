/** How long a session lasts: a week at most, and a day without use. */
export const sessionLifetimeMs = 7 * 24 * 60 * 60 * 1000;
export const idleMs = 24 * 60 * 60 * 1000;

export const isOver = ({ expires_at: end, last_seen_at: seen }: { expires_at: Date; last_seen_at: Date }, now: number): boolean =>
  end.getTime() <= now || now - seen.getTime() >= idleMs;
