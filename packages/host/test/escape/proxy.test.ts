import { proxy } from './attempts/proxy.ts';
import { familyTest } from './family-test.ts';

familyTest(proxy);
