// The completion of each shell: a script that asks `sallyport __complete` what the word under the cursor can become, so that it never knows
// less than the program does. Must not name a command or an option.

const bash = (program: string) => `# Completion of sallyport for bash, to be evaluated in ~/.bashrc.
_sallyport() {
  local IFS=$'\\n' kind='' word current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  {
    read -r kind
    while IFS=$'\\t' read -r word _; do COMPREPLY+=("$word"); done
  } < <(${posixQuoted(program)} __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "$kind" = files ]; then
    COMPREPLY=($(compgen -f -- "\${current#=}"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _sallyport sallyport
`;

const zsh = (program: string) => `#compdef sallyport
# Completion of sallyport for zsh: to be evaluated in ~/.zshrc behind compinit, or kept as _sallyport in a folder of $fpath.
_sallyport() {
  local -a lines found
  local line
  lines=("\${(@f)$(${posixQuoted(program)} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $lines[1] == files ]]; then
    compset -P '--*='
    _files
    return
  fi
  for line in "\${(@)lines[2,-1]}"; do found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}"); done
  _describe 'sallyport' found
}
if [[ $funcstack[1] == _sallyport ]]; then _sallyport "$@"; else compdef _sallyport sallyport; fi
`;

const fish = (program: string) => `# Completion of sallyport for fish, to be kept as ~/.config/fish/completions/sallyport.fish.
function __sallyport_complete
    set -l typed (commandline -opc) (commandline -ct)
    set -l lines ('${program.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}' __complete -- $typed[2..-1] 2>/dev/null)
    if test "$lines[1]" = files
        __fish_complete_path (commandline -ct)
    else if test (count $lines) -gt 1
        printf '%s\\n' $lines[2..-1]
    end
end
complete -c sallyport -f -a '(__sallyport_complete)'
`;

/** By shell, from the path of the program to the script. */
export const COMPLETION_SCRIPTS = { bash, zsh, fish } as const;

function posixQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
