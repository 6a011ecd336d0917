// The bin. Looks at the Node it runs on before anything else is even read.
// Must not import more than that look: an old Node fails in ways that say nothing.
import './baseline.ts';

await import('./main.ts');
