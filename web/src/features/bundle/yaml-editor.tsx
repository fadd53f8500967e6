'use client';

import { useMantineStyleNonce } from '@mantine/core';
import { setDiagnostics } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { useEffect, useEffectEvent, useImperativeHandle, useRef, type Ref } from 'react';
import type { Diagnostic } from '../../api/words.js';
import { editorExtensions, offsetOf, toMark } from './yaml-extensions.js';

export interface EditorHandle { goTo: (line: number, column: number) => void }

export interface YamlEditorProps {
  /** What it starts with, and again whenever `revision` changes. In between the text is the editor's own: nothing typed is lost. */
  text: string;
  revision?: number;
  label: string;
  onChange?: (text: string) => void;
  errors?: readonly Diagnostic[];
  warnings?: readonly Diagnostic[];
  minHeight?: string;
  maxHeight?: string;
  handle?: Ref<EditorHandle>;
}

const noFindings: readonly Diagnostic[] = [];

/** YAML to write or, without `onChange`, to read. */
export function YamlEditor({ text, revision = 0, label, onChange, errors = noFindings, warnings = noFindings, minHeight = '18rem', maxHeight = '65vh', handle }: YamlEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const changed = useEffectEvent((written: string) => onChange?.(written));
  const given = useEffectEvent(() => text);
  const readOnly = onChange === undefined;
  const nonce = useMantineStyleNonce()?.() ?? '';

  useEffect(() => {
    if (!place.current) return;
    const state = EditorState.create({ doc: given(), extensions: editorExtensions({ label, readOnly, minHeight, maxHeight, nonce, onChange: (written) => changed(written) }) });
    const editor = new EditorView({ state, parent: place.current });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [label, readOnly, minHeight, maxHeight, nonce]);

  useEffect(() => {
    const editor = view.current;
    const insert = given();
    if (editor && editor.state.doc.toString() !== insert) editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert } });
  }, [revision]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const { doc } = editor.state;
    const marks = [...errors.map((item) => toMark(doc, item, 'error')), ...warnings.map((item) => toMark(doc, item, 'warning'))];
    editor.dispatch(setDiagnostics(editor.state, marks.sort((a, b) => a.from - b.from)));
  }, [errors, warnings]);

  useImperativeHandle(handle, () => ({
    goTo: (line, column) => {
      const editor = view.current;
      if (!editor) return;
      const anchor = offsetOf(editor.state.doc, line, column);
      editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
      editor.focus();
    },
  }), []);

  return <div ref={place} style={{ minHeight }} />;
}
