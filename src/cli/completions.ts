/** Completions for shells, made of what each command says that it takes. */
import { UsageError, type Command } from './command.ts'

type Write = (commands: readonly Command[]) => string

const SHELLS: Readonly<Record<string, Write>> = { bash, zsh, fish }
const NAMES = Object.keys(SHELLS)

/** `inlet completions`, for these commands: itself is one of them, so they are asked for late. */
export function completionsOf(commands: () => readonly Command[]): Command {
  return {
    name: 'completions',
    summary: 'Print completions for bash, zsh or fish.',
    actions: NAMES,
    help: `Usage: inlet completions <${NAMES.join(' | ')}>

Prints what makes the shell complete commands and options.

  source <(inlet completions bash)        in ~/.bashrc
  source <(inlet completions zsh)         in ~/.zshrc, behind compinit
  inlet completions fish | source         in ~/.config/fish/config.fish`,
    run({ args, print }) {
      const [shell = '', ...rest] = args
      const write = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined
      if (write === undefined || rest.length > 0) throw new UsageError(`say ${NAMES.join(' or ')}`)
      print(write(commands()))
      return Promise.resolve(0)
    },
  }
}

function bash(commands: readonly Command[]): string {
  const cases = commands.map(
    (command) => `    ${command.name}) words='${optionsOf(command).join(' ')}'
      [ "$COMP_CWORD" -eq 2 ] && words="${(command.actions ?? []).join(' ')} $words" ;;`,
  )
  return `_inlet() {
  local words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map(({ name }) => name).join(' ')}'
  else case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac; fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _inlet inlet`
}

function zsh(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`)
  const cases = commands.map(
    (command) => `    ${command.name})
      (( CURRENT == 3 )) && compadd -- ${(command.actions ?? []).join(' ')}
      compadd -- ${optionsOf(command).join(' ')}
      _files ;;`,
  )
  return `_inlet() {
  local -a commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands
  else case $words[2] in
${cases.join('\n')}
  esac; fi
}
compdef _inlet inlet`
}

function fish(commands: readonly Command[]): string {
  return commands
    .flatMap(({ name, summary, actions = [], options = {} }) => {
      const within = `complete -c inlet -n '__fish_seen_subcommand_from ${name}'`
      return [
        `complete -c inlet -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
        ...actions.map((action) => `${within} -a ${action}`),
        ...Object.entries(options).map(
          ([option, { type }]) => `${within} -l ${option}${type === 'string' ? ' -r' : ''}`,
        ),
      ]
    })
    .join('\n')
}

function optionsOf({ options = {} }: Command): string[] {
  return [...Object.keys(options), 'help'].map((name) => `--${name}`)
}

/** One word for any of the shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
