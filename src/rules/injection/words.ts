// The telling words of the rules, by the part that they play, in the main languages, and the rules that say which parts must stand close
// together. They only name kinds and lend weight; it must not know how the model weighs the rest of a text.

/** What an attack tries. */
export type InjectionKind = 'system-override' | 'role-hijack' | 'delimiter' | 'jailbreak' | 'instruction-leak' | 'exfiltration';

/** Every kind, in the order in which the model file keeps their weights. */
export const INJECTION_KINDS: readonly InjectionKind[] = [
  'system-override',
  'role-hijack',
  'delimiter',
  'jailbreak',
  'instruction-leak',
  'exfiltration',
];

/** Parts of speech of an attack; a word may play several. A leading `<`, `[`, `|` or `#` asks for that character before the word. */
export const PARTS = {
  drop: 'ignore ignoring forget disregard override overrule bypass discard neglect dismiss ignorez ignorer oubliez oublie oublier négligez ignora ignorad ignorar olvida olvide olvidad olvidar omite desestima ignorem esqueça esquece esqueca esqueçam desconsidere desconsidera dimentica dimenticate scorda trascura ignorate ignoriere ignorieren ignoriert vergiss vergessen vergesst missachte missachten negeer vergeet игнорируй игнорируйте проигнорируй забудь забудьте zignoruj ignoruj zapomnij pomiń yoksay unut görmezden تجاهل انس अनदेखा भूल नज़रअंदाज़',
  before:
    'previous prior above earlier preceding all your any everything every former initial original existing précédentes précédents précédente toutes tout vos tes anteriores anterior previas previos todas tus sus suas tudo precedenti tutte tutto tue vorherigen vorherige vorhergehenden bisherigen alle alles deine obigen vorige eerdere bovenstaande предыдущие предыдущих все всё прежние poprzednie wszystkie wcześniejsze önceki tüm السابقة جميع पिछले सभी पहले',
  orders:
    'instructions instruction prompt prompts rules guidelines directives directions orders commands programming constraints restrictions told training policies consignes règles dit instrucciones instrucción reglas órdenes instruções instrução regras istruzioni regole detto anweisungen anweisung regeln befehle vorgaben instructies aanwijzingen инструкции инструкций указания правила instrukcje polecenia zasady talimatları talimatlari komutları التعليمات الأوامر निर्देशों निर्देश',
  you: 'you u du tu vous sie ты вы',
  are: 'are re bist es êtes sind',
  now: 'now on jetzt ahora agora maintenant ora теперь',
  role: 'unrestricted unfiltered uncensored evil amoral dan admin root developer jailbroken unbound rogue maintenance debug',
  dan: 'dan jailbreak jailbroken stan dude aim uncensored unfiltered',
  anything: 'anything',
  doing: 'do',
  mode: 'mode',
  reach: 'developer debug god unrestricted jailbreak maintenance dan',
  show: 'show reveal print output repeat display share tell give what dump expose disclose recite summarize translate write list leak',
  inner: 'system initial hidden original starting secret your internal confidential verbatim',
  prompt: 'prompt instructions rules configuration guidelines directives',
  frame:
    '|im_start |im_end |system |user |assistant |endoftext [inst <sys <system <system_prompt [system #system <important <information <instructions <admin [admin',
  carry: 'send post curl wget fetch upload forward exfiltrate transmit email append leak',
  secret: 'secret secrets key keys password passwords env token tokens credentials id_rsa ssh apikey api_key history conversation',
  place: 'http https attacker webhook ngrok',
} as const;

/** The name of a part. */
export type Part = keyof typeof PARTS;

/** A rule speaks at a word when each of its parts stands among the last `reach` words. */
export const RULES: readonly { readonly kind: InjectionKind; readonly parts: readonly Part[]; readonly reach: number }[] = [
  { kind: 'system-override', parts: ['drop', 'before', 'orders'], reach: 9 },
  { kind: 'role-hijack', parts: ['you', 'are', 'now'], reach: 3 },
  { kind: 'role-hijack', parts: ['you', 'are', 'role'], reach: 6 },
  { kind: 'delimiter', parts: ['frame'], reach: 1 },
  { kind: 'jailbreak', parts: ['dan'], reach: 1 },
  { kind: 'jailbreak', parts: ['doing', 'anything', 'now'], reach: 4 },
  { kind: 'jailbreak', parts: ['mode', 'reach'], reach: 3 },
  { kind: 'instruction-leak', parts: ['show', 'inner', 'prompt'], reach: 9 },
  { kind: 'exfiltration', parts: ['carry', 'secret', 'place'], reach: 16 },
];

/** The same orders where words are not set apart: Chinese, Japanese, Korean. Each gap is bounded. */
export const UNSPACED: readonly { readonly kind: InjectionKind; readonly form: RegExp }[] = [
  {
    kind: 'system-override',
    form: /(?:忽略|无视|無視|忘记|忘掉|忽视|不要理会|忽略掉)[^。\n]{0,14}(?:指示|指令|说明|說明|提示|规则|規則|命令)/,
  },
  { kind: 'system-override', form: /(?:指示|命令|ルール|プロンプト|指令)[^。\n]{0,8}(?:無視|忘れ)/ },
  { kind: 'system-override', form: /(?:지시|명령|규칙|프롬프트|지침)[^.\n]{0,8}(?:무시|잊어)/ },
  { kind: 'instruction-leak', form: /(?:显示|告诉|输出|打印|透露)[^。\n]{0,10}(?:系统提示|初始指令|系统指令)/ },
];
