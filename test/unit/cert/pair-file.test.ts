// The two files of the CA: what a kill between two writes leaves behind, loose modes, and pairs that do not match.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { chmod, copyFile, mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCertAuthority } from '../../../src/cert/authority.ts';
import { CertFault } from '../../../src/cert/cert-fault.ts';
import { createPair, readPair, replaceCertificates, replacePair } from '../../../src/cert/pair-file.ts';

let folder: string;
let home: string;
let other: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-pair-'));
  home = join(folder, 'home');
  other = join(folder, 'other');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const openAt = (at: string, hosts = ['api.example.test']) => openCertAuthority({ home: at, hosts, now: Date.now });
const key = (at: string) => join(at, 'ca.key');
const pem = (at: string) => join(at, 'ca.pem');

/** The name under which the certificates of that key wait for their place. */
async function nextName(at: string): Promise<string> {
  const spki = createPublicKey(await readFile(key(at), 'utf8')).export({ type: 'spki', format: 'der' });
  return `ca-${createHash('sha256').update(spki).digest('hex').slice(0, 16)}.pem.next`;
}

describe('a kill in mid-write', () => {
  it('before the first key: nothing was made, a new CA is', async () => {
    await openAt(other);
    await mkdir(home, { mode: 0o700 });
    await copyFile(pem(other), join(home, await nextName(other)));
    await copyFile(key(other), join(home, 'ca.key.0123456789ab.tmp'));
    const ca = await openAt(home);
    expect(await readFile(pem(home), 'utf8')).toBe(ca.pem);
    await openAt(home);
    expect((await readdir(home)).sort()).toEqual(['ca.key', 'ca.pem']);
  });

  it('between the first key and its certificate: that CA is completed', async () => {
    const made = await openAt(home);
    await rename(pem(home), join(home, await nextName(home)));
    const ca = await openAt(home);
    expect(ca.fingerprint256).toBe(made.fingerprint256);
    expect((await readdir(home)).sort()).toEqual(['ca.key', 'ca.pem']);
  });

  it('before the new key of a changed list: the old CA stands and nothing is left over', async () => {
    const made = await openAt(home);
    await openAt(other);
    await copyFile(pem(other), join(home, await nextName(other)));
    await copyFile(key(other), join(home, 'ca.key.0123456789ab.tmp'));
    await writeFile(join(home, 'ca.pem.0123456789ab.tmp'), 'half');
    await writeFile(join(home, 'sallyport.yaml'), 'kept');
    expect((await openAt(home)).fingerprint256).toBe(made.fingerprint256);
    expect((await readdir(home)).sort()).toEqual(['ca.key', 'ca.pem', 'sallyport.yaml']);
  });

  it('between the new key of a changed list and its certificate: the new CA is completed', async () => {
    await openAt(home);
    const made = await openAt(other);
    await copyFile(pem(other), join(home, await nextName(other)));
    await rm(key(home));
    await copyFile(key(other), key(home));
    await chmod(key(home), 0o600);
    expect((await openAt(home)).fingerprint256).toBe(made.fingerprint256);
    expect((await readdir(home)).sort()).toEqual(['ca.key', 'ca.pem']);
  });

  // 102 of the checklist: for real, at moments nobody chose.
  it('by SIGKILL leaves a pair that opens', async () => {
    const program = `
      import { openCertAuthority } from ${JSON.stringify(new URL('../../../src/cert/authority.ts', import.meta.url).href)};
      for (let i = 0; ; i++) {
        await openCertAuthority({ home: process.argv[1], hosts: [i % 2 ? 'a.test' : 'b.test'], now: Date.now });
        process.stdout.write('.');
      }`;
    let made = 0;
    for (let round = 0; round < 5; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, home], { stdio: ['ignore', 'pipe', 'inherit'] });
      const gone = new Promise((done) => child.once('close', done));
      const enough = 3 + round * 2;
      let seen = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        seen += chunk.length;
        if (seen >= enough) child.kill('SIGKILL');
      });
      await gone;
      made += seen;
      const pair = await readPair(home);
      expect(pair).toBeDefined();
      const ca = await openAt(home, ['a.test']);
      expect(ca.covers({ host: 'a.test', port: 443, kind: 'name' } as never)).toBe(true);
      expect((await readdir(home)).sort()).toEqual(['ca.key', 'ca.pem']);
    }
    expect(made).toBeGreaterThan(20);
  }, 60_000);
});

