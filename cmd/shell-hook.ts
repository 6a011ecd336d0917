// The guard of a shell: text that a shell evaluates once, and that from then on looks at each prompt whether the proxy's port answers. A look
// takes a millisecond or two and at most a second, and starts no Node. Must not let a value become code: every one is quoted by shells.ts.
import { type EnvironmentChange, takenBack } from './environment.ts';
import { shellText } from './shells.ts';

/** What a shell does while no daemon answers. */
export type WhenDown = 'refuse' | 'direct';

/** What the guard is made from. */
export interface Guarded {
  /** Of the proxy, an address. */
  readonly host: string;
  readonly port: number;
  readonly change: EnvironmentChange;
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly whenDown: WhenDown;
}

interface Parts {
  readonly host: string;
  readonly port: number;
  /** Statements, one a line. */
  readonly set: string;
  readonly restore: string;
  /** Said once when nobody answers any more, and when somebody does again. No quotes in them. */
  readonly gone: string;
  readonly back: string;
}

/** In bash a host and a port can be opened like a file; `read` is what bounds it. */
const BASH_UP = '{ : <>"/dev/tcp/$1/$2"; } 2>/dev/null && echo up';

/** What bash and zsh have in common. A shell's own status is handed on, so that a prompt can still show it. */
const guard = ({ set, restore, gone, back }: Parts) => `__sallyport_set() {
${set}
}
__sallyport_restore() {
${restore}
}
__sallyport_guard() {
  local code=$? state=down
  if __sallyport_up; then state=up; fi
  if [ "$state" != "$__sallyport_state" ]; then
    if [ "$state" = down ]; then
      echo '${gone}' >&2
      __sallyport_restore
    else
      if [ -n "$__sallyport_state" ]; then echo '${back}' >&2; fi
      __sallyport_set
    fi
    __sallyport_state=$state
  fi
  return "$code"
}
__sallyport_state=`;

const HOOKS = {
  bash: (parts) => `__sallyport_up() {
  local answer=
  set -- ${parts.host} ${parts.port}
  IFS= read -r -t 1 answer < <(${BASH_UP})
  [ "$answer" = up ]
}
${guard(parts)}
case "\${PROMPT_COMMAND-}" in
  *__sallyport_guard*) ;;
  *) PROMPT_COMMAND="__sallyport_guard\${PROMPT_COMMAND:+;$PROMPT_COMMAND}" ;;
esac
__sallyport_guard || :`,

  zsh: (parts) => `__sallyport_up() {
  emulate -L zsh
  local answer=
  IFS= read -r -t 1 answer < <(zmodload zsh/net/tcp && ztcp ${parts.host} ${parts.port} 2>/dev/null && echo up)
  [ "$answer" = up ]
}
${guard(parts)}
autoload -Uz add-zsh-hook
add-zsh-hook precmd __sallyport_guard
add-zsh-hook preexec __sallyport_guard
__sallyport_guard || :`,

  // fish opens no sockets. Linux lists those that listen (state 0A); elsewhere bash looks.
  fish: ({ host, port, set, restore, gone, back }) => `function __sallyport_up
  if test -r /proc/self/net/tcp
    string match -rq ': [0-9A-F]+:${port.toString(16).toUpperCase().padStart(4, '0')} 0+:0000 0A ' </proc/self/net/${host.includes(':') ? 'tcp6' : 'tcp'}
  else
    command bash -c 'IFS= read -r -t 1 answer < <(${BASH_UP}); [ "$answer" = up ]' bash ${host} ${port}
  end
end
function __sallyport_set
${set}
end
function __sallyport_restore
${restore}
end
function __sallyport_guard --on-event fish_prompt --on-event fish_preexec
  set -l state down
  __sallyport_up; and set state up
  set -l before $__sallyport_state
  if test "$state" != "$before"
    if test $state = up
      test -n "$before"; and echo '${back}' >&2
      __sallyport_set
    else
      echo '${gone}' >&2
      __sallyport_restore
    end
    set -g __sallyport_state $state
  end
end
set -e __sallyport_state
__sallyport_guard`,
} as const satisfies Record<string, (parts: Parts) => string>;

/** A shell that can have one. */
export type HookedShell = keyof typeof HOOKS;

/** All of them. */
export const HOOKED_SHELLS = Object.keys(HOOKS) as HookedShell[];

/** The text to evaluate: at once, and from then on by itself. */
export function hookText(shell: HookedShell, { host, port, change, inherited, whenDown }: Guarded): string {
  const set = shellText(shell, change);
  const isDirect = whenDown === 'direct';
  return HOOKS[shell]({
    host,
    port,
    set,
    // Refusing, the variables stay, and are there from the beginning.
    restore: isDirect ? shellText(shell, takenBack(change, inherited)) : set,
    gone: `sallyport: no daemon answers at ${host}:${port}: ${
      isDirect ? 'programs go past it, UNMASKED (when_down: direct)' : 'what uses the proxy fails until one does (when_down: refuse)'
    }`,
    back: `sallyport: the daemon at ${host}:${port} answers again`,
  });
}
