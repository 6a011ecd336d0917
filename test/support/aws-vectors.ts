// Requests of the published AWS Signature Version 4 test suite, with the signature each has to have. All are signed on 30 August 2015 for
// the service `service` in us-east-1.

/** The pair that the suite signs with. */
export const SUITE_KEY = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

/** One request of the suite; `fields` besides Host and X-Amz-Date. */
export interface Vector {
  readonly name: string;
  readonly method: string;
  readonly target: string;
  readonly fields: readonly string[];
  readonly signed: string;
  readonly body: string;
  readonly signature: string;
}

const get = { method: 'GET', target: '/', fields: [], signed: 'host;x-amz-date', body: '' };
const post = { ...get, method: 'POST' };

/** The vectors. */
export const VECTORS: readonly Vector[] = [
  { ...get, name: 'get-vanilla', signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31' },
  {
    ...get,
    name: 'get-vanilla-query-order-key-case',
    target: '/?Param2=value2&Param1=value1',
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    ...get,
    name: 'get-vanilla-empty-query-key',
    target: '/?Param1=value1',
    signature: 'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  },
  { ...post, name: 'post-vanilla', signature: '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b' },
  {
    ...post,
    name: 'post-vanilla-query',
    target: '/?Param1=value1',
    signature: '28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11',
  },
  {
    ...post,
    name: 'post-x-www-form-urlencoded',
    fields: ['Content-Type', 'application/x-www-form-urlencoded'],
    signed: 'content-type;host;x-amz-date',
    body: 'Param1=value1',
    signature: 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  },
  {
    ...get,
    name: 'get-header-value-trim',
    fields: ['My-Header1', ' value1', 'My-Header2', ' "a   b   c"'],
    signed: 'host;my-header1;my-header2;x-amz-date',
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
  {
    ...get,
    name: 'get-header-key-duplicate',
    fields: ['My-Header1', 'value2', 'My-Header1', 'value2', 'My-Header1', 'value1'],
    signed: 'host;my-header1;x-amz-date',
    signature: 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea',
  },
  {
    ...get,
    name: 'get-relative-relative',
    target: '/example1/example2/../..',
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    ...get,
    name: 'get-slashes',
    target: '//example//',
    signature: '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  },
  {
    ...get,
    name: 'get-space',
    target: '/example space/',
    signature: '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
  },
];
