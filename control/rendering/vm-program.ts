/**
 * What runs inside the QuickJS machine, beside nunjucks: the names templates see, evaluated on demand and strictly.
 * A text, because it is another world: nothing of ours exists there but `__read` and the strings it is given.
 *
 * - Strict: a name or attribute that is not defined is an error with its name, wherever it stands (in an output, a
 *   filter, a condition, a loop), except before `default` and `is defined`, as in Jinja.
 * - Only own names: `constructor`, `__proto__` and the like are refused, functions have no attributes, and every name
 *   is an identifier, since nunjucks writes names into the code that it makes.
 * - What is shared is frozen, and there is nothing random: a version renders the same each time.
 * - Strings that are templates themselves are rendered when they are looked at, so that order does not matter and a
 *   circle is found with its way.
 */
export const vmProgram = String.raw`
'use strict';
const maxTextLength = 1024 * 1024;
const maxRange = 100000;
const forbidden = new Set(['constructor', '__proto__', 'prototype']);
const own = (object, name) => Object.prototype.hasOwnProperty.call(object, name);
const { runtime, nodes } = nunjucks;

function refuse(name) {
  if (forbidden.has(name)) throw new Error('"' + name + '" is not allowed in a template');
}

// ---- secrets ----
// A secret is a mark in a text, which the control plane puts the value in place of, later. It can be written, joined to
// other text and put into another form; whatever looks at it would see the mark and not the value, and is an error.
const marks = /\ue000[0-9a-f]+:([A-Za-z0-9._/-]+)(?:\|[a-z_]+)*\ue001/g;
const isText = (value) => typeof value === 'string' || value instanceof runtime.SafeString;
function holdsMark(value, depth = 0) {
  if (isText(value)) return /[\ue000\ue001]/.test(value.toString());
  if (typeof value !== 'object' || value === null || depth > 8) return false;
  return Object.keys(value).some((name) => holdsMark(value[name], depth + 1));
}
function refuseSecret(value, what) {
  if (holdsMark(value)) throw new Error('the value of a secret is not known here: it can be written, but not ' + what);
}
const inForm = (text, form, plain) => {
  let end = 0;
  const parts = [...text.matchAll(marks)].map((found) => {
    const before = plain(text.slice(end, found.index));
    end = found.index + found[0].length;
    return before + found[0].slice(0, -1) + '|' + form + '\ue001';
  });
  return parts.join('') + plain(text.slice(end));
};
const secretForms = {
  urlencode: (text) => inForm(text, 'urlencode', encodeURIComponent),
  dump: (text) => '"' + inForm(text, 'json', (part) => JSON.stringify(part).slice(1, -1)) + '"',
};
const takesSecrets = new Set(['default', 'd', 'safe', 'string', '?key']);

// ---- names ----
// The compiler below hands over names as '!line:name', or '?line:name' where the name need not be defined,
// and keys of lookups as a Key, so that an error can say where.
const atLine = (message, line) => new Error(message + ' (line ' + line + ')');

function lookup(context, frame, written) {
  const colon = written.indexOf(':');
  const name = written.slice(colon + 1);
  const local = frame.lookup(name);
  if (local !== undefined) return local;
  if (own(context.ctx, name)) return context.ctx[name];
  for (const names of context.ctx['?bare'] || []) if (own(names, name)) return names[name];
  if (own(context.env.globals, name)) return context.env.globals[name];
  if (written[0] === '?') return undefined;
  throw atLine('"' + name + '" is not defined', written.slice(1, colon));
}

class Key { constructor(key, of, line, lenient) { Object.assign(this, { key, of, line, lenient }); } }

function member(owner, { key, of, line, lenient }) {
  const name = String(key);
  const fail = (message) => { throw atLine('"' + (of === '' ? '' : of + '.') + name.replace(/\s+/g, ' ') + '" ' + message, line); };
  const plain = typeof owner === 'object' && !Array.isArray(owner);
  if (isText(owner)) refuseSecret(owner, 'looked into');
  if (forbidden.has(name) || (!plain && name.startsWith('__'))) fail('is not allowed in a template');
  if (owner === undefined || owner === null) fail('is looked up in something that is not defined');
  if (typeof owner === 'function') fail('is looked up in a function');
  const value = plain && !own(owner, name) ? undefined : owner[name];
  if (typeof value === 'function') return (...args) => owner[name](...args);
  if (value === undefined && !lenient) fail('is not defined');
  return value;
}

runtime.contextOrFrameLookup = lookup;
runtime.memberLookup = member;
runtime.ensureDefined = (value) => {
  if (value === null || value === undefined) throw new Error('there is nothing to write: the value is null');
  if (typeof value === 'function') throw new Error('a function cannot be written');
  if (typeof value === 'object' && !Array.isArray(value) && !(value instanceof runtime.SafeString)) throw new Error('a map cannot be written: write one of its members, or use the filter dump');
  return value;
};

const { prototype } = nunjucks.compiler.Compiler;
const { compileRoot, compileSymbol, compileFilter, compileIs, compileLookupVal, compileCompare, compileIn, compileFor } = prototype;

// The nodes whose names go into the code as they are.
function namesIn(root) {
  const all = (type, namesOf) => root.findAll(type).flatMap(namesOf);
  const inPairs = ({ children }) => children.flatMap((child) => (child instanceof nodes.Pair ? [child.key, child.value] : [child]));
  return [
    ...root.findAll(nodes.Symbol),
    ...all(nodes.Set, ({ targets }) => targets),
    ...all(nodes.Import, ({ target }) => [target]),
    ...all(nodes.FromImport, ({ names }) => inPairs(names)),
    ...all(nodes.Macro, ({ name, args }) => [name, ...args.children.filter((arg) => !(arg instanceof nodes.Dict))]),
    ...all(nodes.Is, ({ right }) => [right.name || right]).filter(({ value }) => value !== null && typeof value !== 'boolean'),
  ];
}

// What a template may be made of; whatever else the parser knows, or learns one day, is refused before it becomes code.
const allowedNodes = new Set(('Root NodeList Output TemplateData Symbol Literal Group Array Dict Pair LookupVal If InlineIf For Macro Caller Import FromImport FunCall Filter KeywordArgs ' +
  'Block Super Extends Include Set Capture Switch Case In Is Or And Not Add Concat Sub Mul Div FloorDiv Mod Pow Neg Pos Compare CompareOperand').split(' '));

prototype.compileRoot = function (node, frame) {
  const other = node.findAll(nodes.Node).find(({ typename }) => !allowedNodes.has(typename));
  if (other) throw atLine('"' + other.typename + '" cannot be used in a template', other.lineno + 1);
  for (const { value, lineno } of namesIn(node)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/.test(value)) throw atLine('"' + value + '" is not a name', lineno + 1);
    for (const name of value.split('.')) if (forbidden.has(name)) throw atLine('"' + name + '" is not allowed in a template', lineno + 1);
  }
  return compileRoot.call(this, node, frame);
};
prototype.compileSymbol = function (node, frame) {
  const { lineno, colno, value } = node;
  const marked = frame.lookup(value) ? node : new nodes.Symbol(lineno, colno, (node.lenient ? '?' : '!') + (lineno + 1) + ':' + value);
  return compileSymbol.call(this, marked, frame);
};
// 'vars.site' for 'vars.site.name': what is looked into, as far as it is written with plain names.
function wordsOf(node) {
  if (node instanceof nodes.Symbol) return node.value;
  const of = node instanceof nodes.LookupVal && node.val instanceof nodes.Literal ? wordsOf(node.target) : '';
  return of === '' ? '' : of + '.' + node.val.value;
}
prototype.compileLookupVal = function (node, frame) {
  const { lineno, colno, target, val } = node;
  const args = [val, ...[wordsOf(target), lineno + 1, node.lenient === true].map((value) => new nodes.Literal(lineno, colno, value))];
  const key = new nodes.Filter(lineno, colno, new nodes.Symbol(lineno, colno, '?key'), new nodes.NodeList(lineno, colno, args));
  return compileLookupVal.call(this, new nodes.LookupVal(lineno, colno, target, key), frame);
};
prototype.compileFilter = function (node, frame) {
  if (['default', 'd'].includes(node.name.value) && node.args.children[0]) node.args.children[0].lenient = true;
  return compileFilter.call(this, node, frame);
};
prototype.compileIs = function (node, frame) {
  if (['defined', 'undefined'].includes(node.right.value)) node.left.lenient = true;
  return compileIs.call(this, node, frame);
};

const known = (node, what) => new nodes.Filter(node.lineno, node.colno, new nodes.Symbol(node.lineno, node.colno, '?known'), new nodes.NodeList(node.lineno, node.colno, [node, new nodes.Literal(node.lineno, node.colno, what)]));
prototype.compileCompare = function (node, frame) {
  node.expr = known(node.expr, 'compared');
  for (const operand of node.ops) operand.expr = known(operand.expr, 'compared');
  return compileCompare.call(this, node, frame);
};
prototype.compileIn = function (node, frame) {
  node.left = known(node.left, 'searched');
  node.right = known(node.right, 'searched');
  return compileIn.call(this, node, frame);
};
prototype.compileFor = function (node, frame) {
  node.arr = known(node.arr, 'walked through');
  return compileFor.call(this, node, frame);
};

// ---- the environment ----
const BundleLoader = nunjucks.Loader.extend({
  isRelative: () => false,
  getSource(name) {
    const path = String(name).replace(/^(\.\/)+/, '');
    const text = __read(path);
    if (text === undefined) throw new Error('the bundle has no text file ' + JSON.stringify(path));
    return { src: text, path, noCache: false };
  },
});
const environment = new nunjucks.Environment(new BundleLoader(), { autoescape: false, throwOnUndefined: true });
environment.loaders[0].cache = Object.create(null);
environment.addFilter('?key', (...args) => new Key(...args));
environment.addFilter('random', () => { throw new Error('"random" is not allowed: a version renders the same each time'); });
for (const name of ['groupby', 'sort', 'sum', 'selectattr', 'rejectattr']) {
  const filter = environment.getFilter(name);
  environment.addFilter(name, function (...args) {
    args.filter((arg) => typeof arg === 'string').forEach((arg) => arg.split('.').forEach(refuse));
    return filter.apply(this, args);
  });
}
environment.addFilter('?known', (value, what) => {
  if (isText(value)) refuseSecret(value, what);
  return value;
});
for (const [name, filter] of Object.entries(environment.filters)) {
  if (takesSecrets.has(name) || name === '?known') continue;
  environment.filters[name] = function (...args) {
    if (isText(args[0]) && own(secretForms, name) && holdsMark(args[0])) return secretForms[name](args[0].toString());
    args.forEach((arg) => refuseSecret(arg, 'given to the filter ' + name));
    return filter.apply(this, args);
  };
}
const { range } = environment.globals;
environment.addGlobal('range', (start, stop, step) => {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (!(Math.abs((to - from) / (step || 1)) <= maxRange)) throw new Error('range() gives more than ' + maxRange + ' numbers');
  return range(start, stop, step);
});

const compiled = new Map();
function templateOf(text) {
  if (!compiled.has(text)) compiled.set(text, new nunjucks.Template(text, environment, undefined, true));
  return compiled.get(text);
}
const render = (text, context) => templateOf(text).render(context);

// ---- strings that are templates ----
const isTemplate = (value) => typeof value === 'string' && (value.includes('{{') || value.includes('{%'));
const underway = [];

const deepFreeze = (value) => {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
};

// A copy whose template strings are given by 'read({label, text})' at the moment they are looked at.
function lazily(value, label, read) {
  if (typeof value !== 'object' || value === null) return value;
  const copy = Array.isArray(value) ? [] : {};
  for (const [key, member] of Object.entries(value)) {
    const name = Array.isArray(value) ? label + '[' + key + ']' : label === '' ? key : label + '.' + key;
    const cell = { label: name, text: member };
    Object.defineProperty(copy, key, { enumerable: true, ...(isTemplate(member) ? { get: () => read(cell) } : { value: lazily(member, name, read) }) });
  }
  return Object.freeze(copy);
}

// Evaluated once. What fails says in what it failed, when it was on the way to something else.
function evaluate(cell, context) {
  if (own(cell, 'done')) return cell.done;
  const circle = underway.indexOf(cell);
  if (circle >= 0) throw new Error('these refer to each other in a circle: ' + [...underway.slice(circle), cell].map(({ label }) => label).join(' → '));
  underway.push(cell);
  try {
    cell.done = render(cell.text, context);
    return cell.done;
  } catch (error) {
    throw underway.length > 1 && circle < 0 ? new Error(cell.label + ': ' + clean(error, false)) : error;
  } finally { underway.pop(); }
}

// ---- one document ----
let shared, placements, sections, current;

function begin(input) {
  const { hosts, env, components, ...rest } = JSON.parse(input);
  const elsewhere = ({ label }) => { throw new Error(label + ' is a template itself: it can be used in its own component only'); };
  shared = { hosts: deepFreeze(hosts), env: deepFreeze(env), components: lazily(components, 'components', elsewhere) };
  sections = components;
  placements = rest.placements;
}

// The names of one placement; they are made when it is its turn, so that thousands do not add up.
function scopeOf({ host, component: id }) {
  const written = sections[id];
  const isEarly = (label) => label.startsWith('config.vars') || label.startsWith('config.secrets');
  const component = lazily(written, '', (cell) => evaluate(cell, isEarly(cell.label) ? early : full));
  const { vars, secrets } = component.config;
  const early = { ...shared, host_id: host, component_id: id, vars, config: Object.freeze({ vars }) };
  const full = { ...early, component, secrets, config: Object.freeze({ vars, secrets }), ...(written.source === undefined ? {} : { source: component.source }) };
  // In template files each variable and secret is also in scope by its bare name; Maestro's own names are not shadowed.
  return { component, inFiles: { ...full, '?bare': [vars, secrets] } };
}

// The last line of what nunjucks tells, without its wrapping; in a file with the line, and with the file that it includes.
function clean(error, withLine) {
  const text = String((error && error.message) || error);
  if (/out of memory/.test(text)) return 'it needs more than 64 MiB of memory';
  if (/string too long|invalid array length/i.test(text)) return 'it makes a text that is too long';
  if (/stack overflow|call stack/i.test(text)) return 'it calls or includes itself without an end';
  if (/template names must be a string/.test(text)) return 'the name of a template file has to be a text';
  // The parser looks for what comes next where the text has ended.
  if (/cannot read property/.test(text)) return 'it ends in the middle of an expression';
  const lost = /(sort|groupby): attribute "([^"]*)" resolved to undefined/.exec(text);
  if (lost) return 'the filter ' + lost[1] + ' finds no "' + lost[2] + '" in what it is given';
  if (/expected name as lookup value/.test(text)) return 'after "." the name of a member is expected';
  const files = [...text.matchAll(/^ *(?:Template render error: *)?\(([^)\n]+)\)/gm)].map(([, path]) => path).filter((path) => path !== 'unknown path');
  const place = /\[Line (\d+)/.exec(text);
  const lines = text.split('\n').map((line) => line.replace(/^ *(Template render error: *)?(\([^)]*\) *)?(\[Line[^\]]*\] *)?/, '').replace(/^ *([A-Za-z]*Error: *)+/, '').trim());
  const what = lines.filter((line) => line !== '').pop() || 'it cannot be rendered';
  if (!withLine) return what.replace(/ \(line \d+\)$/, '');
  return (files.length > 0 ? files[files.length - 1] + ': ' : '') + what + (place && !/\(line \d+\)$/.test(what) ? ' (line ' + place[1] + ')' : '');
}

function outcome(withLine, work) {
  underway.length = 0;
  try {
    const text = String(work());
    return text.length > maxTextLength ? { ok: false, message: 'the rendered text is larger than 1 MiB' } : { ok: true, text };
  } catch (error) {
    return { ok: false, message: clean(error, withLine).replace(marks, (_, path) => '{{ vault://' + path + ' }}') };
  }
}

// The answer for one string, by its path in the component, or for one template file, by its index.
function answer(placement, job) {
  if (!current || current.placement !== placement) current = { placement, ...scopeOf(placements[placement]) };
  const { component, inFiles } = current;
  const { path, template } = JSON.parse(job);
  if (path !== undefined) return JSON.stringify(outcome(false, () => path.reduce((value, part) => value[part], component)));
  const source = outcome(false, () => component.config.templates[template].source);
  if (!source.ok) return JSON.stringify(source);
  const name = source.text.replace(/^(\.\/)+/, '');
  const text = __read(name);
  return JSON.stringify(text === undefined ? { ok: false, message: 'missing', missing: name } : outcome(true, () => render(text, inFiles)));
}
`;
