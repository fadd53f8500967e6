/** What has to be answered before a document can be made at all; everything else the server judges. */
import type { Answers, Entry } from './answers.js';
import type { Base } from './base.js';
import type { FieldProblems } from './field-problems.js';
import type { Field } from './steps.js';
import { wizardProblems as words } from './problem-words.js';

const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;

export function missingAnswers(entry: Entry, answers: Answers, base: Base | null): FieldProblems {
  const found: FieldProblems = {};
  const needs = (field: Field, ok: boolean, problem: string) => { if (!ok && found[field] === undefined) found[field] = problem; };
  if (entry !== 'new') needs('base', base !== null, words.base);
  if (entry === 'upgrade-component') needs('upgraded', base?.components.includes(answers.component) ?? false, words.upgraded);
  needs('project', answers.project.trim() !== '', words.project);
  needs('component', answers.component.trim() !== '', words.component);
  needs('component', idPattern.test(answers.component.trim()), words.id);
  if (entry === 'add-component') needs('component', !(base?.components.includes(answers.component.trim()) ?? false), words.taken(answers.component.trim()));
  if (entry !== 'upgrade-component') needs('hosts', answers.hosts.length > 0, words.hosts);
  if (answers.source === 'docker') needs('image', answers.image.trim() !== '', words.image);
  if (answers.source === 'git') needs('repo', answers.repo.trim() !== '', words.repo);
  if (answers.source === 'archive') needs('archive', answers.archive.trim() !== '', words.archive);
  if (answers.source === 'artifact') needs('artifact', answers.artifact.trim() !== '', words.artifact);
  if (answers.source !== 'docker') needs('command', answers.command.trim() !== '', words.command);
  needs('env', answers.env.every(({ name, value, secret }) => name.trim() !== '' && (!secret || value.trim() !== '')), words.env);
  needs('env', new Set(answers.env.map(({ name }) => name.trim())).size === answers.env.length, words.envTwice);
  return found;
}
