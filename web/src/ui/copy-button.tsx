'use client';

import { Button } from '@mantine/core';
import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { copyText } from './copy-text.js';
import { uiWords } from './words.js';

const shownMs = 2_000;

export function CopyButton({ text, label = uiWords.copy }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    setCopied(await copyText(text));
    setTimeout(() => setCopied(false), shownMs);
  };
  return (
    <Button size="compact-sm" variant="default" leftSection={copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />} onClick={() => void copy()}>
      <span aria-live="polite">{copied ? uiWords.copied : label}</span>
    </Button>
  );
}
