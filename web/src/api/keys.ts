/** The names under which answers are kept, so that an event can say which of them are old. */
export const keys = {
  me: ['me'],
  setup: ['setup'],
  deploys: ['deploys'],
  deploy: (id: string) => ['deploys', id],
  version: (id: string, version: number) => ['versions', id, version],
  rollout: (id: string) => ['rollouts', id],
  rolloutLog: (id: string) => ['rollouts', id, 'log'],
  nodes: ['nodes'],
  validation: (...parts: unknown[]) => ['validation', ...parts],
} as const;
