export const sessionWords = {
  login: {
    title: 'Sign in',
    username: 'Username',
    password: 'Password',
    submit: 'Sign in',
    capsLock: 'Caps lock is on.',
    returning: 'Sign in to go on to the page you asked for.',
  },
  setup: {
    title: 'Set up Maestro',
    lead: 'Nobody can sign in yet. Make the first administrator; more people are added later.',
    username: 'Username',
    password: 'Password',
    passwordHint: 'At least 8 characters.',
    submit: 'Create administrator',
  },
  signOut: 'Sign out',
  signedInAs: (name: string) => `Signed in as ${name}`,
  lacksRight: (right: string) => `You lack the right ${right}. An administrator can give it to you.`,
  gate: 'Checking who you are…',
} as const;
