/** Many needles in much hay, in one pass over the bytes. */
export interface Needle { value: number; form: string; bytes: Buffer }
export interface Hit { place: string; value: number; form: string }

const headBytes = 4;

export function finder(needles: readonly Needle[]): (place: string, hay: Buffer) => Hit[] {
  // Most bytes are begun by no needle: two of them say so.
  const begins = new Uint8Array(65_536);
  const byHead = new Map<number, Needle[]>();
  for (const needle of needles) {
    if (needle.bytes.length < headBytes) throw new Error('a needle is too short to be looked for');
    begins[needle.bytes.readUInt16BE(0)] = 1;
    const head = needle.bytes.readUInt32BE(0);
    byHead.set(head, [...(byHead.get(head) ?? []), needle]);
  }
  return (place, hay) => {
    const found = new Map<string, Hit>();
    for (let at = 0; at + headBytes <= hay.length; at += 1) {
      if (begins[((hay[at] ?? 0) << 8) | (hay[at + 1] ?? 0)] === 0) continue;
      for (const { value, form, bytes } of byHead.get(hay.readUInt32BE(at)) ?? []) {
        if (hay.compare(bytes, 0, bytes.length, at, Math.min(at + bytes.length, hay.length)) === 0) found.set(`${String(value)} ${form}`, { place, value, form });
      }
    }
    return [...found.values()];
  };
}
