import { completionScripts, shells } from '#src/command-line/completion-scripts';
import { defineVerb } from '#src/command-line/verb';
import { writeOut } from '#src/output/write-result';

export const completionVerb = defineVerb({
  name: 'completion',
  description: 'Write a script that lets a shell complete verbs, options, their values, hosts and files.',
  arguments: {
    SHELL: { kind: 'one', describes: `One of ${shells.join(', ')}.`, choices: shells },
  },
  options: {},
  examples: [
    { does: 'Bash, in ~/.bashrc', command: 'source <(entrepot completion bash)' },
    { does: 'Zsh, in ~/.zshrc after compinit', command: 'source <(entrepot completion zsh)' },
    { does: 'Fish', command: 'entrepot completion fish > ~/.config/fish/completions/entrepot.fish' },
    { does: 'PowerShell, in $PROFILE', command: 'entrepot completion pwsh | Out-String | Invoke-Expression' },
  ],
  run: async ({ arguments: { SHELL: shell } }, context) => writeOut(context, completionScripts[shell as never]),
});
