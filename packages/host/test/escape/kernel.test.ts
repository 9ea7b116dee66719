import { kernel } from './attempts/kernel.ts';
import { familyTest } from './family-test.ts';

familyTest(kernel);
