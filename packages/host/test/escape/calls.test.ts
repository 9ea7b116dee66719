import { calls } from './attempts/calls.ts';
import { familyTest } from './family-test.ts';

familyTest(calls);
