import type { Command } from 'commander';

/** What may follow each chain of commands: their names and options, by `sessions list` and the like. */
export function completions(program: Command): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const everywhere = program.options.map(({ long }) => long ?? '');
  const visit = (command: Command, path: readonly string[]): void => {
    const names = command.commands.map((each) => each.name());
    const own = command === program ? [] : command.options.map(({ long }) => long ?? '');
    found.set(
      path.join(' '),
      [...names, ...own, ...everywhere, '--help'].filter((word) => word !== ''),
    );
    for (const each of command.commands) visit(each, [...path, each.name()]);
  };
  visit(program, []);
  return found;
}

/** A script that completes `maskline` in bash, or, by its emulation of bash's, in zsh. */
export function completionScript(program: Command, shell: 'bash' | 'zsh'): string {
  const found = completions(program);
  const known = [...found.keys()]
    .filter((path) => path !== '')
    .map((path) => `'${path}'`)
    .join(' | ');
  const cases = [...found].map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`);
  const emulation =
    shell === 'zsh'
      ? 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n'
      : '';
  return `${emulation}_maskline() {
  local path='' words='' word index=1
  while [ "$index" -lt "$COMP_CWORD" ]; do
    word=\${COMP_WORDS[$index]}
    case "\${path:+$path }$word" in
      ${known}) path="\${path:+$path }$word" ;;
    esac
    index=$((index + 1))
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _maskline maskline`;
}
