/**
 * What long work says while it goes on. Renderers (terminal, plain lines, JSON) turn events into
 * something to look at; the work itself never prints.
 */
export type WorkEvent =
  | {
      readonly type: 'step-started';
      readonly step: string;
      readonly title: string;
      readonly estimateSeconds?: number;
    }
  | {
      readonly type: 'step-progress';
      readonly step: string;
      readonly text: string;
      readonly fraction?: number;
    }
  | {
      readonly type: 'step-done';
      readonly step: string;
      readonly seconds: number;
      readonly text?: string;
    }
  | { readonly type: 'step-failed'; readonly step: string; readonly text: string }
  | { readonly type: 'note'; readonly text: string };

export type Emit = (event: WorkEvent) => void;
