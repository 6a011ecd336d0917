// All detectors. Where two find the same characters, the one further up names them.
// Must not decide anything else: which of them are active is the policy's.
import { anthropic } from '../detectors/anthropic.ts';
import { assignedSecret } from '../detectors/assigned-secret.ts';
import { authorization } from '../detectors/authorization.ts';
import { aws } from '../detectors/aws.ts';
import { cnpj } from '../detectors/cnpj.ts';
import { commandSecret } from '../detectors/command-secret.ts';
import { cpf } from '../detectors/cpf.ts';
import { creditCard } from '../detectors/credit-card.ts';
import { cryptoWallet } from '../detectors/crypto-wallet.ts';
import { digitalocean } from '../detectors/digitalocean.ts';
import { email } from '../detectors/email.ts';
import { github } from '../detectors/github.ts';
import { gitlab } from '../detectors/gitlab.ts';
import { google } from '../detectors/google.ts';
import { groq } from '../detectors/groq.ts';
import { hashicorpVault } from '../detectors/hashicorp-vault.ts';
import { huggingFace } from '../detectors/hugging-face.ts';
import { iban } from '../detectors/iban.ts';
import { ipAddress } from '../detectors/ip-address.ts';
import { jwt } from '../detectors/jwt.ts';
import { macAddress } from '../detectors/mac-address.ts';
import { nationalId } from '../detectors/national-id.ts';
import { nationalIdWoven } from '../detectors/national-id-woven.ts';
import { npm } from '../detectors/npm.ts';
import { openai } from '../detectors/openai.ts';
import { openrouter } from '../detectors/openrouter.ts';
import { passport } from '../detectors/passport.ts';
import { pem } from '../detectors/pem.ts';
import { perplexity } from '../detectors/perplexity.ts';
import { phone } from '../detectors/phone.ts';
import { pypi } from '../detectors/pypi.ts';
import { sendgrid } from '../detectors/sendgrid.ts';
import { slack } from '../detectors/slack.ts';
import { ssn } from '../detectors/ssn.ts';
import { stripe } from '../detectors/stripe.ts';
import { tokenShape } from '../detectors/token-shape.ts';
import { twilio } from '../detectors/twilio.ts';
import { urlPassword } from '../detectors/url-password.ts';
import { vendorToken } from '../detectors/vendor-token.ts';
import { xai } from '../detectors/xai.ts';
import type { Detector } from './detector.ts';

/** Every detector there is: one for each file in detectors/. */
export const DETECTORS: readonly Detector[] = [
  anthropic,
  openai,
  openrouter,
  aws,
  github,
  google,
  slack,
  npm,
  gitlab,
  stripe,
  twilio,
  sendgrid,
  jwt,
  pem,
  huggingFace,
  groq,
  xai,
  perplexity,
  pypi,
  digitalocean,
  hashicorpVault,
  vendorToken,
  tokenShape,
  urlPassword,
  authorization,
  commandSecret,
  assignedSecret,
  email,
  iban,
  cnpj,
  cpf,
  creditCard,
  ssn,
  cryptoWallet,
  ipAddress,
  macAddress,
  nationalId,
  nationalIdWoven,
  passport,
  phone,
];
