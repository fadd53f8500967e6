import { Group, Text } from '@mantine/core';
import { shellWords } from './words.js';

export function Logo() {
  return (
    <Group gap={8} wrap="nowrap">
      <img src="/icon.svg" alt="" width={26} height={26} />
      <Text fw={650} fz="lg">{shellWords.product}</Text>
    </Group>
  );
}
