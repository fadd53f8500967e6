import type { Content } from '../deploys/content.js';

/** What a plan is of: a version, or a component that comes back into it. */
export const contentOfPlan = ({ version, component, component_from: from }: { version: number; component: string | null; component_from: number | null }): Content =>
  (component === null || from === null ? version : { base: version, component, from });
