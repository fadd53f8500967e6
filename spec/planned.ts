/** What travels of a placement that was planned: see fingerprint.ts. */

/** `parts`: by what a person calls it (`container image`, `file /etc/app.conf`); `digest` is over all of them. */
export interface Fingerprint { digest: string; parts: Record<string, string> }

/** What was decided on for one placement: what it shall be (its component_hash) and how it was seen. */
export interface PlacementBasis { component: string; hash: string; fingerprint: Fingerprint }