describe('a pair that is not one', () => {
  it('is refused and left as it is when the certificate is of another key', async () => {
    await openAt(home);
    await openAt(other);
    await copyFile(pem(other), pem(home));
    const before = [await readFile(key(home), 'utf8'), await readFile(pem(home), 'utf8')];
    await expect(openAt(home)).rejects.toThrow(
      `${key(home)} and ${pem(home)} do not belong together: restore both from one backup, or remove both`,
    );
    await expect(openAt(home)).rejects.toBeInstanceOf(CertFault);
    expect([await readFile(key(home), 'utf8'), await readFile(pem(home), 'utf8')]).toEqual(before);
  });

  it('is refused when a waiting certificate is not of the key either', async () => {
    await openAt(home);
    await openAt(other);
    await copyFile(pem(other), pem(home));
    await copyFile(pem(other), join(home, await nextName(home)));
    await expect(openAt(home)).rejects.toThrow('do not belong together');
  });

  it.each([
    ['ca.key', /ca\.key is missing beside .*ca\.pem: put it back, or remove .*ca\.pem to have a new CA made\.$/],
    ['ca.pem', /ca\.pem is missing beside .*ca\.key: restore both from one backup, or remove both to have a new CA made\.$/],
  ])('is refused when %s is missing', async (file, message) => {
    await openAt(home);
    await rm(join(home, file));
    await expect(openAt(home)).rejects.toThrow(message);
    expect(await readdir(home)).toHaveLength(1);
  });

  it.each([
    ['ca.key', 'no key', /ca\.key does not hold a private key/],
    ['ca.pem', 'no certificate', /do not belong together/],
    ['ca.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', /do not belong together/],
  ])('is refused when %s holds «%s»', async (file, text, message) => {
    await openAt(home);
    await writeFile(join(home, file), text);
    await expect(openAt(home)).rejects.toThrow(message);
  });

  it('is refused when a file cannot be read', async () => {
    await openAt(home);
    await rm(key(home));
    await mkdir(key(home), { mode: 0o700 });
    await expect(openAt(home)).rejects.toThrow(/ca\.key cannot be read \(EISDIR\)\.$/);
  });

  it('is refused when the home is no folder, or cannot be made', async () => {
    await writeFile(home, '');
    await expect(openAt(join(home, 'deeper'))).rejects.toThrow(/deeper cannot be read \(ENOTDIR\)\.$/);
    const fault = await openAt(home).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(CertFault);
  });
});

describe('modes', () => {
  it.each([
    ['ca.key', 0o640, /ca\.key has mode 640, which lets other users in: type chmod 600 .*ca\.key and start again\.$/],
    ['ca.key', 0o604, /ca\.key has mode 604/],
    ['ca.pem', 0o664, /ca\.pem has mode 664.*chmod 644 /],
    ['ca.pem', 0o646, /ca\.pem has mode 646/],
    ['', 0o770, /home has mode 770, .*type chmod 700 .*home and start again\.$/],
    ['', 0o707, /home has mode 707/],
  ])('of %s: %o is refused', async (file, bits, message) => {
    await openAt(home);
    await chmod(join(home, file), bits);
    await expect(openAt(home)).rejects.toThrow(message);
    await expect(openAt(home)).rejects.toBeInstanceOf(CertFault);
  });

  it('the command to type works for a folder with blanks and quotes', async () => {
    const odd = join(folder, "it's my home");
    await openAt(odd);
    await chmod(key(odd), 0o644);
    await expect(openAt(odd)).rejects.toThrow(`type chmod 600 '${folder}/it'\\''s my home/ca.key' and start again.`);
  });

  it('a folder that others may list is borne, the key has its own mode', async () => {
    await mkdir(home, { mode: 0o755 });
    const ca = await openAt(home);
    expect((await openAt(home)).fingerprint256).toBe(ca.fingerprint256);
  });
});

