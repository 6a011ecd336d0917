// A map that forgets what was used least of late, so that what hostile traffic makes us remember stays bounded.
// It must not know what it holds.

/** A bounded map. */
export interface Lru<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

/** An empty map that holds `most` entries. */
export function createLru<V>(most: number): Lru<V> {
  // The one used last is last.
  const map = new Map<string, V>();
  return {
    get(key) {
      const value = map.get(key);
      if (value === undefined) return undefined;
      map.delete(key);
      map.set(key, value);
      return value;
    },
    set(key, value) {
      map.delete(key);
      map.set(key, value);
      for (const oldest of map.keys()) {
        if (map.size <= most) break;
        map.delete(oldest);
      }
    },
  };
}
