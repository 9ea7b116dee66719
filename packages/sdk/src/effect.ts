/** The classes of effect that an action declares in its manifest (WRK-1). */
export const EFFECT_CLASSES = [
  'none',
  'read',
  'write',
  'delete',
  'publish',
  'send',
  'spend',
  'device',
  'elevated',
] as const;

export type EffectClass = (typeof EFFECT_CLASSES)[number];

/** One thing that an action did, or in a plan would do. Paths are relative to the workspace, with `/`. */
export type Effect =
  | {
      readonly kind: 'file';
      readonly change: 'created' | 'modified' | 'deleted';
      readonly path: string;
      /** Unified diff; absent for binary files and for deletions of whole groups. */
      readonly diff?: string;
      readonly bytes?: number;
      /** Files behind the path, when it is a folder. */
      readonly files?: number;
      /** What the file belongs to, for example the group `python bytecode` of the cleaner. */
      readonly group?: string;
    }
  | { readonly kind: 'command'; readonly command: string; readonly purpose: string }
  | {
      readonly kind: 'commit';
      readonly branch: string;
      readonly message: string;
      readonly paths: readonly string[];
      /** Hash of the commit; absent in a plan. */
      readonly commit?: string;
    }
  | { readonly kind: 'network'; readonly host: string; readonly purpose: string }
  | {
      readonly kind: 'archive';
      readonly path: string;
      readonly files: number;
      readonly bytes: number;
    };
