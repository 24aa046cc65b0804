import { defineConfig } from 'vitest/config';

// A limit is to find a test that hangs, not a computer that is slow or has much else to do: the whole of the lessons,
// read and judged in one test, takes more than Vitest's 5 s there.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 60_000 } });
