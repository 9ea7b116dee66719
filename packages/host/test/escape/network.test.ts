import { network } from './attempts/network.ts';
import { familyTest } from './family-test.ts';

familyTest(network);
