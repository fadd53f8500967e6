/** The page to go to after signing in: only ever one of this site. */
export const homePath = '/deploys';

const here = 'http://here.invalid';

/** Read as a browser would (which drops tabs, and takes `//host` and `/\host` for another site), then judged. */
export function safeReturnPath(asked: string | null): string {
  if (asked === null || !asked.startsWith('/') || !URL.canParse(asked, here)) return homePath;
  const { origin, pathname, search, hash } = new URL(asked, here);
  if (origin !== here || pathname.startsWith('//')) return homePath;
  return /^\/(login|setup)(\/|$)/.test(pathname) ? homePath : pathname + search + hash;
}

export const loginPath = (from: string): string => (from === homePath || from === '/' ? '/login' : `/login?next=${encodeURIComponent(from)}`);
