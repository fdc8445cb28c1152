import type { Command } from 'commander';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { buildProgram } from './program';
import { TestTerminal } from './test.terminal';

const DOCS = new URL('../../../docs/roostctl.md', import.meta.url);
const BLOCK = /(<!-- commands -->\n)[^]*(<!-- \/commands -->)/;

const leavesOf = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);

it('docs/roostctl.md holds the help of every command; after a change run: npm run generate', async () => {
  const helps = leavesOf(buildProgram(new TestTerminal(), {})).map((command) =>
    command.configureHelp({ helpWidth: 100 }).helpInformation().trimEnd(),
  );
  const block = `\n\`\`\`text\n${helps.join('\n\n')}\n\`\`\`\n\n`;
  const text = await readFile(DOCS, 'utf8');
  const right = text.replace(BLOCK, (_, begin: string, end: string) => `${begin}${block}${end}`);
  if (process.env['UPDATE_DOCS']) await writeFile(DOCS, right);
  else expect(text).toBe(right);
});
