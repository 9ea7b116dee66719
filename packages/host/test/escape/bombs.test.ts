import { bombs } from './attempts/bombs.ts';
import { familyTest } from './family-test.ts';

familyTest(bombs);
