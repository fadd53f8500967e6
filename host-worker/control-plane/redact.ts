/** Keeps the values of secrets out of what a host tells: as they are, and in the forms in which programs like to print them. */
export type Redact = (text: string) => string;

/** Shorter ones stand in every text by chance; a secret of three letters is none. */
const shortest = 4;
const mask = '[secret]';

export function redactor(values: readonly string[]): Redact {
  const found = [...new Set(values.flatMap(formsOf))].filter((form) => form.length >= shortest).sort((a, b) => b.length - a.length);
  if (found.length === 0) return (text) => text;
  const pattern = new RegExp(found.map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, mask);
}

/** Output comes line by line, so that each line of a value counts. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const lines = value.split('\n').map((line) => line.trim()).filter((line) => line.length >= 2 * shortest);
  return [
    value, ...lines, JSON.stringify(value).slice(1, -1), encodeURIComponent(value),
    ...base64Forms(bytes), bytes.toString('hex'), bytes.toString('hex').toUpperCase(),
  ];
}

/** Where a value starts in what is encoded decides how it looks; what hangs together with its neighbours is left out. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
    const inner = text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  }).filter((form) => form.length >= 2 * shortest);
}
