/** What is asked of the program that carries out placements on a host, and what it answers. */
export interface CarryWork { deploy_id: string; version: number; component: string; files: string[]; unit: string | null; container: string | null }
export interface CarryRequest { url: string; state: string; run_id: string; at_once: number; works: CarryWork[] }

/** `files`: their sha256, in the order asked for. */
export interface Found { files: string[]; env: string[]; unit: Record<string, string> }
export interface Carried { component: string; ms: number; ended: 'well' | 'failed' | 'broken'; type?: string; message?: string; found?: Found }
export interface CarryAnswer { carried: Carried[] }
