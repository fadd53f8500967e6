import { Button, createTheme, Drawer, Modal, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

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
  components: {
    Button: Button.extend({ styles: { label: { fontWeight: 500 } } }),
    /** The dialog names itself; its head is not a second banner of the page. */
    Modal: Modal.extend({ defaultProps: { attributes: { header: { role: 'none' } } } }),
    Drawer: Drawer.extend({ defaultProps: { attributes: { header: { role: 'none' } } } }),
  },
});

/** Secondary text, placeholders and what is said of a wrong field reach AA too, which the library's do not. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-text': '#1f2328', '--mantine-color-dimmed': '#565d66', '--mantine-color-placeholder': '#656c75', '--mantine-color-body': '#ffffff', '--mantine-color-error': '#b3211f' },
  dark: { '--mantine-color-dimmed': '#a9b0b8', '--mantine-color-placeholder': '#949ba3', '--mantine-color-body': '#1f2124', '--mantine-color-text': '#dfe3e8', '--mantine-color-anchor': '#8fbcff', '--mantine-color-error': '#ff9a94' },
});
