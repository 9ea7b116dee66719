import type { Subject } from '../subject.ts';

/** Who calls whom, the action of the step first; of a call that no action made, that call alone. */
export function chainOf(subject: Subject): readonly Subject[] {
  return subject.caller === undefined ? [subject] : [...chainOf(subject.caller), subject];
}

/** `greeter/greet` */
export function nameOfAction({ worker, action }: Subject): string {
  return `${worker.manifest.id}/${action.name}`;
}

/** `greeter/greet@0.2.0`, from real values: a version is part of who it is. */
export function namesIn(chain: readonly Subject[]): readonly string[] {
  return chain.map((one) => `${nameOfAction(one)}@${one.worker.manifest.version}`);
}

/** What a record says of a call besides: by whom it was made, where that was an action. */
export function callersOf({ caller }: Subject): { readonly calledBy?: readonly string[] } {
  return caller === undefined ? {} : { calledBy: namesIn(chainOf(caller)) };
}
