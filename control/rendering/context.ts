/** `MAESTRO_TEMPLATE_ENV=NAME,OTHER`: the control plane's variables that templates may read. */
export function allowedEnv(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = (environment['MAESTRO_TEMPLATE_ENV'] ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');
  return Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}
