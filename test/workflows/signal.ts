/** Given once, waited for by any number. */
export class Signal {
  give: () => void = () => undefined;
  readonly given = new Promise<void>((resolve) => { this.give = resolve; });
}

/** Something held back by a test until it is let go. */
export interface Gate { /** Resolves when somebody has come to it. */ reached: Promise<void>; open(): void }
