'use client';

import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import type { Answers } from './model/answers.js';
import type { Field } from './model/steps.js';
import { useWizard } from './wizard-context.js';
import { fieldWords } from './words.js';

type TextAnswer = Extract<Field, { [Key in keyof Answers]: Answers[Key] extends string ? Key : never }[keyof Answers]>;

/** What every field shows: its name, what it is for, an example, and what is wrong with it. */
function useField(field: TextAnswer) {
  const { answers, set, problems } = useWizard();
  const { label, help, example } = fieldWords[field];
  return { label, description: help === '' ? undefined : help, placeholder: example === '' ? undefined : `e.g. ${example}`, error: problems[field], value: answers[field], onText: (text: string) => set({ [field]: text }) };
}

export function TextField({ field, required = false, readOnly = false, code = false }: { field: TextAnswer; required?: boolean; readOnly?: boolean; /** Names and addresses, which no browser should correct. */ code?: boolean }) {
  const { onText, ...props } = useField(field);
  return <TextInput {...props} withAsterisk={required} readOnly={readOnly} spellCheck={!code} autoCapitalize="off" autoComplete="off" onChange={(event) => onText(event.currentTarget.value)} />;
}

export function LinesField({ field }: { field: 'ports' | 'volumes' }) {
  const { onText, ...props } = useField(field);
  return <Textarea {...props} autosize minRows={1} maxRows={8} spellCheck={false} onChange={(event) => onText(event.currentTarget.value)} />;
}

export function ChoiceField({ field, options }: { field: 'restart'; options: readonly string[] }) {
  const { onText, placeholder: _, ...props } = useField(field);
  return <NativeSelect {...props} value={options.includes(props.value) ? props.value : options[0]} data={[...options]} onChange={(event) => onText(event.currentTarget.value)} />;
}
