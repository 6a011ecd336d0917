// Keys that are known by something in their middle or at their end: Telegram, Azure, Mailchimp, New Relic, MaxMind, Terraform, Discord, and
// webhooks whose address is the secret. It must not know the words round them.
import { ALNUM, isIn } from '../masking/characters.ts';
import type { Detector, Found } from '../masking/detector.ts';
import { isFiller } from '../masking/token.ts';

/** A key with `mark` in it: what it is as a whole, and how many characters stand before the mark. */
interface Marked {
  readonly mark: string;
  readonly shape: RegExp;
  readonly before: number;
  readonly length: number;
}

const CAPITAL_DIGITS = [...'0123456789'].map((digit) => `${digit}Q~`);
const DISCORD = ['MTA', 'MTE', 'MTI', 'MTM', 'MTQ', 'NDI', 'NTA', 'NjA', 'NzA', 'ODA', 'OTA'];

const MARKED: readonly Marked[] = [
  // Telegram: number of the bot, colon, 35 characters.
  { mark: ':AA', shape: /^\d{8,10}:AA[\w-]{32,35}(?![\w-])/, before: 10, length: 60 },
  // Azure: client secrets, and keys of its AI services.
  ...CAPITAL_DIGITS.map((mark) => ({ mark, shape: /^[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~-])/, before: 3, length: 48 })),
  { mark: 'JQQJ99', shape: /^[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{22,30}(?![A-Za-z0-9])/, before: 52, length: 92 },
  { mark: 'AZDO', shape: /^[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}(?![A-Za-z0-9])/, before: 76, length: 92 },
  { mark: '-us', shape: /^[a-f0-9]{32}-us\d{1,2}(?!\d)/, before: 32, length: 40 },
  { mark: 'NRAL', shape: /^[a-z0-9]{36}NRAL(?![A-Za-z0-9])/, before: 36, length: 44 },
  { mark: '_mmk', shape: /^[A-Za-z0-9]{6}_[A-Za-z0-9]{29,30}_mmk(?![A-Za-z0-9])/, before: 37, length: 48 },
  { mark: '.atlasv1.', shape: /^[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}/, before: 14, length: 96 },
  { mark: 'T3BlbkFJ', shape: /^sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}(?![A-Za-z0-9])/, before: 23, length: 56 },
  ...DISCORD.map((mark) => ({ mark, shape: /^[MNO][A-Za-z\d]{23,27}\.[\w-]{6}\.[\w-]{27,38}(?![\w-])/, before: 0, length: 80 })),
  {
    mark: 'hooks.slack.com/',
    shape: /^https?:\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{30,60}/,
    before: 8,
    length: 110,
  },
  {
    mark: '.webhook.office.com/',
    shape: /^https:\/\/[a-z0-9-]{1,24}\.webhook\.office\.com\/webhookb2\/[\w@/-]{80,160}/,
    before: 32,
    length: 240,
  },
  { mark: 'discord.com/api/webhooks/', shape: /^https:\/\/discord\.com\/api\/webhooks\/\d{15,20}\/[\w-]{60,72}/, before: 8, length: 130 },
  {
    mark: '.tines.com/webhook/',
    shape: /^https:\/\/[a-z0-9-]{1,40}\.tines\.com\/webhook\/[a-z0-9]{32}\/[a-z0-9]{32}/,
    before: 48,
    length: 140,
  },
];

/** Finds keys by what stands in them. */
export const tokenShape: Detector = {
  name: 'token-shape',
  kind: 'secrets',
  word: 'KEY',
  anchors: MARKED.map(({ mark }) => mark),
  find: keyRound,
  examples: {
    yes: [
      'bot 2963215842:AAgt6-YvZDkv24FjnXOTOsz3hiOYMbqbvFW',
      'client_srt = "ueA1Q~JVT3QqHggVMx6ZOKtiegWOEdy1CYtl6p2A"',
      'a2f4f6d95e827df44486b3c9e71a8e98-us18',
      'MTIzNDU2Nzg5MDEyMzQ1Njc4OQ.E2-E4_.Zig9V5mpMk-JybgCFvqSfgY9EoQ2a7dFk3',
      'post to https://hooks.slack.com/services/J8TWFYE7D/C8DY66P5E/zIofaWj1cH8XBHurDp1oUzXg now',
    ],
    no: [
      '12:AAAA',
      'en-us',
      'npm i -us12',
      '1Q~',
      'MTIz',
      'https://hooks.slack.com/services/',
      'b5b9f8e50c640da28993e8b6a48e3e5-us18',
      'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxNRAL',
    ],
  },
};

function keyRound(text: string, at: number): Found | undefined {
  for (const { mark, shape, before, length } of MARKED) {
    if (!text.startsWith(mark, at)) continue;
    // The number of characters before the mark varies a little: the furthest beginning counts.
    for (let start = Math.max(0, at - before); start <= Math.max(0, at - before + SLACK); start++) {
      if (start > at || (start > 0 && isIn(text.charCodeAt(start - 1), ALNUM))) continue;
      const own = shape.exec(text.slice(start, start + length))?.[0];
      if (own !== undefined) return isFiller(own) ? undefined : { start, end: start + own.length, keepPrefix: 0 };
    }
  }
  return undefined;
}

/** How much nearer to its mark a key may begin. */
const SLACK = 40;
