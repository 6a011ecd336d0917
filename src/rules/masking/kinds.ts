// The kinds of values that detectors find: what the policy switches them by, what a redacted one leaves behind, and what happens to
// each where nobody says otherwise. It must not know how any of them is found.

/** What happens to a finding of a kind: a placeholder that is turned back, a tag that is not, nothing but a count, a refusal, nothing at all. */
export type MaskAction = 'mask' | 'redact' | 'warn' | 'block' | 'off';

/** One kind of values. */
export interface KindRow {
  /** What a scan calls its findings. */
  readonly type: string;
  /** The word in the tag of a redacted value: `[EMAIL_REDACTED]`. */
  readonly word: string;
  /** What happens to it by default. */
  readonly action: MaskAction;
}

/** Every kind, by the name that the policy has for it. Those that are off find too much in code to be on for everybody. */
export const KIND_ROWS = {
  secrets: { type: 'SECRET', word: 'SECRET', action: 'mask' },
  email: { type: 'EMAIL', word: 'EMAIL', action: 'mask' },
  phone: { type: 'PHONE', word: 'PHONE', action: 'mask' },
  cpf: { type: 'CPF', word: 'CPF', action: 'mask' },
  cnpj: { type: 'CNPJ', word: 'CNPJ', action: 'mask' },
  credit_card: { type: 'CREDIT_CARD', word: 'CC', action: 'mask' },
  ssn: { type: 'SSN', word: 'SSN', action: 'mask' },
  iban: { type: 'IBAN', word: 'IBAN', action: 'mask' },
  ip_address: { type: 'IP_ADDRESS', word: 'IP', action: 'off' },
  mac_address: { type: 'MAC_ADDRESS', word: 'MAC', action: 'off' },
  passport: { type: 'PASSPORT', word: 'PASSPORT', action: 'off' },
  national_id: { type: 'NATIONAL_ID', word: 'ID', action: 'off' },
  crypto_wallet: { type: 'CRYPTO_WALLET', word: 'WALLET', action: 'off' },
} as const satisfies Readonly<Record<string, KindRow>>;

/** The name of a kind. */
export type Kind = keyof typeof KIND_ROWS;

/** Every kind there is. */
export const KINDS: readonly Kind[] = Object.freeze(Object.keys(KIND_ROWS) as Kind[]);

/** What happens to each kind where the configuration says nothing. */
export const DEFAULT_ACTIONS: Readonly<Record<Kind, MaskAction>> = Object.freeze(
  Object.fromEntries(KINDS.map((kind) => [kind, KIND_ROWS[kind].action])) as Record<Kind, MaskAction>,
);
