import { describe, expect, it } from 'vitest';
import { forgetCompileCache, withCompileCache } from '../../../cmd/compile-cache.ts';

describe('the compile cache', () => {
  it('is taken out of the environment when the launcher put it there', () => {
    const environment = { NODE_COMPILE_CACHE: '/x', SALLYPORT_COMPILE_CACHE: '1', PATH: '/bin' };
    forgetCompileCache(environment);
    expect(environment).toEqual({ PATH: '/bin' });
  });

  it('stays when it is the user’s own', () => {
    const environment = { NODE_COMPILE_CACHE: '/x' };
    forgetCompileCache(environment);
    expect(environment).toEqual({ NODE_COMPILE_CACHE: '/x' });
    expect(withCompileCache(environment)).toEqual(environment);
  });

  it('is given to a daemon, which takes it out again', () => {
    const given = withCompileCache({ PATH: '/bin' });
    expect(given.NODE_COMPILE_CACHE).toMatch(/node_modules.\.cache.sallyport$/);
    forgetCompileCache(given);
    expect(given).toEqual({ PATH: '/bin' });
  });
});