// Eight commands that met at a fresh home: one looked for the key before another had made it, found the certificate a moment later, and
// told the user to remove that. In the same way a CA that is replaced between the two looks did not belong together.
// The certificate is a pipe here: reading stops at it, behind the look for the key, until the test writes into it.
describe('a pair that another process writes while it is read', () => {
  async function readAcross(): Promise<string> {
    await openAt(other);
    await rm(pem(home), { force: true });
    execFileSync('mkfifo', ['-m', '644', pem(home)]);
    const reading = readPair(home);
    const pipe = await open(pem(home), 'w');
    const text = await readFile(pem(other), 'utf8');
    await rename(key(other), key(home));
    await rename(pem(other), pem(home));
    await pipe.writeFile(text);
    await pipe.close();
    return (await reading)!.certPems.join('');
  }

  it('for the first time', async () => {
    await mkdir(home, { mode: 0o700 });
    expect(await readAcross()).toBe(await readFile(pem(home), 'utf8'));
  });

  it('in place of another', async () => {
    await openAt(home);
    expect(await readAcross()).toBe(await readFile(pem(home), 'utf8'));
  });

  it('with its last step between the looks for the certificate and for the one that waits', async () => {
    const ca = await openAt(home);
    const waiting = join(home, await nextName(home));
    await rename(pem(home), pem(folder));
    execFileSync('mkfifo', ['-m', '644', waiting]);
    const reading = readPair(home);
    const pipe = await open(waiting, 'w');
    await rename(pem(folder), pem(home));
    await rm(waiting);
    await pipe.close();
    expect((await reading)!.certPems.join('')).toBe(ca.pem);
  });
});

describe('writing', () => {
  it('of a first pair gives way to one that is there', async () => {
    const ca = await openAt(home);
    await openAt(other);
    expect(await createPair(home, (await readPair(other))!)).toBe(false);
    expect((await openAt(home)).fingerprint256).toBe(ca.fingerprint256);
    expect((await readdir(home)).sort()).toEqual(['ca.key', 'ca.pem']);
  });

  it('says which file it could not put in place', async () => {
    await openAt(other);
    await mkdir(join(home, 'ca.pem', 'in-the-way'), { recursive: true });
    await chmod(home, 0o700);
    await expect(createPair(home, (await readPair(other))!)).rejects.toThrow(/^The CA in .*home cannot be written \(E[A-Z]+\)\.$/);
  });

  // A command that read the old pair took the certificates of the new one, which wait until the key is in place, for a leftover of a
  // killed writer: the key was new then, ca.pem was old, and nothing would open the CA any more.
  it('of a new pair survives a reader that clears away what waits', async () => {
    await openAt(home);
    const made = await openAt(other);
    let done = false;
    const clearing = (async () => {
      while (!done) for (const name of await readdir(home)) if (name.endsWith('.next')) await rm(join(home, name), { force: true });
    })();
    await replacePair(home, (await readPair(other))!);
    done = true;
    await clearing;
    expect((await openAt(home)).fingerprint256).toBe(made.fingerprint256);
  });

  it('of certificates needs the key they belong to', async () => {
    const ca = await openAt(home);
    await openAt(other);
    await expect(replaceCertificates(home, (await readPair(other))!)).rejects.toThrow('was replaced in the meantime');
    expect(new X509Certificate(await readFile(pem(home))).fingerprint256).toBe(ca.fingerprint256);
  });
});
