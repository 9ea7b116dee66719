import { protocol } from './attempts/protocol.ts';
import { familyTest } from './family-test.ts';

familyTest(protocol);
