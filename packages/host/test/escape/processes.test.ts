import { processes } from './attempts/processes.ts';
import { familyTest } from './family-test.ts';

familyTest(processes);
