/** The shells that can be taught. */
export const shells = ['bash', 'zsh', 'fish', 'pwsh'] as const;

// Each script hands the words before the cursor to `entrepot __complete`, which answers with a candidate a line, a tab
// and what it is. A line `:files` asks the shell to complete file names as well.
const bash = `# bash completion for entrepot
_entrepot() {
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}") line
  # Bash takes words apart at these; references need them whole.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local cur prev cword
    _get_comp_words_by_ref -n "=:@" cur prev words cword
    words=("\${words[@]:1:cword}")
  fi
  local cur="\${words[\${#words[@]}-1]}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default -o bashdefault 2>/dev/null
    else
      COMPREPLY+=("\${line%%$'\\t'*}")
    fi
  done < <(entrepot __complete "\${words[@]}" 2>/dev/null)
  [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[:/] ]] && compopt -o nospace 2>/dev/null
  declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$cur"
}
complete -F _entrepot entrepot
`;

const zsh = `#compdef entrepot
_entrepot() {
  local -a candidates
  local line files=
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      files=1
    else
      candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    fi
  done < <(entrepot __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  (( \${#candidates} )) && _describe -t values entrepot candidates
  [[ -n $files ]] && _files
}
if [[ $funcstack[1] == _entrepot ]]; then
  _entrepot "$@"
else
  compdef _entrepot entrepot
fi
`;

const fish = `# fish completion for entrepot
function __entrepot_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (entrepot __complete $words[2..-1] 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c entrepot -f -a '(__entrepot_complete)'
`;

const pwsh = `# PowerShell completion for entrepot
Register-ArgumentCompleter -Native -CommandName entrepot -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { "$_" })
  $words += $wordToComplete
  entrepot __complete @words 2>$null | ForEach-Object {
    $value, $what = $_ -split "\`t", 2
    if ($value -eq ':files') {
      Get-ChildItem -Path "$wordToComplete*" -Name | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ProviderItem', $_)
      }
    } else {
      $told = if ($what) { $what } else { $value }
      [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $told)
    }
  }
}
`;

/** The script for each shell. */
export const completionScripts: Readonly<Record<(typeof shells)[number], string>> = { bash, zsh, fish, pwsh };
