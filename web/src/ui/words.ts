/** Words that belong to no feature. */
export const uiWords = {
  tryAgain: 'Try again',
  code: 'Code',
  request: 'Request',
  copy: 'Copy',
  copied: 'Copied',
  cancel: 'Cancel',
  close: 'Close',
  loading: 'Loading…',
  never: 'never',
  justNow: 'just now',
  where: (line: number, column: number) => `line ${line}:${column}`,
  whatToDo: 'What to do:',
} as const;
