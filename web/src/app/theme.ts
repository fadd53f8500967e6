import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** Blue with enough contrast for white text at the shade buttons use. */
const harbour: MantineColorsTuple = ['#eaf2ff', '#d3e2fb', '#a5c4f4', '#74a4ed', '#4c88e7', '#3276e3', '#1f62cc', '#1b57ad', '#144a98', '#063f84'];

export const theme = createTheme({
  colors: { harbour },
  primaryColor: 'harbour',
  primaryShade: { light: 7, dark: 7 },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: '600' },
});
