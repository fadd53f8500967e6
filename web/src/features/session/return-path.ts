/** The page to go to after signing in. Only paths of this site: `//host` and `/\host` lead elsewhere. */
export const homePath = '/deploys';

export function safeReturnPath(asked: string | null): string {
  if (asked === null || !/^\/(?![/\\])/.test(asked)) return homePath;
  return asked.startsWith('/login') || asked.startsWith('/setup') ? homePath : asked;
}

export const loginPath = (from: string): string => (from === homePath || from === '/' ? '/login' : `/login?next=${encodeURIComponent(from)}`);
