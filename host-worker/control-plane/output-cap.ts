/**
 * Bounds what one step may say: the first part is passed on as it comes, of the rest only the last part is
 * kept and told at the end, with how much was left out in between.
 */
export interface OutputLine { stream: 'stdout' | 'stderr' | 'info'; text: string }

export const headBytes = 1024 * 1024;
export const tailBytes = 1024 * 1024;
const maxLineLength = 16 * 1024;

export class OutputCap {
  private passed = 0;
  private tail: OutputLine[] = [];
  private tailSize = 0;
  private droppedBytes = 0;

  constructor(private readonly head = headBytes, private readonly kept = tailBytes) {}

  /** The line when it may be passed on now; else null. */
  take(line: OutputLine): OutputLine | null {
    const cut = line.text.length > maxLineLength ? { ...line, text: `${line.text.slice(0, maxLineLength)}… [line truncated]` } : line;
    const size = Buffer.byteLength(cut.text) + 1;
    if (this.passed + size <= this.head && this.tailSize === 0 && this.droppedBytes === 0) {
      this.passed += size;
      return cut;
    }
    this.tail.push(cut);
    this.tailSize += size;
    this.trim();
    return null;
  }

  /** What was held back; call once, at the end. */
  rest(): OutputLine[] {
    const held = this.tail;
    this.tail = [];
    this.tailSize = 0;
    if (this.droppedBytes === 0) return held;
    return [{ stream: 'info', text: `[truncated: ${String(this.droppedBytes)} bytes left out]` }, ...held];
  }

  private trim(): void {
    let drop = 0;
    while (this.tailSize > this.kept && drop < this.tail.length) {
      const size = Buffer.byteLength(this.tail[drop]?.text ?? '') + 1;
      this.tailSize -= size;
      this.droppedBytes += size;
      drop += 1;
    }
    if (drop > 0) this.tail.splice(0, drop);
  }
}
