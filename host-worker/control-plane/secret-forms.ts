/** As which texts the value of a secret comes out of the programs that print it. Pure. */

/** Shorter ones stand in every text by chance; a secret of three letters is none. */
export const shortest = 4;

/** Output comes line by line, so that each line of a value counts; and without the codes that terminals take out of it. */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const lines = value.split(/\r\n|\n|\r/).map((line) => line.trim()).filter((line) => line.length >= 2 * shortest);
  const raw = [value, value.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ''), value.trim().replace(/\s+/g, ' '), ...lines];
  return [...raw, ...lines.flatMap(inShell), ...inShell(value), ...inJson(value), ...inAddress(value), ...inMarkup(value), ...hexForms(bytes), ...base64Forms(bytes)];
}

/** Single quotes as `set -x` writes them, and backslashes as `printf %q` does. */
const inShell = (value: string): string[] => [value.replaceAll("'", "'\\''"), value.replace(/[^\w\n.,:/@%+=-]/g, '\\$&')];

/** As Node writes it; with everything beyond ASCII as \u (Python), `<>&` so (Go), `/` behind a backslash (PHP); and as text in JSON in JSON. */
function inJson(value: string): string[] {
  const plain = JSON.stringify(value).slice(1, -1);
  const escaped = (pattern: RegExp, text: string): string => text.replace(pattern, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const ascii = escaped(/[^\u0000-\u007f]/g, plain);
  return [plain, ascii, escaped(/[<>&\u2028\u2029]/g, plain), plain.replaceAll('/', '\\/'), ascii.replaceAll('/', '\\/'), JSON.stringify(plain).slice(1, -1)];
}

/** Encoders differ about `!'()*~`, `/`, space and the case of digits. */
function inAddress(value: string): string[] {
  const plain = encodeURIComponent(Buffer.from(value).toString());
  const strict = plain.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const all = [plain, strict, strict.replaceAll('~', '%7E'), ...[plain, strict].flatMap((text) => [text.replaceAll('%20', '+'), text.replaceAll('%2F', '/'), text.replaceAll('%20', '+').replaceAll('%2F', '/')])];
  return [...all, ...all.map((text) => text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

function inMarkup(value: string): string[] {
  const plain = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = plain.replaceAll('"', '&quot;');
  return [plain, quoted, quoted.replaceAll("'", '&#39;'), plain.replaceAll('"', '&#34;').replaceAll("'", '&#39;'), quoted.replaceAll("'", '&#x27;'), quoted.replaceAll("'", '&apos;')];
}

/** In a row, and as dumps have them: byte by byte, and in twos. */
function hexForms(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  const all = [hex, hex.replace(/..(?=.)/g, '$& '), hex.replace(/..(?=.)/g, '$&:'), hex.replace(/....(?=.)/g, '$& ')];
  return [...all, ...all.map((text) => text.toUpperCase())];
}

/** Where a value starts in what is encoded decides how it looks; what hangs together with its neighbours is left out. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64').replace(/=+$/, '');
    const inner = text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  }).filter((form) => form.length >= 2 * shortest);
}
