'use client';

import { useMemo } from 'react';
import type { UploadedFile } from '../bundle/uploads.js';
import { useValidation } from '../bundle/use-validation.js';
import type { Answers } from './model/answers.js';
import type { Base } from './model/base.js';
import { documentOf } from './model/begin.js';
import { fieldProblems } from './model/field-problems.js';
import { missingAnswers } from './model/missing-answers.js';
import type { Place } from './use-place.js';

const noFiles: UploadedFile[] = [];

/** What the answers come to: the document, what is still to be answered, and what the server says of it once it is whole. */
export function useDocument({ entry, deploy }: Place, base: Base | null, answers: Answers) {
  const written = useMemo(() => documentOf(entry, base, answers), [entry, base, answers]);
  const refused = 'refused' in written ? written.refused : null;
  const yaml = 'yaml' in written ? written.yaml : base?.yaml ?? '';
  const missing = missingAnswers(entry, answers, base);
  const whole = Object.keys(missing).length === 0 && refused === null;
  const validation = useValidation(deploy, whole ? yaml : '', deploy === null ? noFiles : null);
  const findings = whole ? validation.answer.data?.errors ?? [] : [];
  return {
    yaml, refused, missing, whole, validation, findings, told: fieldProblems(findings, answers),
    ready: whole && validation.settled && validation.answer.data?.ok === true && yaml !== base?.yaml,
  };
}
