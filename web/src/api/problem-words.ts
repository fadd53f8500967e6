export const problemWords = {
  unreachable: { message: 'Maestro did not answer.', fix: 'Check your network, then try again; nothing that runs on your hosts depends on this page.' },
  timeout: { message: 'Maestro took too long to answer.', fix: 'Try again; if it stays slow, look at the server log.' },
  away: { message: 'Maestro is starting or restarting.', fix: 'Try again in a few seconds.' },
  strange: (status: number) => ({ message: `The server answered ${status} without saying why.`, fix: 'Try again; if it repeats, look at the server log.' }),
} as const;
