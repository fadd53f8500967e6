/** CodeMirror as the pages use it: YAML, both colour schemes by CSS, Tab leaves the editor. */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, type Diagnostic as Mark } from '@codemirror/lint';
import { EditorState, type Extension, type Text } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import type { Diagnostic } from '../../api/words.js';

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'light-dark(#0b4f9e, #8fbcff)' },
  { tag: [tags.string, tags.content], color: 'light-dark(#1f2328, #d6dae0)' },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'light-dark(#7a3e00, #f0b878)' },
  { tag: tags.comment, color: 'light-dark(#57606a, #9aa4af)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--tone-bad)' },
]);

const looks = EditorView.theme({
  '&': { fontSize: '0.85rem', backgroundColor: 'var(--panel-bg)', border: '1px solid var(--line)', borderRadius: 'var(--mantine-radius-sm)' },
  '&.cm-focused': { outline: '2px solid var(--mantine-primary-color-filled)' },
  '.cm-scroller': { fontFamily: 'var(--mantine-font-family-monospace)', lineHeight: '1.55' },
  '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--tone-idle)' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'light-dark(#f0f4fa80, #25292f80)' },
  '.cm-cursor': { borderLeftColor: 'light-dark(#1f2328, #e6e9ed)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'light-dark(#cfe0f7, #2c4468)' },
  '.cm-tooltip': { backgroundColor: 'var(--panel-bg)', border: '1px solid var(--line)', color: 'inherit' },
});

export interface EditorSettings { label: string; readOnly: boolean; minHeight: string; maxHeight: string; /** For the style sheets that the editor writes into the page. */ nonce: string; onChange: (text: string) => void }

/** Tab is left to the page, so that the keyboard does not get stuck in here; indentation follows the line before. */
export const editorExtensions = ({ label, readOnly, minHeight, maxHeight, nonce, onChange }: EditorSettings): Extension[] => [
  EditorView.cspNonce.of(nonce),
  lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), indentUnit.of('  '), yaml(),
  syntaxHighlighting(colours), looks,
  EditorView.theme({ '.cm-scroller': { overflow: 'auto', maxHeight }, '.cm-content, .cm-gutter': { minHeight } }),
  EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0', ...(readOnly ? { 'aria-readonly': 'true' } : {}) }),
  keymap.of([...defaultKeymap, ...historyKeymap]),
  ...(readOnly ? [EditorState.readOnly.of(true), EditorView.editable.of(false)] : [highlightActiveLine(), highlightActiveLineGutter(), lintGutter()]),
  EditorView.updateListener.of((update) => {
    if (update.docChanged) onChange(update.state.doc.toString());
  }),
];

/** Line and column, 1-based and possibly of an older text, as an offset into this one. */
export function offsetOf(text: Text, line: number, column: number): number {
  const at = text.line(Math.min(Math.max(1, line), text.lines));
  return Math.min(at.to, at.from + Math.max(0, column - 1));
}

export const toMark = (text: Text, { line, column, message, suggested_fix: fix }: Diagnostic, severity: 'error' | 'warning'): Mark => {
  const from = offsetOf(text, line, column);
  return { from, to: Math.max(from, text.lineAt(from).to), severity, message: fix === '' ? message : `${message}\n${fix}` };
};
