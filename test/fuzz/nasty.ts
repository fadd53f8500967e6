/** Words and values that have broken other programs. */
export const nastyWords: readonly string[] = [
  '&a', '*a', '&a &b', '!!str', '!!binary', '!x', '!<tag:yaml.org,2002:str>', '<<', '<<: *a', '__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '1e999', '-1e999', '.inf', '-.inf', '.nan', '~', 'null', 'true', 'no', 'yes', 'on', '""', "''",
  '[', ']', '{', '}', ',', ':', ': ', '- ', '? ', '|', '>-', '|2', '>+9', '%YAML 1.1\n---\n', '---', '...', '---\n', '\n...\n', '#', ' #', '"', "'", '\\', '\\u0000', '`', '@', '%', '\t', '\r', '\r\n', '\n', '\n\n', ' ', '        ',
  '\0', '\u0007', '\u0085', '\u2028', '\u2029', '\uFEFF', '\uFFFD', '\uD800', '\uDFFF', '😀', 'é', '\u202E', '\u200B',
  '0', '-0', '-1', '007', '08', '0o17', '0o8', '0x1F', '0b1', '1_000', '1:30', '9007199254740993', '99999999999999999999999', '1e3', '0.1', '65536', '24h', '25d', '500ms', '1h30m', '150%', '0%', '0640', '0999', '512m', '1.5g', '99999999t',
  '{{', '}}', '{%', '{{ nope }}', '{{ vars.NAME }}', "{{ hosts['db-01'].address }}", '{{ component_id }}', '{{ vault://a/b }}', '{{ constructor }}', '{% for x in [1] %}', '{#', '${x}', '$(x)', '; rm -rf /', '../../etc/passwd', '/proc/self/environ', '/etc/maestro', 'file:///etc/passwd', 'ext::sh -c x', '--upload-pack=x',
  'x'.repeat(300), 'maestro/v2', 'kubernetes', 'docker', 'systemd', 'h1', 'db', 'web',
];

export const nastyValues: readonly unknown[] = [
  null, true, false, 0, -0, -1, 1, 0.5, 1e999, -1e999, NaN, 1e308, 9_007_199_254_740_993, 2_147_483_648, '', ' ', 'x', '\0', '\n', '{{ nope }}', '{{ vars.NAME }}', '{% if %}', '__proto__', 'constructor', '💥', '0', '1', '1s', '-1s', '99999h', '0640', '512m', 'a\nb',
  [], {}, [[]], [null], [{}], { type: 'docker' }, { type: 'systemd' }, { type: 'http' }, { constructor: 'x' }, { toString: 1 }, { hasOwnProperty: null }, { then: 1 }, { length: 3 }, ['h1', 'h1'], 'x'.repeat(5000),
];
