/** A file of the bundle. */
export interface BundleEntry { path: string; sha256: string; size: number; mode: number }
