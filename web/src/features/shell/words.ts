import type { StreamStatus } from '../../api/event-stream.js';

export const shellWords = {
  product: 'Maestro',
  skip: 'Skip to the content',
  menu: 'Navigation',
  mainNavigation: 'Main',
  nav: { deploys: 'Deploys', wizard: 'Wizard', nodes: 'Nodes', audit: 'Audit', secrets: 'Secrets', keys: 'API keys', users: 'Users' },
  account: 'Account',
  lost: { title: 'There is no such page', sentence: 'The address may be misspelt, or what it named is gone.', action: 'Go to the deploys' },
  crash: { title: 'This page broke', sentence: 'That is a fault of the page; your hosts and rollouts are not touched by it.', retry: 'Show the page again' },
} as const;

export const liveWords: Record<StreamStatus, { label: string; meaning: string }> = {
  connecting: { label: 'Connecting', meaning: 'Connecting to the live updates.' },
  live: { label: 'Live', meaning: 'What you see is kept up to date.' },
  reconnecting: { label: 'Reconnecting', meaning: 'The live updates are interrupted. What you see may be old; it catches up by itself.' },
  offline: { label: 'Offline', meaning: 'This machine has no network. What you see may be old.' },
};

export const schemeWords = { auto: 'Follow the system', light: 'Light', dark: 'Dark', label: 'Colour scheme' } as const;
