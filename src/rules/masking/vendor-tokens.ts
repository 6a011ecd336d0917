// Tokens that their vendors begin with letters of their own, as a table: prefix, what follows it, and how much of that. Vendors that want
// more than that have a file in detectors/. It must not know how a text is searched.

/** How the tokens of one vendor are written. */
export interface VendorToken {
  /** Of three characters and more; stays readable. */
  readonly prefix: string;
  /** What follows, as the inside of a character class of a regular expression. */
  readonly alphabet: string;
  readonly min: number;
  readonly max: number;
}

const row = (prefixes: string, alphabet: string, min: number, max = min): VendorToken[] =>
  prefixes.split(' ').map((prefix) => ({ prefix, alphabet, min, max }));

const HEX = 'a-f0-9';
const ALNUM = 'A-Za-z0-9';
const SAFE = 'A-Za-z0-9_\\-';
const BASE64 = 'A-Za-z0-9+/=';

/** All of them. Of prefixes that begin alike the longer one comes first. */
export const VENDOR_TOKENS: readonly VendorToken[] = [
  ...row('LTAI', ALNUM, 12, 26),
  ...row('p8e-', SAFE, 32),
  ...row('AGE-SECRET-KEY-1', 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58),
  ...row('akab-', `${ALNUM}\\-`, 32, 40),
  ...row('ATATT3 ATCTT3 ATSTT3', `${SAFE}=`, 50, 260),
  ...row('ATBB', ALNUM, 28, 40),
  ...row('ABSK', BASE64, 100, 280),
  ...row('bedrock-api-key-', BASE64, 60, 1500),
  ...row('CLOJARS_', ALNUM, 60),
  ...row('v1.0-', 'a-f0-9\\-', 150, 190),
  ...row('cfat_ cfut_ cfk_', SAFE, 36, 64),
  ...row('dapi', 'A-Fa-f0-9\\-', 32, 36),
  ...row('dnkey-', 'a-z0-9=_\\-', 60, 90),
  ...row('dckr_pat_ dckr_oat_', SAFE, 24, 40),
  ...row('SWMTKN-1-', 'a-z0-9\\-', 60, 90),
  ...row('dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.', `${ALNUM}_.\\-`, 40, 64),
  ...row('duffel_test_ duffel_live_', `${SAFE}=`, 43),
  ...row('dt0c01. dt0s01. dt0s02.', 'A-Z0-9.a-z', 80, 96),
  ...row('EZAK EZTK', ALNUM, 54),
  ...row('EAA', `${SAFE}`, 56, 300),
  ...row('figd_ figo_ figu_', SAFE, 36, 52),
  ...row('FLWSECK_TEST- FLWSECK-', `${ALNUM}\\-`, 12, 48),
  ...row('fo1_ fm1_ fm1a_ fm1r_ fm2_', `${BASE64}_,\\-`, 40, 1000),
  ...row('fio-u-', `${SAFE}=`, 60, 70),
  ...row('glc_', BASE64, 32, 400),
  ...row('glsa_', `${ALNUM}_`, 41),
  ...row('eyJrIjoi', BASE64, 60, 400),
  ...row('GR1348941', SAFE, 20),
  ...row('HRKU-', SAFE, 36, 64),
  ...row('pat-na1- pat-eu1-', 'a-f0-9\\-', 36),
  ...row('api_org_', 'A-Za-z', 34),
  ...row('ico-', ALNUM, 32),
  ...row('s-s4t2ud- s-s4t2af-', HEX, 64),
  ...row('AKCp', ALNUM, 60, 74),
  ...row('cmVmdGtu', BASE64, 50, 80),
  ...row('lin_api_ lin_oauth_', ALNUM, 32, 64),
  ...row('key-', HEX, 32),
  ...row('sk.eyJ pk.eyJ', `${SAFE}.`, 60, 200),
  ...row('nfp_ nfc_ nfo_', ALNUM, 36, 40),
  ...row('NRAK- NRAA- NRRA- NRII- NRIQ- NRJS- NRBR- NRSP-', SAFE, 19, 48),
  ...row('ntn_ secret_', ALNUM, 43, 50),
  ...row('oy2', 'a-z0-9', 43),
  ...row('API-', 'A-Z0-9', 25, 32),
  ...row('sha256~', SAFE, 43),
  ...row('pscale_tkn_ pscale_oauth_ pscale_pw_', `${SAFE}=.`, 32, 64),
  ...row('phx_ phr_ phs_', SAFE, 40, 52),
  ...row('PMAK-', 'a-f0-9\\-', 59),
  ...row('pnu_', ALNUM, 36),
  ...row('pul-', HEX, 40),
  ...row('rdme_', 'a-z0-9', 70),
  ...row('rubygems_', HEX, 48),
  ...row('tk-us-', SAFE, 48),
  ...row('sm_pat_ sm_aat_ sm_sat_', ALNUM, 16, 32),
  ...row('xkeysib- xsmtpsib-', `${ALNUM}\\-`, 70, 90),
  ...row('sntrys_ sntryu_', `${BASE64}_`, 60, 200),
  ...row('shippo_live_ shippo_test_', HEX, 40),
  ...row('shpat_ shpca_ shppa_ shpss_ shptka_', 'A-Fa-f0-9', 32),
  ...row('sqp_ squ_ sqa_', ALNUM, 40),
  // Our own clients': rules/client-token.ts.
  ...row('sp_', `${HEX}_`, 82),
  ...row('sgp_ slk_', `${HEX}_`, 40, 64),
  ...row('sq0atp- sq0csp-', SAFE, 22, 50),
  ...row('tskey-', `${ALNUM}\\-`, 24, 80),
  ...row('AAAAAAAAAAAAAAAAAAAA', `${BASE64}%`, 60, 120),
  ...row('3MVG', `${SAFE}.`, 60, 110),
  ...row('tfp_', `${SAFE}.`, 59),
  ...row('AQVN', SAFE, 35, 38),
  ...row('CCIPAT_ CCIPRJ_', SAFE, 40, 72),
  ...row('odt_', ALNUM, 32, 64),
  ...row('jina_', ALNUM, 50, 70),
  ...row('px-api- px-dep-', 'a-f0-9\\-', 36),
  ...row('cio', ALNUM, 32),
  ...row('oa2-client-id_', SAFE, 32),
  ...row('shltm_', SAFE, 32, 48),
  ...row('NF-', ALNUM, 32),
  ...row('prospect-access-', ALNUM, 32),
  ...row('tkn.v1_', BASE64, 60, 100),
  ...row('r8_', ALNUM, 37),
  ...row('tvly-', SAFE, 32, 64),
  ...row('nvapi-', SAFE, 60, 70),
  ...row('sbp_ sb_secret_', SAFE, 31, 48),
  ...row('vcp_ vck_ vci_', ALNUM, 24, 64),
  ...row('e2b_', HEX, 40),
  ...row('lsv2_pt_ lsv2_sk_', 'a-f0-9_', 40, 48),
  ...row('pcsk_', `${ALNUM}_`, 60, 80),
  ...row('csk-', 'a-z0-9', 48),
  ...row('fw_', ALNUM, 22, 32),
  ...row('BSA', SAFE, 28),
  ...row('fc-', HEX, 32),
  ...row('access_token$production$ access_token$sandbox$', 'a-z0-9$', 40, 64),
];
